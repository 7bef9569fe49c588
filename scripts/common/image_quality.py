"""Flagging generated images that are no pictures. Flagged images are counted, never replaced."""

from dataclasses import dataclass

import torch

# A photograph's grey values spread over tens of levels; below two there is nothing to see.
BLANK_STD = 2.0
# The displayable range is -1..1. A sound decoder strays a few hundredths beyond it; values this far
# out, over this share of the picture, are the burnt colours of too much guidance or training.
OVERSHOOT = 0.2
SATURATED_SHARE = 0.25
FLAGS = ("blank", "saturated", "nan")  # those of Quality


@dataclass(frozen=True)
class Quality:
    """Mean and standard deviation of the pixel values (0..255), and the three flags."""

    mean: float
    std: float
    blank: bool
    saturated: bool
    nan: bool


def measure(signed: torch.Tensor, pixels: torch.Tensor) -> Quality:
    """`signed`: what the decoder gave, (3, H, W) about -1..1; `pixels`: the same saved, uint8."""
    values = pixels.float()
    std = values.std().item()
    return Quality(
        mean=values.mean().item(),
        std=std,
        blank=std < BLANK_STD,
        saturated=(signed.abs() > 1 + OVERSHOOT).float().mean().item() > SATURATED_SHARE,
        nan=not bool(signed.isfinite().all()),
    )
