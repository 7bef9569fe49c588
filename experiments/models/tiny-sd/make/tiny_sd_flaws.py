"""Flaws drawn into photos of sound cells: cracks, dead areas and dark spots.

Stable Diffusion has seen lines, shadows and stains before anyone trains a LoRA on it. The small
base model may not see a defective cell, so it learns how dark strokes and patches look from these.
"""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Kind:
    """A kind of flaw: the words that a caption has for it, and how often it is drawn."""

    word: str
    thing: str
    frequency: float


KINDS = (
    Kind("cracked", "crack", 0.5),
    Kind("broken", "dark area", 0.3),
    Kind("defective", "dark spot", 0.2),
)


def draw(pixels: torch.Tensor, generator: torch.Generator) -> tuple[torch.Tensor, Kind]:
    """(C, R, R) in 0..1 with one kind of flaw, and the kind."""
    frequencies = torch.tensor([kind.frequency for kind in KINDS])
    index = int(torch.multinomial(frequencies, 1, generator=generator))
    shade = (_cracks, _area, _spots)[index](pixels.shape[-1], generator)
    return pixels * shade, KINDS[index]


def _cracks(side: int, generator: torch.Generator) -> torch.Tensor:
    """The factor (R, R) of 1 to 4 thin, slightly bent strokes; behind some of them it is dimmer."""
    shade = torch.ones(side, side)
    for _ in range(int(torch.randint(1, 5, (), generator=generator))):
        along, aside, length = _line(side, generator)
        width, depth, bend, dim = torch.rand(4, generator=generator).tolist()
        aside = aside + (bend - 0.5) * 0.5 / length * (along - length / 2).square()
        inside = (along > 0) & (along < length)
        stroke = torch.exp(-(aside / (0.5 + width)).square()) * inside
        shade = shade * (1 - (0.3 + 0.6 * depth) * stroke)
        if dim < 0.15:
            shade = shade * (1 - 0.3 * depth * torch.sigmoid(2 * aside))
    return shade


def _area(side: int, generator: torch.Generator) -> torch.Tensor:
    """The factor (R, R) of a dead corner or side, cut off by one line or two."""
    dead = torch.ones(side, side)
    for _ in range(int(torch.randint(1, 3, (), generator=generator))):
        _, aside, _ = _line(side, generator)
        edge = torch.sigmoid(1.5 * aside)
        # The smaller part is the dead one.
        dead = dead * (edge if edge.mean() < 0.5 else 1 - edge)
    depth = float(torch.rand((), generator=generator))
    return 1 - (0.4 + 0.55 * depth) * dead


def _spots(side: int, generator: torch.Generator) -> torch.Tensor:
    """The factor (R, R) of 1 to 3 soft dark spots of unequal width and height."""
    rows, columns = _grid(side)
    shade = torch.ones(side, side)
    for _ in range(int(torch.randint(1, 4, (), generator=generator))):
        row, column, height, width, depth = torch.rand(5, generator=generator).tolist()
        down = (rows - row * side) / (side * (0.03 + 0.15 * height))
        across = (columns - column * side) / (side * (0.03 + 0.15 * width))
        grain = 0.7 + 0.6 * torch.rand(side, side, generator=generator)
        spot = torch.exp(-(down.square() + across.square()) * grain)
        shade = shade * (1 - (0.3 + 0.6 * depth) * spot)
    return shade


def _line(side: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, float]:
    """A random segment: each pixel's place along it and beside it (R, R), and its length."""
    rows, columns = _grid(side)
    r0, c0, r1, c1 = (torch.rand(4, generator=generator) * side).tolist()
    length = max(1.0, ((r1 - r0) ** 2 + (c1 - c0) ** 2) ** 0.5)
    along = ((rows - r0) * (r1 - r0) + (columns - c0) * (c1 - c0)) / length
    aside = ((rows - r0) * (c1 - c0) - (columns - c0) * (r1 - r0)) / length
    return along, aside, length


def _grid(side: int) -> tuple[torch.Tensor, torch.Tensor]:
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return rows.float(), columns.float()
