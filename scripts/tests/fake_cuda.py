"""A device that calls itself cuda and computes on the CPU, for tests on machines without a GPU.

Its tensors are the CPU's, whose storages are marked: they say that they are on cuda:0, and what is
computed of them is marked as well. So results are the CPU's. As a GPU does, it refuses operations
on tensors of both devices; a CPU tensor without dimensions is a number, and indices may be on the
CPU. And it notes where the host waits for the device: where a value is read, where the size of a
result depends on values, and where memory is copied that is not pinned.

What only a GPU's own kernels do is beyond it: their rounding, their limits, their speed.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.autograd.graph import _engine_run_backward
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

SCRIPTS = Path(__file__).resolve().parents[1]
CUDA, CPU = torch.device("cuda:0"), torch.device("cpu")
MEMORY = 2**40

aten = torch.ops.aten
READS = {aten._local_scalar_dense, aten.equal, aten.is_nonzero}
SIZES = {aten.nonzero, aten.masked_select, aten._unique2, aten.unique_dim, aten.bincount}
INDEXING = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_}
MASKS = (torch.bool, torch.uint8)

TO_DEVICE, TO_HOST = "copies to the device", "copies to the host"
READ, SIZE = "reads a value", "waits for a size"


class FakeCuda:
    """The device: which storages are on it, and how often the host waited, by place and kind."""

    def __init__(self) -> None:
        self.waits: Counter[str] = Counter()
        self.call: Any = ()  # the arguments of the call at hand, or a device that it asks for

    def has(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is on the device."""
        return getattr(tensor.untyped_storage(), "there", False)

    def take(self, result: Any) -> Any:
        """Mark the tensors of a result as the device's."""
        for tensor in _tensors(result):
            tensor.untyped_storage().there = True  # torch keeps the object for the memory's life
        return result

    def makes(self) -> bool:
        """Whether what the call at hand makes of no tensor is the device's: it was asked for there,
        or is made beside tensors that are there."""
        return self.call == CUDA or any(self.has(tensor) for tensor in _tensors(self.call))

    def copied(self, source: torch.Tensor, to_device: bool, non_blocking: bool) -> None:
        """Note a copy from one device to the other."""
        if not (to_device and non_blocking and hasattr(source.untyped_storage(), "pinned")):
            self.wait(TO_DEVICE if to_device else TO_HOST)

    def wait(self, kind: str) -> None:
        """Note that the host waits, and which of our functions has it do so."""
        frame = sys._getframe()
        while frame and not _ours(frame.f_code.co_filename):
            frame = frame.f_back
        place = "tests"
        if frame:
            file = Path(frame.f_code.co_filename).relative_to(SCRIPTS)
            place = f"{file.as_posix()}:{frame.f_lineno} {frame.f_code.co_name}"
        self.waits[f"{place} {kind}"] += 1

    def methods(self) -> dict[str, Any]:
        """What stands in for attributes of torch.Tensor."""
        own = torch._C.TensorBase
        real = own.device.__get__

        def to(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            if args and isinstance(args[0], torch.Tensor):
                args = (args[0].device, args[0].dtype, *args[1:])
            if args and isinstance(args[0], str | torch.device | None):
                kwargs |= dict(zip(("device", "dtype", "non_blocking", "copy"), args, strict=False))
                args = ()
            wanted = kwargs.pop("device", None)
            there, goes = self.has(tensor), wanted and torch.device(wanted).type == "cuda"
            kwargs = {"device": CPU} | kwargs if not args else kwargs
            if wanted is None or there == goes:
                return own.to(tensor, *args, **kwargs)
            self.copied(tensor, goes, kwargs.get("non_blocking", False))
            made = own.to(tensor, *args, **kwargs)
            made = own.clone(made) if made is tensor else made
            if goes:
                return self.take(made)
            made.untyped_storage().there = False
            return made

        def numpy(tensor: torch.Tensor, *, force: bool = False) -> Any:
            if self.has(tensor) and not force:
                raise TypeError("can't convert cuda:0 device type tensor to numpy")
            if self.has(tensor):
                self.wait(TO_HOST)
            return own.numpy(tensor, force=force)

        def tolist(tensor: torch.Tensor) -> Any:
            if self.has(tensor):
                self.wait(READ)
            return own.tolist(tensor)

        def pin_memory(tensor: torch.Tensor) -> torch.Tensor:
            copy = own.clone(tensor)
            copy.untyped_storage().pinned = True
            return copy

        return {
            "device": property(lambda tensor: CUDA if self.has(tensor) else real(tensor)),
            "is_cuda": property(self.has),
            "to": to,
            "cpu": lambda tensor: to(tensor, CPU),
            "cuda": lambda tensor: to(tensor, CUDA),
            "numpy": numpy,
            "tolist": tolist,
            "pin_memory": pin_memory,
        }


def _ours(file: str) -> bool:
    return file.startswith(f"{SCRIPTS}/") and not file.startswith(f"{SCRIPTS}/tests/")


def _tensors(values: Any) -> list[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, list | tuple):
        return []
    return [tensor for value in values for tensor in _tensors(value)]


class _Operations(TorchDispatchMode):
    """Each operation, in backward passes too."""

    def __init__(self, device: FakeCuda):
        super().__init__()
        self.device = device

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        device, kwargs, packet = self.device, kwargs or {}, func._overloadpacket
        given = _tensors(args) + _tensors(kwargs)
        there = [tensor for tensor in given if device.has(tensor)]
        if there:
            if len(there) < len(given):
                self.mixed(func, given, args, kwargs)
            if packet in READS:
                device.wait(READ)
            masked = packet in INDEXING and any(t.dtype in MASKS for t in _tensors(args[1]))
            if masked or packet in SIZES:
                device.wait(SIZE)
        result = func(*args, **kwargs)
        if there or (not given and device.makes()):
            old = {tensor.untyped_storage()._cdata for tensor in given}
            device.take([t for t in _tensors(result) if t.untyped_storage()._cdata not in old])
        return result

    def mixed(self, func, given: list[torch.Tensor], args: tuple, kwargs: dict) -> None:
        """Note what a GPU does with tensors of both devices, or refuse it as a GPU does."""
        device, packet = self.device, func._overloadpacket
        if packet is aten.copy_:
            non_blocking = kwargs.get("non_blocking", False) or args[2:3] == (True,)
            device.copied(args[1], device.has(args[0]), non_blocking)
            return
        strangers = {id(t) for t in given if not device.has(t) and t.dim()}
        if packet in INDEXING and device.has(args[0]):
            strangers -= {id(index) for index in _tensors(args[1])}
            device.wait(TO_DEVICE)
        if strangers:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices,"
                f" cuda:0 and cpu! ({func})"
            )


