"""Stage measure: features of images, from a network that has not seen the experiment's images.

It is the one that classifiers start from, EfficientNet-b0 with features after global average
pooling, or a pretrained vision transformer. All patterns are measured alike. What follows from the
features (distances, nearest neighbours, KID) the host computes.
Alone: python scripts/measure.py spec.json
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

import classifier
import host
import images
import lite0
import memory
import runtime
import safetensors_file
import vision
from errors import StageError
from stage_spec import read_spec

READ_AT_ONCE = 64  # images, between two words to the host
START_SEED = 0  # of a network without weights: the same one for all images of all experiments


@dataclass(frozen=True)
class Spec:
    """Keys of measure's spec.

    `model` is a classifier's, or transformers: then `weights` is a folder or a Hugging Face id, and
    `resolution` and `calibration` play no part. `calibration` are images that batch-norm statistics
    are estimated on where the weights need it (lite0); features are comparable only if they were
    made with the same ones. `parts` is into how many each batch is divided to need less memory.
    """

    out: str
    device: str
    model: str
    weights: str
    resolution: int
    calibration: list[str]
    images: list[str]
    levels: list[int] = field(default_factory=list)  # of 16-bit photos, as photos.read takes them
    parts: int = 1
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Write features.safetensors and images.csv; returns how many images and features."""
    spec = read_spec(Spec, spec)
    if not spec.images:
        raise StageError("the list of images is empty")
    device = runtime.prepare(spec.device, spec.threads)
    memory.make_room(device)  # a base model that is still loaded is of no use here
    features_of = encoder(spec, device)
    parts = []
    for first in range(0, len(spec.images), READ_AT_ONCE):
        runtime.stop_if_cancelled()
        batch = spec.images[first : first + READ_AT_ONCE]
        parts.append(features_of(batch))
        host.progress(first + len(batch), len(spec.images), {})
    features = torch.cat(parts)
    for path, finite in zip(spec.images, features.isfinite().all(1).tolist(), strict=True):
        if not finite:
            raise StageError(f"the features of image {path} are not finite numbers")
    safetensors_file.write(
        {"features": features},
        Path(spec.out) / "features.safetensors",
        {"model": spec.model, "weights": vision.name_of(spec.weights)},
    )
    write_names(Path(spec.out) / "images.csv", spec.images)
    return {"images": len(features), "features": features.shape[1]}


def encoder(spec: Spec, device: torch.device) -> Callable[[list[str]], torch.Tensor]:
    """What gives the features (N, width) of images in files, on the CPU."""
    if spec.model == "transformers":
        network = vision.load(spec.weights, device)
        return partial(network.features, levels=spec.levels, parts=spec.parts)
    model = classifier.build(spec.model, spec.weights, classes=2, seed=START_SEED)
    model.network.to(device)
    if model.needs_batch_norm_estimate:
        calibrate(model, spec, device)
    model.network.eval()

    def features(paths: list[str]) -> torch.Tensor:
        pixels = images.read_images(paths, spec.resolution, spec.levels)
        batches = pixels.split(classifier.at_once(spec.resolution, spec.parts))
        return torch.cat([classifier.features(model, batch.to(device)).cpu() for batch in batches])

    return features


def calibrate(model: classifier.Classifier, spec: Spec, device: torch.device) -> None:
    """Estimate batch-norm statistics on the calibration images."""
    if not spec.calibration:
        raise StageError(f"weights {spec.weights} need images to calibrate on, and there are none")
    pixels = images.read_images(spec.calibration, spec.resolution, spec.levels)
    # The batches decide the statistics: memory that ran out does not divide them.
    batches = pixels.split(classifier.at_once(spec.resolution))
    lite0.estimate_batch_norm(model.network, (model.normalize(b.to(device)) for b in batches))


def write_names(file: Path, paths: list[str]) -> None:
    """images.csv: the file name of what each row of the features is of."""
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["row", "name"])
        writer.writerows((row, Path(path).name) for row, path in enumerate(paths))


if __name__ == "__main__":
    runtime.run_alone(run)
