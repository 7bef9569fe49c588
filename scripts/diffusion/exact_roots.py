"""Schedulers whose square roots are the same on every processor.

On an x86-64 CPU torch takes square roots of float32 by MKL. They are not the nearest numbers, and
depend on the processor in MKL's reproducible modes too: of 40,000 roots 6,623 were not the nearest
float32 on an AMD EPYC, and 5,139 were others on an Intel processor that QEMU emulated. The likely
cause is a start from the instruction rsqrtps, whose rounding is each maker's own.

Noise is added and taken away by such roots. numpy takes them by the processor's own instruction,
which IEEE 754 defines to the last bit.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from diffusers import SchedulerMixin
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


class ExactRoots(TorchDispatchMode):
    """Within it, square roots of tensors on the CPU are the nearest numbers."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Take a root here; leave all else to torch."""
        if is_root(func, args) and args[0].device.type == "cpu":
            return torch.from_numpy(np.asarray(np.sqrt(args[0].numpy(force=True))))
        return func(*args, **(kwargs or {}))


def is_root(func: Any, args: tuple) -> bool:
    """Whether an operation is a square root of float32 or float64."""
    root = func is aten.sqrt.default or (func is aten.pow.Tensor_Scalar and args[1] == 0.5)
    return root and args[0].dtype in (torch.float32, torch.float64)


# What a scheduler computes with.
METHODS = ("add_noise", "get_velocity", "scale_model_input", "set_timesteps", "step")


def scheduler(kind: type[SchedulerMixin], config: Any, **changes: Any) -> SchedulerMixin:
    """A scheduler of a configuration, with exact roots in all that it computes."""
    with ExactRoots():
        built = kind.from_config(config, **changes)
    for name in METHODS:
        if hasattr(built, name):
            setattr(built, name, exactly(getattr(built, name)))
    return built


def exactly(function: Callable) -> Callable:
    """The function, with exact roots."""

    @functools.wraps(function)  # pipelines look at the signatures of schedulers
    def within(*args: Any, **kwargs: Any) -> Any:
        with ExactRoots():
            return function(*args, **kwargs)

    return within
