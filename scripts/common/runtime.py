"""Setting up torch and the libraries for one stage, and running a stage alone."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import host
from common import devices
from common.errors import Cancelled, StageError

# fp64 is for tests, which show in it that two ways to compute are equal; no experiment file has it.
PRECISIONS = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "fp64": torch.float64,
}


def prepare(device: str, threads: int) -> torch.device:
    """Set torch's thread count (0 leaves it as it is) and resolve the device's name."""
    if threads > 0:
        torch.set_num_threads(threads)
    return devices.resolve(device)


def dtype_of(precision: str) -> torch.dtype:
    """The torch type of a precision."""
    if precision not in PRECISIONS:
        raise StageError(f"precision {precision!r} is unknown; use {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Mixed precision for a forward pass; with a whole one it does nothing."""
    half = precision in ("bf16", "fp16")
    return torch.autocast(device.type, dtype_of(precision) if half else None, enabled=half)


def whole(dtype: torch.dtype) -> torch.dtype:
    """The type of what is not computed in half precision beside a model of `dtype`."""
    return torch.promote_types(dtype, torch.float32)


def to_device(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Copy a CPU tensor to a device without waiting for what the device is still at."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()  # from other memory the copy may wait
    return tensor.to(device, non_blocking=True)


def indices(*columns: list[int], device: torch.device) -> tuple[torch.Tensor, ...]:
    """Columns of indices for tensors on a device, which lists would be copied to while the host
    waits."""
    return tuple(to_device(torch.tensor(columns, dtype=torch.int64), device))


def stop_if_cancelled() -> None:
    """Raise Cancelled when the host asks for it; stages call this at every step and batch."""
    if host.cancelled():
        raise Cancelled("cancelled by the host")


def run_alone(run: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Run a stage on the JSON spec named on the command line; the result goes to stdout."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} SPEC.json")
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if "out" in spec:
        Path(spec["out"]).mkdir(parents=True, exist_ok=True)
    try:
        result = run(spec)
    except StageError as error:
        sys.exit(f"error: {error}")
    print(json.dumps(result, indent=2))
