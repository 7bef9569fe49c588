"""How far two ways to compute the same thing may lie apart.

Another batch shape, thread count or processor adds up in another order, and so changes the last
bits; training steps then carry them further. How far depends on all of these, so no constant bounds
it. Tests show that two ways are equal in float64, where rounding is too small to hide a mistake. In
other precisions they measure beside it what rounding alone does, by computing one of the ways again
in another order, and allow a small multiple of that.
"""

import torch

from lora_artifact import weights

# Relative to the norm. float64 rounds at 1.1e-16, and a few steps of training carry that on.
EXACT = 1e-9
# Two differences that rounding makes are seldom further apart than this: each is a largest one over
# many tensors.
MULTIPLE = 10.0
# Relative. One rounding of a LoRA's float32 weights: a measured floor below it was luck.
LEAST = 2.0**-23
# Relative. What a few float32 numbers add up to, computed twice from the same numbers:
# an addition or multiplication rounds by 6e-8 on every processor, so that dozens stay below this.
SUMS = 1e-5


def relative_difference(one: dict, other: dict) -> float:
    """The largest over the tensors of two specs' LoRAs of |a - b| / |b|, in the Frobenius norm."""
    ours, others = weights(one), weights(other)
    assert ours.keys() == others.keys()
    return max(
        ((ours[name].double() - t.double()).norm() / t.double().norm()).item()
        for name, t in others.items()
    )


def assert_rounding_alone(found: torch.Tensor, wanted: torch.Tensor, exact: torch.Tensor) -> None:
    """Two ways to compute in float32 differ by a small multiple of float32's own rounding: of how
    far one of them, `wanted`, lies from `exact`, the same computed in float64."""
    floor = (wanted.double() - exact).norm()
    assert floor > 0  # or else `exact` was not computed in float64
    assert (found.double() - wanted.double()).norm() <= MULTIPLE * floor
