"""Masks of defects, in the squares that networks see of the photos that they belong to."""

from collections.abc import Sequence

import numpy as np

from common import photos
from common.errors import StageError
from common.framing import Frame, Rendering, Side, frame
from common.regions import Region, located


def read(
    paths: Sequence[str],
    side: int,
    rendering: Rendering,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Where a photo, or the region of it that paths name, shows defects, (R, R) bool: the union of
    its masks, framed as the photo is.

    What is padded is no defect; without masks nothing is. `size` and StageError are as for `union`.
    """
    if not paths:
        return np.zeros((side, side), bool)
    whole = union(paths, size)
    return placed(whole, frame(whole.shape[::-1], side, rendering.fit))


def union(paths: Sequence[str], size: tuple[int, int] | None = None) -> np.ndarray:
    """Where the masks of one photo show defects, (H, W) bool: at the photo's own size, or at that
    of a region where paths name one.

    A mask is non-zero, in any colour, where the defect is. StageError names one that cannot be read
    or is not of the whole photo's size, which is (width, height) where it is known.
    """
    masks = []
    for path in paths:
        file, region = located(path)
        mask = photos.read_mask(file)
        size = size or mask.shape[::-1]
        if mask.shape[::-1] != size:
            raise StageError(
                f"mask {file} has {mask.shape[1]}×{mask.shape[0]} pixels, and its photo"
                f" {size[0]}×{size[1]}: give it a mask of its own size"
            )
        masks.append(_cut(mask, region, file) if region else mask)
    return np.logical_or.reduce(masks)


def _cut(mask: np.ndarray, region: Region, name: str) -> np.ndarray:
    region.check(mask.shape[::-1], name)
    return mask[region.y : region.y + region.height, region.x : region.x + region.width]


def placed(mask: np.ndarray, layout: Frame) -> np.ndarray:
    """A photo's mask, (H, W) bool, in the square that the photo is framed in, (R, R) bool.

    Scaled down, a pixel of the square is a defect if the centre of any defect pixel lies in it, so
    that a defect of one pixel never vanishes; scaled up, if the photo's nearest pixel is one. It is
    computed in whole numbers: no rounding loses what lies between two pixels of the square.
    """
    return _along(_along(mask, 0, layout.down, layout.side), 1, layout.across, layout.side)


def _along(mask: np.ndarray, axis: int, side: Side, size: int) -> np.ndarray:
    """A mask scaled and put in place along one of its axes."""
    begin, end = side.seen(size)
    number = np.arange(begin, end + 1)
    if side.scaled < side.length:
        # The centre of pixel x lies in the scaled pixel (2x + 1) · scaled / (2 · length), rounded
        # down: these are the first pixels of each.
        firsts = -((side.scaled - 2 * side.length * number) // (2 * side.scaled))
        part = mask.take(np.arange(firsts[0], firsts[-1]), axis)
        scaled = np.logical_or.reduceat(part, firsts[:-1] - firsts[0], axis)
    else:
        scaled = mask.take((2 * number[:-1] + 1) * side.length // (2 * side.scaled), axis)
    before = max(-side.first, 0)
    around = [(0, 0), (0, 0)]
    around[axis] = (before, size - before - (end - begin))
    return np.pad(scaled, around)
