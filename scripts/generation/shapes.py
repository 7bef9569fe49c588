"""Shapes of defects where there are no masks: rectangles, smooth blobs and lines.

Each is (h, w) bool, as small as it can be around the shape.
"""

import math

import numpy as np

from generation.draws import Draws

# The length of a shape, as a share of the photo's shorter side; drawn evenly by its logarithm.
SIZES = (0.04, 0.25)


def box(draws: Draws, side: int) -> np.ndarray:
    """A rectangle for a photo whose shorter side has so many pixels: both sides are drawn."""
    return np.ones((_length(draws, side), _length(draws, side)), bool)


def blob(draws: Draws, side: int) -> np.ndarray:
    """A smooth blob or, as often, a line that bends and is a tenth to a quarter as wide as long."""
    length = _length(draws, side)
    return _lump(draws, length) if draws.below(2) else _line(draws, length)


def _length(draws: Draws, side: int) -> int:
    low, high = (math.log(share) for share in SIZES)
    return max(1, round(side * math.exp(draws.between(low, high))))


def _lump(draws: Draws, length: int) -> np.ndarray:
    """What lies within a radius that varies with the angle, by three harmonics."""
    y, x = np.mgrid[-length : length + 1, -length : length + 1] / (length / 2)
    angle = np.arctan2(y, x)
    radius = np.ones_like(angle)
    for harmonic in (1, 2, 3):
        height, phase = draws.between(0, 0.5 / harmonic), draws.between(0, 2 * math.pi)
        radius += height * np.cos(harmonic * angle + phase)
    return cropped(x * x + y * y <= np.square(radius / radius.max()))


def _line(draws: Draws, length: int) -> np.ndarray:
    """What lies near a path of even steps whose direction turns a little with each."""
    steps = 32
    width = length * draws.between(0.1, 0.25)
    turn, bend = draws.between(-1, 1), draws.between(-1, 1)
    along = np.linspace(-0.5, 0.5, steps)
    direction = turn * along * math.pi + bend * np.square(along) * 2 * math.pi
    points = np.cumsum(np.stack([np.sin(direction), np.cos(direction)]), 1) * length / steps
    points -= (points.max(1, keepdims=True) + points.min(1, keepdims=True)) / 2
    reach = length // 2 + math.ceil(width) + 1
    places = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    nearest = np.full(places.shape[1:], np.inf)
    for y, x in points.T:
        np.minimum(nearest, np.square(places[0] - y) + np.square(places[1] - x), out=nearest)
    return cropped(nearest <= max(width / 2, 0.71) ** 2)


def bounds(shape: np.ndarray) -> tuple[int, int, int, int]:
    """The rows and columns in which a shape has pixels: from, to before, from, to before; of an
    empty one its middle."""
    return *_ends(shape.any(1)), *_ends(shape.any(0))


def _ends(line: np.ndarray) -> tuple[int, int]:
    """From where, to before where, there is any true value."""
    there = np.flatnonzero(line)
    return (int(there[0]), int(there[-1]) + 1) if there.size else (len(line) // 2,) * 2


def cropped(shape: np.ndarray) -> np.ndarray:
    """A shape without the empty rows and columns around it."""
    top, bottom, left, right = bounds(shape)
    return shape[top:bottom, left:right]


SHAPES = {"boxes": box, "blobs": blob}
