"""Pasting into a photo with a feathered edge, outside of which not a byte changes."""

import numpy as np


def feathered(mask: np.ndarray, width: int) -> np.ndarray:
    """How much of what is pasted is seen, (H, W) bool to (H, W) float32: 1 in the mask, falling in
    a straight line with the distance from it, and 0 more than `width` pixels away."""
    squares = _squares(mask, width)
    seen = 1 - np.sqrt(squares) / (width + 1)
    return np.where(squares <= width * width, seen, 0).astype(np.float32)


def grown(mask: np.ndarray, width: int) -> np.ndarray:
    """The mask and what is within `width` pixels of it: where `feathered` is above 0."""
    return _squares(mask, width) <= width * width


def mixed(photo: np.ndarray, patch: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A photo with so much of a patch, both (H, W, 3) uint8, as is seen, (H, W) float32."""
    seen = seen[..., None]
    return (photo * (1 - seen) + patch * seen).round().astype(np.uint8)


def _squares(mask: np.ndarray, width: int) -> np.ndarray:
    """The squared distance of each pixel from the mask, exact up to `width`: along each row first,
    and then down the columns (as in Felzenszwalb and Huttenlocher, 2012)."""
    far = (width + 1) ** 2
    squares = np.where(mask, 0, far)
    for axis in (1, 0):
        nearest = squares.copy()
        for step in range(1, min(width, mask.shape[axis] - 1) + 1):
            low, high = _ends(axis, step)
            np.minimum(nearest[low], squares[high] + step * step, out=nearest[low])
            np.minimum(nearest[high], squares[low] + step * step, out=nearest[high])
        squares = nearest
    return squares


def _ends(axis: int, step: int) -> tuple[tuple[slice, ...], ...]:
    """All pixels of an axis but the last, and but the first, `step` ones."""
    before = (slice(None),) * axis
    return (*before, slice(None, -step)), (*before, slice(step, None))
