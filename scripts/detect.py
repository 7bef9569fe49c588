"""Stage detect: tell defective parts by photos of good ones alone, and score test photos.

A memory of what patches of good parts look like is made of the training photos; how far a test
photo lies from it is its score. From which score on a part is sorted out is chosen by folds of the
training photos, each scored by a memory without it. No defect photo and no test photo is looked at
before the end. Alone: python scripts/detect.py spec.json
"""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import host
from classifier import tiles
from common import images, memory, runtime
from common.errors import StageError
from common.framing import Rendered
from common.specs import read_spec
from detector import patchcore, patches

METHODS = ("patchcore",)


@dataclass(frozen=True)
class Photo:
    """A photo, or a tile of one: all tiles of a photo have its name.

    class_ is an index into the spec's classes, of which 0 is the good one; fold is that which a
    training photo is held out of, from 1.
    """

    path: str
    class_: int
    name: str
    fold: int = 0


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of detect's spec. `false_alarms` is the share of held-out good photos that may be sorted
    out; `parts` is into how many each batch is divided to need less memory."""

    out: str
    device: str
    seed: int
    method: str
    model: str
    weights: str
    resolution: int
    precision: str
    coreset: float
    folds: int
    false_alarms: float
    classes: list[str]
    train: list[Photo]
    test: list[Photo]
    parts: int = 1
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Score every test photo; returns how many, the threshold, the share of held-out training
    photos that it sorts out, and how many patches are remembered of how many."""
    spec = read_spec(Spec, spec)
    check(spec)
    device = runtime.prepare(spec.device, spec.threads)
    memory.make_room(device)  # a base model that is still loaded is of no use here
    host.log(f"reading {len(spec.train)} training and {len(spec.test)} test images")
    train, test = (
        images.read_images([e.path for e in entries], spec.resolution, spec.rendering).to(device)
        for entries in (spec.train, spec.test)
    )
    held_out = out_of_fold(spec, train)
    limit = threshold(torch.tensor(list(held_out.values()), dtype=torch.float64), spec.false_alarms)
    write_scores(Path(spec.out) / "out_of_fold.csv", held_out)

    detector = Detector(spec, train)
    tested = of_photos(spec.test, detector.scores(test))
    labels = {entry.name: spec.classes[entry.class_] for entry in spec.test}
    write_scores(Path(spec.out) / "predictions.csv", tested, labels)
    sizes = {"patches": detector.patches_seen, "remembered": len(detector.remembered)}
    write_summary(Path(spec.out) / "detector.json", spec, sizes)
    host.progress(spec.folds + 1, spec.folds + 1, {})
    alarms = sum(score >= limit for score in held_out.values()) / len(held_out)
    return {"n_test": len(tested), "threshold": limit, "held_out_false_alarms": alarms} | sizes


class Detector:
    """A memory of good parts, made of pixels (N, 3, R, R) uint8."""

    def __init__(self, spec: Spec, good: torch.Tensor):
        self.parts = spec.parts
        self.eyes = patches.load(spec.model, spec.weights, spec.seed, spec.precision, good)
        seen = self.features(good).flatten(0, 1)
        self.patches_seen = len(seen)
        self.remembered = seen[patchcore.coreset(seen, spec.coreset, spec.seed)]

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """Those of patches, (N, P, D)."""
        features = self.eyes.features(pixels, self.parts)
        if not features.isfinite().all():
            raise StageError(
                f"features of {self.eyes.precision} are not finite numbers; use"
                " classifier.precision fp32 or bf16"
            )
        return features

    def scores(self, pixels: torch.Tensor) -> list[float]:
        """How unlike good parts images are, of pixels (N, 3, R, R)."""
        at_once = pixels.split(64)  # their features are held, and no more
        found = [patchcore.scores(self.remembered, self.features(part)) for part in at_once]
        return torch.cat(found).tolist()


def out_of_fold(spec: Spec, pixels: torch.Tensor) -> dict[str, float]:
    """The score of every training photo by a detector that was made without it and its fold."""
    scores: dict[str, float] = {}
    for fold in range(1, spec.folds + 1):
        held = [i for i, entry in enumerate(spec.train) if entry.fold == fold]
        rest = [i for i, entry in enumerate(spec.train) if entry.fold != fold]
        if held:
            found = Detector(spec, pixels[rest]).scores(pixels[held])
            scores |= of_photos([spec.train[i] for i in held], found)
        host.progress(fold, spec.folds + 1, {})
    return scores


def of_photos(entries: list[Photo], scores: list[float]) -> dict[str, float]:
    """The score of each photo, by name: that of its worst tile."""
    answers = tiles.worst([entry.name for entry in entries], -torch.tensor(scores)[:, None])
    return {entries[i].name: scores[i] for i in answers}


def threshold(scores: torch.Tensor, false_alarms: float) -> float:
    """The score from which on photos are to be sorted out: as low as at most the share
    `false_alarms` of the scores (N,) float64 of good photos allows, halfway to the next one."""
    ordered = scores.sort(descending=True).values
    level = ordered[math.floor(false_alarms * len(ordered) + 1e-9)]  # the highest that is to pass
    above = ordered[ordered > level]
    if len(above) == 0:
        return math.nextafter(level.item(), math.inf)
    return ((level + above[-1]) / 2).item()


def check(spec: Spec) -> None:
    """StageError for a spec that no detector can be made of."""
    if spec.method not in METHODS:
        raise StageError(f"detector {spec.method!r} is unknown; use {' or '.join(METHODS)}")
    if len({entry.fold for entry in spec.train}) < 2:
        raise StageError("a detector's threshold needs good training photos in two folds or more")
    if not all(1 <= entry.fold <= spec.folds and entry.class_ == 0 for entry in spec.train):
        raise StageError("a detector is made of good photos alone, each held out of one fold")
    if not spec.test:
        raise StageError("the list of test images is empty")


def write_scores(file: Path, scores: dict[str, float], labels: dict[str, str] | None = None):
    """One line a photo, in the order given: name, true class where labels are given, score."""
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["image", "label", "score"] if labels else ["image", "score"])
        for name, score in scores.items():
            writer.writerow([name, labels[name], repr(score)] if labels else [name, repr(score)])


def write_summary(file: Path, spec: Spec, sizes: dict[str, int]) -> None:
    """detector.json: what it is and what it was made of, without paths."""
    summary = {
        "method": spec.method,
        "model": spec.model,
        "weights": Path(spec.weights).name,
        "resolution": spec.resolution,
        "train_images": len({entry.name for entry in spec.train}),
        "seed": spec.seed,
    }
    file.write_text(json.dumps(summary | sizes, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    runtime.run_alone(run)
