"""How a photo becomes the square that networks see.

Needs Pillow and numpy only, so that what just shows photos starts in a moment.
"""

import math
import re
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageColor

from common.errors import StageError

# Pixels of a scaled photo, above which only its middle is scaled.
LARGEST_SCALED = 2**24


@dataclass(frozen=True)
class Rendering:
    """How photos become squares of 8 bits: what all stages of an experiment have in common.

    `levels` are those of photos.read. `fit` says how a photo that is no square fits into one:

    "" crops the middle, the shorter side being scaled to that of the square; "stretch" scales both
    sides to it; "pad" scales the longer side to it and repeats the pixels at the photo's edges
    around it; "pad #rrggbb" puts a colour there. StageError for anything else.
    """

    levels: tuple[int, ...] = ()
    fit: str = ""

    def __post_init__(self):
        if not re.fullmatch(r"|stretch|pad( #[0-9a-fA-F]{6})?", self.fit):
            raise StageError(f"fit {self.fit!r} is unknown; use stretch, pad or pad #rrggbb")

    @property
    def padding(self) -> tuple[int, int, int] | None:
        """The colour around a padded photo; None where its edges are repeated."""
        _, _, colour = self.fit.partition(" ")
        return ImageColor.getrgb(colour) if colour else None


PLAIN = Rendering()


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The keys with which a stage's spec says how photos are rendered."""

    levels: list[int] = field(default_factory=list)
    fit: str = ""

    @property
    def rendering(self) -> Rendering:
        """StageError for a fit that there is not."""
        return Rendering(tuple(self.levels), self.fit)


@dataclass(frozen=True)
class Side:
    """How one side of a photo lies on a side of the square.

    Its `length` pixels become `scaled`, of which number `first` is the square's first one; below 0,
    so many pixels of the square come before. Where the scaled ones end, padding may come after.
    """

    length: int
    scaled: int
    first: int

    def seen(self, side: int) -> tuple[int, int]:
        """Which of the scaled pixels are in the square: from where, to before where."""
        return max(self.first, 0), min(self.first + side, self.scaled)


@dataclass(frozen=True)
class Frame:
    """Where a photo, or a region of one, lies in a square of `side` pixels."""

    side: int
    across: Side
    down: Side

    def told(self) -> list[int]:
        """What SDXL is told of a picture: its original height and width, and where it was cropped,
        from the top and from the left, in pixels of the scaled picture (Podell et al., arXiv
        2307.01952, 2.2). A photo that is padded or stretched was not cropped."""
        cropped = [max(self.down.first, 0), max(self.across.first, 0)]
        return [self.down.length, self.across.length, *cropped]


def frame(size: tuple[int, int], side: int, fit: str) -> Frame:
    """How a picture of (width, height) fits into a square."""
    kind = fit.partition(" ")[0]
    return Frame(side, *(_FITS[kind](length, size, side) for length in size))


def _crop(length: int, size: tuple[int, int], side: int) -> Side:
    """As torchvision's Resize and CenterCrop."""
    scaled = side * length // min(size)
    return Side(length, scaled, round((scaled - side) / 2))


def _stretch(length: int, _: tuple[int, int], side: int) -> Side:
    return Side(length, side, 0)


def _pad(length: int, size: tuple[int, int], side: int) -> Side:
    longer = max(size)
    scaled = max(1, (2 * side * length + longer) // (2 * longer))
    return Side(length, scaled, -((side - scaled) // 2))


_FITS = {"": _crop, "stretch": _stretch, "pad": _pad}


def square(
    picture: Image.Image, side: int, rendering: Rendering = PLAIN
) -> tuple[Image.Image, Frame]:
    """The square that networks see of an RGB picture (bilinear), and where the picture lies in it.

    Cropped, it has the same pixels as torchvision's Resize and CenterCrop, which diffusers' scripts
    use, to the bit. Of a picture that has more than LARGEST_SCALED pixels once it is scaled, such
    as one of 20,000×40 at 512, only the middle is scaled: values may then differ by 1 of 255.
    """
    layout = frame(picture.size, side, rendering.fit)
    size = (layout.across.scaled, layout.down.scaled)
    if math.prod(size) > LARGEST_SCALED:
        return _middle(picture, layout), layout
    scaled = picture.resize(size, Image.Resampling.BILINEAR)
    if min(size) >= side:
        left, top = layout.across.first, layout.down.first
        return scaled.crop((left, top, left + side, top + side)), layout
    return _padded(scaled, layout, rendering.padding), layout


def _middle(picture: Image.Image, layout: Frame) -> Image.Image:
    """A cropped square without the rest of the scaled picture.

    The window into the picture is cut first since Pillow takes places in it as 32-bit floats.
    """
    (left, right), (top, bottom) = (_window(s, layout.side) for s in (layout.across, layout.down))
    part = picture.crop((left, top, right, bottom))
    begins = [s.first * s.length / s.scaled for s in (layout.across, layout.down)]
    x, y = begins[0] - left, begins[1] - top
    width, height = (layout.side * s.length / s.scaled for s in (layout.across, layout.down))
    box = (x, y, min(x + width, part.width), min(y + height, part.height))
    return part.resize((layout.side,) * 2, Image.Resampling.BILINEAR, box=box)


def _window(side: Side, size: int) -> tuple[int, int]:
    """The pixels of a photo that the square's are made of: bilinear, each looks as far as the next
    one, or as the photo's next pixel."""
    scale = side.length / side.scaled
    reach = max(scale, 1)
    first, last = side.first * scale - reach, (side.first + size) * scale + reach
    return max(0, math.floor(first)), min(side.length, math.ceil(last))


def _padded(scaled: Image.Image, layout: Frame, colour: tuple[int, int, int] | None) -> Image.Image:
    left, top = -layout.across.first, -layout.down.first
    if colour:
        canvas = Image.new("RGB", (layout.side,) * 2, colour)
        canvas.paste(scaled, (left, top))
        return canvas
    right, bottom = layout.side - scaled.width - left, layout.side - scaled.height - top
    around = ((top, bottom), (left, right), (0, 0))
    return Image.fromarray(np.pad(np.asarray(scaled), around, mode="edge"))
