"""Stage judge: what a kept classifier says of generated images, or of photos.

The classifier is the study's referee, which nothing of the study learnt from.
Alone: python scripts/judge.py spec.json
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import host
from classifier import kept
from classifier import training as classifier_training
from classifier.predictions import TestImage, write_predictions
from common import images, memory, runtime
from common.errors import StageError
from common.framing import Rendered
from common.specs import read_spec

READ_AT_ONCE = 64  # images, between two words to the host


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of judge's spec: the folder of the classifier, the images, and the class that they are
    called, which the table has beside the answers. `parts` is into how many each batch is divided
    to need less memory."""

    out: str
    device: str
    classifier: str
    label: str
    images: list[str]
    parts: int = 1
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Write predictions.csv, an image a line in the order given; returns how many there are and
    how many were called what they are called."""
    spec = read_spec(Spec, spec)
    if not spec.images:
        raise StageError("the list of images is empty")
    device = runtime.prepare(spec.device, spec.threads)
    memory.make_room(device)  # a base model that is still loaded is of no use here
    model, card = kept.loaded(spec.classifier, device)
    if spec.label not in card.classes:
        raise StageError(f"the classifier knows no class {spec.label!r}: {', '.join(card.classes)}")
    parts = []
    for first in range(0, len(spec.images), READ_AT_ONCE):
        batch = images.read_images(
            spec.images[first : first + READ_AT_ONCE], card.resolution, spec.rendering
        )
        parts.append(classifier_training.predict(model, batch.to(device), "fp32", spec.parts))
        host.progress(sum(map(len, parts)), len(spec.images), {})
    probabilities, label = torch.cat(parts), card.classes.index(spec.label)
    tested = [TestImage(path, label, Path(path).name) for path in spec.images]
    write_predictions(Path(spec.out) / "predictions.csv", card.classes, tested, probabilities)
    shown = (probabilities.argmax(1) == label).sum().item()
    return {"images": len(tested), "shown": shown}


if __name__ == "__main__":
    runtime.run_alone(run)
