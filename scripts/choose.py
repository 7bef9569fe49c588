"""Stage choose: of several candidates for each image, the one that a rule keeps.

Candidates are artifacts of generate, made alike but for their seeds. A rule sees an image, the
photo that it is made from, its mask and training photos; never a tested photo or a classifier's
accuracy. Every image is chosen for itself. What generate remarks on (blank, off part, …) is kept
only for want of another, and so is what lies outside the rule's bounds; both are counted.
Alone: python scripts/choose.py spec.json
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import host
from classifier import encoder
from classifier.encoder import Encoding
from common import images, masks, memory, runtime, structure
from common.errors import StageError
from common.framing import Rendered
from common.specs import read_spec
from generation import chosen, window
from generation.chosen import Candidate

READ_AT_ONCE = 64  # images, between two words to the host
MOST_CHANGE = 0.95  # nothing of a photo is left in what differs more; docs/results.md says why


@dataclass(frozen=True)
class Picture:
    """An image to choose: its file name, which is that of its candidates, and its photo."""

    name: str
    source: str


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of choose's spec.

    `candidates` are folders of artifacts; images' own first ones are those of the first. For the
    rule nearest, `model` to `calibration` are those of classifier.encoder.Encoding, `photos` are
    training photos of the class, and `others` good ones, or for images of good parts defects.
    """

    out: str
    device: str
    by: str
    candidates: list[str]
    images: list[Picture]
    model: str = ""
    weights: str = ""
    resolution: int = 0
    calibration: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    parts: int = 1
    threads: int = 0


@dataclass(frozen=True)
class Rule:
    """Scores images of an artifact's folder, and says which scores are wanted."""

    scores: Callable[[Path, list[Picture]], list[float]]
    low: float
    high: float
    largest: bool  # of the scores within the bounds; otherwise the smallest

    def outside(self, score: float) -> float:
        """How far a score lies outside the bounds; 0 within."""
        return max(self.low - score, score - self.high, 0.0)

    def place(self, candidate: Candidate) -> tuple:
        """Sorts an image's candidates, the one to keep first; of equals, the earlier is."""
        score = candidate.score
        return candidate.flawed, self.outside(score), -score if self.largest else score


def change(spec: Spec, _: torch.device) -> Rule:
    """How much of the photo's structure is lost inside the mask, or in the whole image; the more
    the better, up to MOST_CHANGE. As DefectFill chooses (Song et al., CVPR 2025), but by SSIM
    instead of LPIPS, which needs a network of its own."""

    def score(folder: Path, picture: Picture) -> float:
        image = images.read_whole(str(folder / "images" / picture.name))
        mask_file = folder / "masks" / picture.name
        if mask_file.is_file():
            photo = images.read_whole(picture.source, spec.rendering)
            mask = masks.union([str(mask_file)])
        else:
            square = images.read_image(picture.source, len(image), spec.rendering)
            photo, mask = square.permute(1, 2, 0).numpy(), np.ones(image.shape[:2], bool)
        around = window.around(mask, 0, 0)
        return structure.dissimilarity(*map(around.cut, (photo, image, mask)))

    def scores(folder: Path, pictures: list[Picture]) -> list[float]:
        return [score(folder, picture) for picture in pictures]

    return Rule(scores, 0.0, MOST_CHANGE, largest=True)


def nearest(spec: Spec, device: torch.device) -> Rule:
    """How far an image is from the nearest training photo of its class, in features; the less the
    better, but not less than two of these photos are apart, as a copy is, and not more than half of
    the other photos are away."""
    if not spec.photos or not spec.others:
        raise StageError("the rule nearest needs photos of the class, and others")
    memory.make_room(device)  # a base model that is still loaded is of no use here
    encoding = Encoding(spec.model, spec.weights, spec.resolution, spec.calibration)
    features_of = encoder.load(encoding, device, spec.rendering, spec.parts)

    def to_photos(features: torch.Tensor) -> torch.Tensor:
        return torch.cdist(features, photos, compute_mode="donot_use_mm_for_euclid_dist")

    photos, others = (features_of(paths, False) for paths in (spec.photos, spec.others))
    own = to_photos(photos).fill_diagonal_(torch.inf)
    low = float(own.min()) if len(photos) > 1 else 0.0
    high = max(low, float(to_photos(others).min(1).values.median()))

    def scores(folder: Path, pictures: list[Picture]) -> list[float]:
        features = features_of([str(folder / "images" / p.name) for p in pictures], False)
        for picture, finite in zip(pictures, features.isfinite().all(1).tolist(), strict=True):
            if not finite:
                raise StageError(f"the features of image {picture.name} are not finite numbers")
        return to_photos(features).min(1).values.tolist()

    return Rule(scores, low, high, largest=False)


RULES = {"change": change, "nearest": nearest}


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Write images, their masks and images.csv, as generate does, with the columns candidate and
    score; and of what is thrown away thrown.csv, and the first images in thrown.

    Returns how many images there are, how many candidates are thrown_away, and how many images are
    outside_bounds, or flawed, for want of another.
    """
    spec = read_spec(Spec, spec)
    if spec.by not in RULES:
        raise StageError(f"rule {spec.by!r} is unknown; use {', '.join(RULES)}")
    rule = RULES[spec.by](spec, runtime.prepare(spec.device, spec.threads))
    per_image: list[list[Candidate]] = [[] for _ in spec.images]
    total = len(spec.candidates) * len(spec.images)
    for number, folder in enumerate(map(Path, spec.candidates), 1):
        rows = chosen.rows_of(folder)
        for first in range(0, len(spec.images), READ_AT_ONCE):
            runtime.stop_if_cancelled()
            batch = spec.images[first : first + READ_AT_ONCE]
            scored = zip(batch, rule.scores(folder, batch), strict=True)
            for place, (picture, score) in enumerate(scored, first):
                per_image[place].append(Candidate(number, folder, rows[picture.name], score))
            host.progress((number - 1) * len(spec.images) + first + len(batch), total, {})
    ranked = [sorted(candidates, key=rule.place) for candidates in per_image]
    kept, thrown = [first for first, *_ in ranked], []
    for _, *others in ranked:
        thrown += sorted(others, key=lambda candidate: candidate.number)
    chosen.write(Path(spec.out), kept, thrown)
    return {
        "images": len(kept),
        "thrown_away": len(thrown),
        "outside_bounds": sum(rule.outside(candidate.score) > 0 for candidate in kept),
        "flawed": sum(candidate.flawed for candidate in kept),
    }


if __name__ == "__main__":
    runtime.run_alone(run)
