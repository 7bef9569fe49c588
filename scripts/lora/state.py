"""What a LoRA training leaves besides its weights, and how a later one continues from it."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import StageError

LOSSES_FILE = "losses.csv"
SUMMARY_FILE = "training.json"


@dataclass(frozen=True)
class LossRow:
    """Losses of one step, counted from 1; those of a role without samples in it are None.

    loss is what is minimized; instance and prior are plain means over the role's samples.
    """

    step: int
    loss: float
    instance: float | None
    prior: float | None


def write_losses(folder: Path, rows: list[LossRow]) -> None:
    """One line a step from the first, those of a continued artifact included."""
    with open(folder / LOSSES_FILE, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", "loss", "instance_loss", "prior_loss"])
        for row in rows:
            means = ["" if mean is None else repr(mean) for mean in (row.instance, row.prior)]
            writer.writerow([row.step, repr(row.loss), *means])


def read_losses(folder: Path) -> list[LossRow]:
    """The rows that `write_losses` wrote, equal to the bit."""
    with open(folder / LOSSES_FILE, newline="", encoding="utf-8") as file:
        return [
            LossRow(
                step=int(line["step"]),
                loss=float(line["loss"]),
                instance=float(line["instance_loss"]) if line["instance_loss"] else None,
                prior=float(line["prior_loss"]) if line["prior_loss"] else None,
            )
            for line in csv.DictReader(file)
        ]


def write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Write training.json. It holds no times and no paths: equal trainings leave equal bytes."""
    text = json.dumps(summary, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / SUMMARY_FILE).write_text(text, encoding="utf-8")


def check_continues(folder: Path, recipe: dict[str, Any], steps: int) -> None:
    """StageError unless `folder` holds an artifact of this recipe with at most `steps` steps."""
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StageError(f"{folder} is no LoRA artifact to continue from ({error})") from error
    keys = sorted(set(recipe) | set(summary["recipe"]))
    other = [key for key in keys if summary["recipe"].get(key) != recipe.get(key)]
    if other:
        raise StageError(f"{folder} was trained with another {other[0]}; it cannot be continued")
    if summary["steps"] > steps:
        raise StageError(f"{folder} has {summary['steps']} steps already, more than {steps}")
