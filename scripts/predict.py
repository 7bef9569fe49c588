"""What a kept classifier says of photos, for `kizu predict`; no stage, since nothing is stored.

Alone: python scripts/predict.py spec.json
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from classifier import kept, tiles
from classifier import training as classifier_training
from common import framing, photos, runtime
from common.errors import StageError
from common.specs import read_spec


@dataclass(frozen=True)
class Spec:
    """Keys of the spec: the folder of a kept classifier, and files of photos."""

    device: str
    classifier: str
    photos: list[str]
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Returns `answers`, one a photo in the order given: its `probabilities` of the classes or,
    where it cannot be read, an `error`."""
    spec = read_spec(Spec, spec)
    device = runtime.prepare(spec.device, spec.threads)
    model, card = kept.loaded(spec.classifier, device)
    with ThreadPoolExecutor() as pool:  # Pillow decodes without the interpreter's lock
        read = list(pool.map(lambda path: _read(path, card), spec.photos))
    squares = [(i, square) for i, found in enumerate(read) for square in found.squares]
    answers = [{"error": found.error} for found in read]
    if squares:
        names, pixels = zip(*squares, strict=True)
        pixels = torch.stack(pixels).to(device)
        probabilities = classifier_training.predict(model, pixels, card.precision)
        for row in tiles.worst(names, probabilities):
            answers[names[row]] = {"probabilities": probabilities[row].tolist()}
    return {"answers": answers}


@dataclass(frozen=True)
class _Photo:
    """What the network sees of a photo: squares (3, R, R) uint8, or else why there are none."""

    squares: list[torch.Tensor]
    error: str = ""


def _read(path: str, card: kept.Card) -> _Photo:
    try:
        photo = photos.read_file(path, card.levels)
        return _Photo([_square(part, card) for part in _parts(photo, card.tiles)])
    except StageError as error:
        return _Photo([], str(error))
    except MemoryError:
        return _Photo([], f"image {path} does not fit into the memory")


def _parts(photo: Image.Image, side: int) -> Iterator[Image.Image]:
    """The photo, or its tiles."""
    if not side:
        yield photo
        return
    for box in tiles.boxes(photo.size, max(side, 0)):
        yield photo.crop(box)


def _square(part: Image.Image, card: kept.Card) -> torch.Tensor:
    square, _ = framing.square(part, card.resolution, card.rendering)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).contiguous()


if __name__ == "__main__":
    runtime.run_alone(run)
