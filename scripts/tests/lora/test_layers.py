"""LoRAs of one layer computed together give what each gives for its own rows."""

import pytest
import torch
from torch import nn

from lora import layers
from lora.layers import Lora, LowRank, Rows

CONVOLUTIONS = {
    "3 x 3": {"kernel_size": 3, "padding": 1},
    "smaller": {"kernel_size": 3, "stride": 2, "padding": 1},
    "1 x 1": {"kernel_size": 1},
}


def low_rank(rank: int, scale: float, **shape) -> LowRank:
    if shape:
        down, up = nn.Conv2d(6, rank, bias=False, **shape), nn.Conv2d(rank, 10, 1, bias=False)
    else:
        down, up = nn.Linear(6, rank, bias=False), nn.Linear(rank, 10, bias=False)
    return LowRank(down.double(), up.double(), scale)


@pytest.mark.parametrize("shape", CONVOLUTIONS.values(), ids=CONVOLUTIONS.keys())
@pytest.mark.parametrize("together", [layers.in_groups, layers.through_all])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_convolutions_are_those_of_each(together, shape, layout):
    lows = [low_rank(4, 1.0, **shape) for _ in range(3)]
    rows = torch.randn(6, 6, 8, 8, dtype=torch.float64).to(memory_format=layout)
    wanted = torch.cat([low.down(own) for low, own in zip(lows, rows.split(2), strict=True)])
    found = together(lows, rows)
    assert found.shape[:2] == (3, 2)
    torch.testing.assert_close(found.flatten(0, 1).movedim(-1, 1), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [{}, *CONVOLUTIONS.values()], ids=["linear", *CONVOLUTIONS])
def test_rows_have_what_their_own_lora_adds(shape):
    """With unequal ranks, scales and numbers of rows, and rows and layers without a LoRA."""
    lows = [low_rank(r, s, **shape) for r, s in [(4, 1.0), (4, 1.0), (4, 0.5), (2, 0.5)]]
    loras = [Lora({"unet.layer": low}, {}, {}) for low in lows]
    elsewhere = Lora({"unet.other": lows[0]}, {}, {})
    owners = [loras[0]] * 2 + [loras[1]] * 2 + [None, elsewhere] + [loras[2]] * 3 + [loras[3]]
    size = (8, 8) if shape else ()
    channels = (6, *size) if shape else (5, 6)
    layer = nn.Conv2d(6, 10, **shape).double() if shape else nn.Linear(6, 10).double()
    inputs = torch.randn(len(owners), *channels, dtype=torch.float64, requires_grad=True)
    parameters = [inputs, *(p for low in lows for p in (low.down.weight, low.up.weight))]

    def alone(index: int) -> torch.Tensor:
        low, row = owners[index] and owners[index].layers.get("unet.layer"), inputs[index, None]
        return layer(row) + low(row) if low else layer(row)

    wanted = torch.cat([alone(index) for index in range(len(owners))])
    rows = Rows("unet")
    rows.samples = owners
    found = rows._adding("unet.layer")(layer, (inputs,), layer(inputs))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
    for one, other in zip(
        torch.autograd.grad(found.square().sum(), parameters),
        torch.autograd.grad(wanted.square().sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-10)
