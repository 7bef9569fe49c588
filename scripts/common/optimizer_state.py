"""The state of an optimizer as a file, from which a training goes on to the bit."""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from common import safetensors_file
from common.errors import StageError

OPTIMIZER_FILE = "optimizer.safetensors"


def save(
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


def load(
    folder: Path,
    parameters: dict[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
) -> None:
    """Put weights, state, numbers and loss scale back as `save` found them."""
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
            state[places[name]][middle] = _laid_out(_as_value(value), parameters[name])
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


def _laid_out(value: Any, parameter: torch.nn.Parameter) -> Any:
    """A value that belongs to a parameter element by element, in memory as that is: fused kernels
    go through both as they lie there."""
    if not isinstance(value, torch.Tensor) or value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _scaler_state(saved: dict[str, float]) -> dict[str, Any]:
    state = {key.removeprefix("scaler/"): value for key, value in saved.items()}
    for count in ("growth_interval", "_growth_tracker"):
        state[count] = int(state[count])
    return state
