"""What a LoRA training leaves besides its weights, and how a later one continues from it."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from common import safetensors_file
from common.errors import StageError

OPTIMIZER_FILE = "optimizer.safetensors"
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


def save_optimizer(
    folder: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Write the float32 weights, the optimizer's state and numbers, and the fp16 loss scale."""
    tensors = {}
    for name, parameter in parameters.items():
        tensors[f"weight/{name}"] = parameter
        for key, value in optimizer.state[parameter].items():
            tensors[f"state/{key}/{name}"] = _as_tensor(value)
    for index, group in enumerate(optimizer.param_groups):
        for key, value in _numbers_of(group).items():
            tensors[f"group/{index}/{key}"] = _as_tensor(value)
    for key, value in scaler.state_dict().items():
        tensors[f"scaler/{key}"] = torch.tensor(value, dtype=torch.float64)
    safetensors_file.write(tensors, folder / OPTIMIZER_FILE, {"format": "pt"})


def load_optimizer(
    folder: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Put weights, state, numbers and loss scale back as `save_optimizer` found them."""
    file = folder / OPTIMIZER_FILE
    try:
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise StageError(
            f"{file} cannot be read ({error}); remove this artifact to train it again"
        ) from error
    scale = {k: v.item() for k, v in tensors.items() if k.startswith("scaler/")}
    if scale:
        scaler.load_state_dict(_scaler_state(scale))
    state = {index: {} for index in range(len(parameters))}
    places = {name: index for index, name in enumerate(parameters)}
    loaded = optimizer.state_dict()
    for key, value in tensors.items():
        kind, _, rest = key.partition("/")
        middle, _, name = rest.partition("/")
        if kind == "weight":
            parameters[rest].data.copy_(value)
        elif kind == "state":
            state[places[name]][middle] = _as_value(value)
        elif kind == "group":
            loaded["param_groups"][int(middle)][name] = _as_value(value)
    optimizer.load_state_dict({**loaded, "state": state})


def _numbers_of(group: dict[str, Any]) -> dict[str, Any]:
    """What an optimizer keeps of a group of parameters, such as Prodigy's estimate of a distance.

    The learning rate is the schedule's, and what is no number is the optimizer's own setting.
    """
    kinds = (int, float, torch.Tensor)
    return {
        key: value
        for key, value in group.items()
        if isinstance(value, kinds) and not isinstance(value, bool) and "lr" not in key
    }


# A number of Python is stored as a tensor of one dimension more than a number of torch has.
def _as_tensor(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value.clone()  # 8-bit AdamW's tensors share a table, which safetensors refuses
    return torch.tensor([value], dtype=torch.float64 if isinstance(value, float) else torch.int64)


def _as_value(tensor: torch.Tensor) -> Any:
    plain = tensor.dtype in (torch.float64, torch.int64) and tensor.shape == (1,)
    return tensor.item() if plain else tensor


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
