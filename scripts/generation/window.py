"""The part of a photo that is made anew at the base model's resolution, and put back."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from common import framing, masks
from common.framing import Frame, Rendering
from common.regions import Region
from generation.shapes import bounds

AROUND = 2.5  # sides of a window, as a multiple of the longer side of the mask in it
ENLARGED = 4  # times at most: a window has at least so large a part of the square's side

# What of a window lies beyond the photo is padded with its edge, so that nothing is distorted.
FRAMING = Rendering(fit="pad")


@dataclass(frozen=True)
class Window:
    """A square of a photo, less where the photo is narrower, in a square of `side` pixels."""

    region: Region
    side: int

    @property
    def _layout(self) -> Frame:
        return framing.frame((self.region.width, self.region.height), self.side, FRAMING.fit)

    def seen(self, photo: np.ndarray) -> np.ndarray:
        """What a photo, (H, W, 3) uint8, shows in it, (R, R, 3)."""
        square, _ = framing.square(Image.fromarray(self.cut(photo)), self.side, FRAMING)
        return np.array(square)

    def seen_mask(self, mask: np.ndarray) -> np.ndarray:
        """Where a photo's mask, (H, W) bool, is true in it, (R, R), as masks.placed says."""
        return masks.placed(self.cut(mask), self._layout)

    def cut(self, pixels: np.ndarray) -> np.ndarray:
        """The view of a photo's, or a mask's, pixels that it is of."""
        region = self.region
        return pixels[region.y : region.y + region.height, region.x : region.x + region.width]

    def put_back(self, photo: np.ndarray, made: np.ndarray, share: np.ndarray) -> np.ndarray:
        """A copy of the photo with `made`, (R, R, 3) uint8, scaled back (bicubic) to where it was
        seen. `share`, (H, W) from 0 to 1, is what it has of each pixel; where that is 0 the photo's
        own stay."""
        across, down = self._layout.across, self._layout.down
        left, top = -across.first, -down.first
        size = (self.region.width, self.region.height)
        there = Image.fromarray(made[top : top + down.scaled, left : left + across.scaled])
        scaled = np.asarray(there.resize(size, Image.Resampling.BICUBIC), np.float32)
        result = photo.copy()
        before, part = self.cut(photo).astype(np.float32), self.cut(share)[..., None]
        self.cut(result)[...] = np.rint(before + part * (scaled - before))
        return result


def around(mask: np.ndarray, feather: int, side: int) -> Window:
    """The window on a mask, (H, W) bool, that is made anew in a square of `side` pixels: AROUND
    times its size, with room for a feather of so many pixels, the middle of the photo for none."""
    top, bottom, left, right = bounds(mask)
    longer = max(bottom - top, right - left)
    wanted = max(math.ceil(AROUND * longer), longer + 2 * feather + 2, math.ceil(side / ENLARGED))
    (x, width), (y, height) = (
        _span(begin, end, wanted, length)
        for begin, end, length in ((left, right, mask.shape[1]), (top, bottom, mask.shape[0]))
    )
    return Window(Region(x, y, width, height), side)


def _span(begin: int, end: int, wanted: int, length: int) -> tuple[int, int]:
    """Where so many pixels begin, with these in their middle if the photo's side allows, and how
    many there are."""
    size = min(wanted, length)
    return min(max((begin + end - size) // 2, 0), length - size), size
