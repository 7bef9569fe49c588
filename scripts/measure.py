"""Stage measure: features of images, from a network that has not seen the experiment's images.

It is the one that classifiers start from, EfficientNet-b0 with features after global average
pooling, or a pretrained vision transformer. All patterns are measured alike. Beside the features
stand small grey pictures, by which copies are told. What follows from both (distances, nearest
neighbours, KID) the host computes.
Alone: python scripts/measure.py spec.json
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import host
from classifier import encoder, vision
from classifier.encoder import Encoding
from common import images, memory, runtime, safetensors_file
from common.errors import StageError
from common.framing import Rendered, Rendering
from common.specs import read_spec

READ_AT_ONCE = 64  # images, between two words to the host
SIDE = 32  # pixels of the small grey pictures


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of measure's spec.

    `model` to `calibration` are those of classifier.encoder.Encoding. The rows of `images` are
    followed by those of the mirror images of `mirrored`.
    `parts` is into how many each batch is divided to need less memory.
    """

    out: str
    device: str
    model: str
    weights: str
    resolution: int
    calibration: list[str]
    images: list[str]
    mirrored: list[str] = field(default_factory=list)
    parts: int = 1
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Write features.safetensors and images.csv; returns how many images and features."""
    spec = read_spec(Spec, spec)
    if not spec.images + spec.mirrored:
        raise StageError("the list of images is empty")
    device = runtime.prepare(spec.device, spec.threads)
    memory.make_room(device)  # a base model that is still loaded is of no use here
    encoding = Encoding(spec.model, spec.weights, spec.resolution, spec.calibration)
    features_of = encoder.load(encoding, device, spec.rendering, spec.parts)
    total = len(spec.images) + len(spec.mirrored)
    parts, small = [], []
    for paths, mirror in ((spec.images, False), (spec.mirrored, True)):
        for first in range(0, len(paths), READ_AT_ONCE):
            runtime.stop_if_cancelled()
            batch = paths[first : first + READ_AT_ONCE]
            parts.append(features_of(batch, mirror))
            small.append(small_grey(batch, mirror, spec.rendering))
            host.progress(sum(map(len, parts)), total, {})
    features = torch.cat(parts)
    measured = spec.images + spec.mirrored
    for path, finite in zip(measured, features.isfinite().all(1).tolist(), strict=True):
        if not finite:
            raise StageError(f"the features of image {path} are not finite numbers")
    safetensors_file.write(
        {"features": features, "pixels": torch.cat(small)},
        Path(spec.out) / "features.safetensors",
        {"model": spec.model, "weights": vision.name_of(spec.weights)},
    )
    write_names(Path(spec.out) / "images.csv", spec.images, spec.mirrored)
    return {"images": len(features), "features": features.shape[1]}


def small_grey(paths: list[str], mirror: bool, rendering: Rendering) -> torch.Tensor:
    """Pixels (N, 1024) of images scaled to 32x32, each without its mean and of length 1.

    So the squared distance of two is twice one minus their correlation, whatever their brightness
    and contrast. A picture of one grey has no contrast, and is all 0.
    """
    pixels = images.read_images(paths, SIDE, rendering).float()
    grey = (pixels.flip(-1) if mirror else pixels).mean(1).flatten(1)
    grey = grey - grey.mean(1, keepdim=True)
    return grey / grey.norm(dim=1, keepdim=True).clamp(min=1.0)


def write_names(file: Path, paths: list[str], mirrored: list[str]) -> None:
    """images.csv: the file name of what each row of the features is of, and if it is mirrored."""
    rows = [(Path(path).name, 0) for path in paths] + [(Path(path).name, 1) for path in mirrored]
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["row", "name", "mirrored"])
        writer.writerows((row, *columns) for row, columns in enumerate(rows))


if __name__ == "__main__":
    runtime.run_alone(run)
