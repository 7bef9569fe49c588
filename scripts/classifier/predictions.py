"""What a classifier said of images, as a table."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class TestImage:
    """One test image, or a tile of one; the table calls it, or all of it, `name`; class_ is an
    index into the classes."""

    path: str
    class_: int
    name: str


def write_predictions(
    file: Path, classes: list[str], tested: Sequence[TestImage], probabilities: torch.Tensor
) -> None:
    """One line an image, in the order given: name, true class, predicted class, all p."""
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["image", "label", "predicted", *(f"p_{name}" for name in classes)])
        for entry, row in zip(tested, probabilities.tolist(), strict=True):
            label, predicted = classes[entry.class_], classes[row.index(max(row))]
            writer.writerow([entry.name, label, predicted, *(f"{p:.6f}" for p in row)])
