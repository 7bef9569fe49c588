"""Peak memory of this process and its device, from one reset to the next."""

import contextlib
from pathlib import Path
from typing import Any

import torch

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")  # see proc(5)


def reset(spec: dict[str, Any]) -> None:
    """Start measuring: what was used before does not count, what is still in use does."""
    with contextlib.suppress(OSError):  # a kernel without it: the peak is the whole process's
        CLEAR_REFS.write_text("5", encoding="ascii")
    if spec["device"].startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(spec["device"])


def peak(spec: dict[str, Any]) -> dict[str, int]:
    """Bytes resident in RAM, and bytes that torch allocated on spec["device"] (0 on a CPU)."""
    on_device = 0
    if spec["device"].startswith("cuda"):
        on_device = torch.cuda.max_memory_allocated(spec["device"])
    return {"host_bytes": _resident(), "device_bytes": on_device}


def _resident() -> int:
    try:
        lines = STATUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields["VmHWM"].split()[0]) * 1024
