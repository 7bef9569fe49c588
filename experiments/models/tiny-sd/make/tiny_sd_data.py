"""The photos that the small base model is trained on, and the captions they get.

Source: the PyPI package elpv-dataset, 2,624 electroluminescence photos of solar cells (300x300,
grey), each with a probability of being defective (0, 1/3, 2/3 or 1) and a kind (mono or poly).
experiments/quick.yaml trains and tests on cells of probability 0 and 1. The base model sees no
cell of probability 1, and a fixed part of those of probability 0; their names and hashes are
written beside the model, so that no test set is drawn from them.
"""

import csv
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import torch

import tiny_sd_flaws
from common import images, randomness

RESOLUTION = 128
FUNCTIONAL_CELLS = 1000  # the other 508 stay unseen
FUNCTIONAL, CERTAINLY_DEFECTIVE = "0.0", "1.0"


@dataclass(frozen=True)
class Cell:
    """One photo: SHA-256 of its file, kind ("mono" or "poly"), probability as labels.csv has it."""

    path: Path
    sha256: str
    kind: str
    probability: str

    @property
    def functional(self) -> bool:
        return self.probability == FUNCTIONAL


def read_cells() -> list[Cell]:
    """All cells of the installed elpv-dataset, in the order of its labels.csv."""
    spec = importlib.util.find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise SystemExit("the package elpv-dataset is not installed; run `make build`")
    data = Path(spec.origin).parent / "data"
    cells = []
    for line in (data / "labels.csv").read_text(encoding="utf-8").splitlines():
        name, probability, kind = line.split()
        path = data / name
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        cells.append(Cell(path, digest, kind, probability))
    return cells


def training_cells(cells: list[Cell]) -> list[Cell]:
    """Every cell of probability 1/3 and 2/3, and the functional cells of the lowest hashes."""
    uncertain = [c for c in cells if c.probability not in (FUNCTIONAL, CERTAINLY_DEFECTIVE)]
    functional = sorted((c for c in cells if c.functional), key=lambda c: c.sha256)
    return sorted(uncertain + functional[:FUNCTIONAL_CELLS], key=lambda c: c.path.name)


def held_out_cells(cells: list[Cell], probability: str, kind: str, count: int) -> list[Cell]:
    """The first `count` cells by hash that training never sees; for sample pictures only."""
    seen = {c.sha256 for c in training_cells(cells)}
    unseen = [c for c in cells if (c.probability, c.kind) == (probability, kind)]
    return sorted((c for c in unseen if c.sha256 not in seen), key=lambda c: c.sha256)[:count]


def read_pixels(cells: list[Cell]) -> torch.Tensor:
    """The cells as (N, 3, 128, 128) uint8, read as the stages read them."""
    return images.read_images([str(c.path) for c in cells], RESOLUTION)


def captions(cell: Cell) -> list[tuple[str, float]]:
    """Captions of a cell and how often each is drawn (the frequencies add up to 1).

    A functional cell is plainly what a class prompt says ("mono solar cell"); an uncertain one
    mostly carries a word for its state, so that the plain noun stays clean. One caption in ten
    is empty, for classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598).
    """
    noun = f"{cell.kind} solar cell"
    if cell.functional:
        return [
            (noun, 0.5),
            (f"a photo of a {noun}", 0.1),
            (f"good {noun}", 0.1),
            ("solar cell", 0.2),
            ("", 0.1),
        ]
    word = "worn" if cell.probability.startswith("0.33") else "faulty"
    return [
        (f"{word} {noun}", 0.6),
        (f"a photo of a {word} {noun}", 0.1),
        (f"{word} solar cell", 0.1),
        ("solar cell", 0.1),
        ("", 0.1),
    ]


def flawed(
    cells: list[Cell], pixels: torch.Tensor, seed: int
) -> tuple[torch.Tensor, list[list[tuple[str, float]]]]:
    """A copy of each cell with a flaw drawn in, (N, 3, R, R) uint8, and the captions of each.

    The plain noun is never among them, so that it goes on to mean a sound cell.
    """
    copies, texts = [], []
    for index, (cell, photo) in enumerate(zip(cells, pixels, strict=True)):
        generator = randomness.generator(seed, "tiny-sd/flaws", index)
        copy, kind = tiny_sd_flaws.draw(photo.float() / 255.0, generator)
        copies.append((copy * 255.0).round().to(torch.uint8))
        noun = f"{cell.kind} solar cell"
        texts.append(
            [
                (f"{kind.word} {noun}", 0.4),
                (f"{noun} with {kind.thing}", 0.3),
                (f"a photo of a {kind.word} {noun}", 0.1),
                (f"{kind.word} solar cell", 0.1),
                ("", 0.1),
            ]
        )
    return torch.stack(copies), texts


def write_list(cells: list[Cell], path: Path) -> None:
    """Write training_images.csv: name,sha256 of every photo that any part of the model saw."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "sha256"])
        writer.writerows([c.path.name, c.sha256] for c in cells)
