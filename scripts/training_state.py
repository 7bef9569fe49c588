"""What a LoRA training leaves besides its weights, and how a later one continues from it."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

import safetensors_file
from errors import StageError

OPTIMIZER_FILE = "optimizer.safetensors"
LOSSES_FILE = "losses.csv"
SUMMARY_FILE = "training.json"


@dataclass(frozen=True)
class LossRow:
    """Losses of one step, counted from 1; `prior` is None without class images."""

    step: int
    loss: float
    instance: float
    prior: float | None


def save_optimizer(
    folder: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Write the float32 weights, AdamW's moments and step counts, and the fp16 loss scale."""
    tensors = {}
    for name, parameter in parameters.items():
        tensors[f"weight/{name}"] = parameter
        for key, value in optimizer.state[parameter].items():
            tensors[f"{key}/{name}"] = value
    for key, value in scaler.state_dict().items():
        tensors[f"scaler/{key}"] = torch.tensor(value, dtype=torch.float64)
    safetensors_file.write(tensors, folder / OPTIMIZER_FILE, {"format": "pt"})


def load_optimizer(
    folder: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Put weights, moments and loss scale back as `save_optimizer` found them."""
    file = folder / OPTIMIZER_FILE
    try:
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise StageError(
            f"{file} cannot be read ({error}); remove this artifact to train it again"
        ) from error
    for name, parameter in parameters.items():
        parameter.data.copy_(tensors.pop(f"weight/{name}"))
    scale = {k: v.item() for k, v in tensors.items() if k.startswith("scaler/")}
    if scale:
        scaler.load_state_dict(_scaler_state(scale))
    state = {}
    for index, name in enumerate(parameters):
        state[index] = {key: tensors[f"{key}/{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _scaler_state(saved: dict[str, float]) -> dict[str, Any]:
    state = {key.removeprefix("scaler/"): value for key, value in saved.items()}
    for count in ("growth_interval", "_growth_tracker"):
        state[count] = int(state[count])
    return state


def write_losses(folder: Path, rows: list[LossRow]) -> None:
    """One line a step from the first, those of a continued artifact included."""
    with open(folder / LOSSES_FILE, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", "loss", "instance_loss", "prior_loss"])
        for row in rows:
            prior = "" if row.prior is None else repr(row.prior)
            writer.writerow([row.step, repr(row.loss), repr(row.instance), prior])


def read_losses(folder: Path) -> list[LossRow]:
    """The rows that `write_losses` wrote, equal to the bit."""
    with open(folder / LOSSES_FILE, newline="", encoding="utf-8") as file:
        return [
            LossRow(
                step=int(line["step"]),
                loss=float(line["loss"]),
                instance=float(line["instance_loss"]),
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