class _Calls(TorchFunctionMode):
    """What Python asks for by the name of a device."""

    def __init__(self, device: FakeCuda, methods: dict[str, Any]):
        super().__init__()
        self.device, self.methods = device, methods

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, getattr(func, "__name__", "")
        if name in ("__get__", "untyped_storage"):
            return func(*args, **kwargs)
        if func is self.methods.get(name):  # which calls what it stands in for
            func = getattr(torch._C.TensorBase, name)
        if name == "backward":  # in which layers may be run again
            with self, self.call(args):
                loss, ones = (args[0],), (torch.ones_like(args[0]),)
                return _engine_run_backward(
                    loss, ones, False, False, (), allow_unreachable=True, accumulate_grad=True
                )
        wanted = kwargs.get("device")
        if wanted is None or name == "to":
            with self.call((args, kwargs)):
                return func(*args, **kwargs)
        wanted = torch.device(wanted)
        if wanted.type != "cuda":
            with self.call(wanted):
                return func(*args, **kwargs)
        if kwargs.get("generator") is not None:
            raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
        if name in ("tensor", "as_tensor", "asarray") and not _tensors(args):
            self.device.wait(TO_DEVICE)
        with self.call(CUDA):
            return self.device.take(func(*args, **kwargs | {"device": CPU}))

    @contextmanager
    def call(self, call: Any) -> Iterator[None]:
        """Within it, this is the call at hand."""
        before, self.device.call = self.device.call, call
        try:
            yield
        finally:
            self.device.call = before


@contextmanager
def fake_cuda() -> Iterator[FakeCuda]:
    """Within it, cuda:0 is such a device, of MEMORY bytes."""
    device, autocast = FakeCuda(), torch.autocast
    methods, grouped = device.methods(), torch._C._group_tensors_by_device_and_dtype
    functions = {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "mem_get_info": lambda *_: (MEMORY, MEMORY),
        "get_rng_state": lambda *_: torch.empty(0, dtype=torch.uint8),
        "set_rng_state": lambda *_: None,
        "get_device_properties": lambda *_: type("", (), {"name": "fake", "total_memory": MEMORY}),
    }
    for name in ("memory_reserved", "memory_allocated", "max_memory_allocated"):
        functions[name] = lambda *_: 0
    for name in ("reset_peak_memory_stats", "empty_cache", "synchronize", "manual_seed_all"):
        functions[name] = lambda *_: None
    with pytest.MonkeyPatch.context() as patch:
        for name, function in functions.items():
            patch.setattr(torch.cuda, name, function)
        for name, method in methods.items():
            patch.setattr(torch.Tensor, name, method, raising=False)
        patch.setattr(
            torch,
            "autocast",
            lambda kind, *args, **kwargs: autocast(kind.replace("cuda", "cpu"), *args, **kwargs),
        )
        patch.setattr(torch.accelerator, "current_accelerator", lambda *_, **__: None)
        patch.setattr(
            torch._C,
            "_group_tensors_by_device_and_dtype",
            lambda *args: {(g[0][0][0].device, key[1]): g for key, g in grouped(*args).items()},
        )
        with _Operations(device), _Calls(device, methods):
            yield device
