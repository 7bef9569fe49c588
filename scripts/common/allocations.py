"""How much memory tensors take while something is computed."""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary


def trace_of(compute: Callable[[], None], device: torch.device) -> list[int]:
    """Bytes of the tensors made by `compute` that are alive on `device`, after each operation."""
    with _Counting(device) as counting:
        compute()
    return counting.trace


class _Counting(TorchDispatchMode):
    """Counts tensors' memory, on a CPU as on a GPU, in backward passes too.

    Every operation passes through here; what it returns and had not been there before is new, and
    is counted until its memory is given back. Hooks on what autograd saves see neither what
    gradient checkpointing computes again nor what is alive for a moment only.
    """

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.trace: list[int] = []
        self._device = device.type
        self._now = 0
        self._known: WeakIdKeyDictionary = WeakIdKeyDictionary()

    def __torch_dispatch__(
        self, operation: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Run an operation and look at what it was given and what it returns."""
        kwargs = kwargs or {}
        for storage in _storages((args, kwargs)):
            self._known.setdefault(storage, True)
        result = operation(*args, **kwargs)
        for storage in _storages(result):
            if storage not in self._known and storage.device.type == self._device:
                self._known[storage] = True
                self._add(storage.nbytes())
                weakref.finalize(storage, self._add, -storage.nbytes())
        self.trace.append(self._now)
        return result

    def _add(self, count: int) -> None:
        self._now += count


def _storages(values: Any) -> list[torch.UntypedStorage]:
    return [v.untyped_storage() for v in tree_leaves(values) if isinstance(v, torch.Tensor)]
