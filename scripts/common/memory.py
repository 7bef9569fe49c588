"""Memory of this process and its device: what a task needs, what is free, and what can be let go.

A worker keeps things between tasks, since the next task probably needs them; most of all the base
model. They are no part of what a task needs that does not use them.
"""

import contextlib
import ctypes
import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")  # see proc(5)
MEMORY = Path("/proc/meminfo")


@dataclass
class Kept:
    """Something kept between tasks: `size` says how many bytes it takes now and on which type of
    device, `drop` lets it go."""

    size: Callable[[], tuple[int, str]]
    drop: Callable[[], None]
    used: bool = False  # by the task at hand
    held: tuple[int, str] = (0, "cpu")  # what it took at the last restart

    def let_go(self, device: str) -> None:
        """Let it go; the task at hand is measured from here on."""
        self.drop()
        _restart(device)


_kept: list[Kept] = []
_bare: int | None = None  # resident bytes before the first task
_left: dict[str, int] = {}  # bytes by device type that earlier tasks had left at the last reset


def keep(size: Callable[[], tuple[int, str]], drop: Callable[[], None]) -> Kept:
    """Take note of something that is kept between tasks from now on."""
    kept = Kept(size, drop)
    _kept.append(kept)
    return kept


def reset(spec: dict[str, Any]) -> None:
    """Start measuring a task: what it uses is counted, what earlier tasks left is not."""
    for kept in _kept:
        kept.used = False
    _restart(spec["device"])


def make_room(device: torch.device) -> bool:
    """Let go of what the task at hand does not use, if more than half of the memory is taken.

    Loading a base model again takes seconds, so that it stays where memory is plenty. Returns
    whether anything was let go.
    """
    taken = total_bytes(device) - free_bytes(device)
    unused = [kept for kept in _kept if not kept.used and kept.size()[0]]
    if 2 * taken <= total_bytes(device) or not unused:
        return False
    for kept in unused:
        kept.let_go(str(device))
    return True


def give_back() -> None:
    """Have what was let go be free on GPUs too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def peak(spec: dict[str, Any]) -> dict[str, int]:
    """The most that the task used: bytes resident in RAM, and bytes that torch allocated on
    spec["device"] (0 on a CPU).

    What it used of what was kept, such as the base model, counts; what earlier tasks left does not.
    """
    on_device = 0
    if spec["device"].startswith("cuda"):
        on_device = torch.cuda.max_memory_allocated(spec["device"])
    used = {"cpu": 0, "cuda": 0}
    for kept in _kept:
        if kept.used:
            size, kind = kept.held
            used[kind] += size
    return {
        "host_bytes": _resident("VmHWM") - max(0, _left.get("cpu", 0) - used["cpu"]),
        "device_bytes": on_device - max(0, _left.get("cuda", 0) - used["cuda"]),
    }


def ran_out(error: BaseException) -> bool:
    """Whether an exception says that memory has run out, by its type or in a library's words."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return "can't allocate memory" in text or "Cannot allocate memory" in text


def free_bytes(device: torch.device) -> int:
    """Memory of the device that is free, what torch has in reserve included."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        reserve = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + reserve
    return _field(MEMORY, "MemAvailable")


def total_bytes(device: torch.device) -> int:
    """Memory of the device."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    return _field(MEMORY, "MemTotal")


def _restart(device: str) -> None:
    """Measure from here on, and note what is there."""
    global _bare
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        # glibc keeps what was freed in between; resident memory is then what is in use.
        ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):  # a kernel without it: the peak is the whole process's
        CLEAR_REFS.write_text("5", encoding="ascii")
    resident = _resident("VmRSS")
    _bare = resident if _bare is None else _bare
    _left["cpu"] = max(0, resident - _bare)
    _left["cuda"] = 0
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        _left["cuda"] = torch.cuda.memory_allocated(device)
    for kept in _kept:
        kept.held = kept.size()


def _resident(field: str) -> int:
    """VmHWM, the most since the last restart, or VmRSS, what is now; 0 where neither is known."""
    try:
        return _field(STATUS, field)
    except OSError:
        return 0


def _field(file: Path, name: str) -> int:
    """Bytes, from a file of lines such as "MemTotal: 16 kB"."""
    lines = file.read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields[name].split()[0]) * 1024
