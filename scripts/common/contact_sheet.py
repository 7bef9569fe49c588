"""Sheets of what networks see of photos, with masks outlined, for people to look at.

Needs Pillow and numpy only, and is asked as photos.answer is.
"""

import math
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from common import answers, framing, masks, photos
from common.errors import StageError
from common.framing import Rendered, Rendering
from common.specs import read_spec

MOST = 60  # pictures of a sheet
SMALLEST, LARGEST = 160, 512  # pixels of a picture's side on the sheet
WIDEST = 2560  # pixels of a sheet's width, where a picture leaves the choice
GAP = 8  # pixels between pictures
LINES, TEXT, LINE_HEIGHT = 3, 12, 15  # of a label, in pixels
HEADING = 24  # pixels of a heading's height
SIGNAL = (255, 0, 255)  # the colour of outlines: no surface has it
PAPER, INK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """One picture of a sheet: a photo or, by its path, a region of one; its masks, of the same
    region; its label; and what stands above it and those after it that have the same."""

    path: str
    label: str
    masks: list[str] = field(default_factory=list)
    heading: str = ""


@dataclass(frozen=True)
class Sheet(Rendered):
    """The keys of a request: MOST pictures at most, as networks see them at a resolution, and the
    PNG to write. What is said of it are the PNG's `width` and `height`."""

    pictures: list[Picture]
    resolution: int
    output: str


def answer() -> None:
    """Answer a Sheet's keys with {"width", "height"}; see answers.answer."""
    answers.answer(_asked)


def _asked(request: dict[str, Any]) -> dict[str, int]:
    try:
        return write(read_spec(Sheet, request, "sheet"))
    except MemoryError:
        raise StageError("the photos do not fit into the memory") from None
    except OSError as error:
        raise StageError(f"the sheet cannot be written: {error}") from error


def write(sheet: Sheet) -> dict[str, int]:
    """Write a sheet's PNG; StageError names what cannot be read."""
    if not 1 <= len(sheet.pictures) <= MOST:
        raise StageError(f"a sheet has 1 to {MOST} pictures, not {len(sheet.pictures)}")
    drawn = draw(sheet)
    marked = PngImagePlugin.PngInfo()
    marked.add_text("Software", "kizu check --pictures")  # by which kizu knows its own sheets
    drawn.save(sheet.output, format="PNG", pnginfo=marked)
    return {"width": drawn.width, "height": drawn.height}


def draw(sheet: Sheet) -> Image.Image:
    """The pictures in rows, in RGB, those of one heading below it."""
    side = shown_side(sheet.resolution)
    width, height = side + GAP, side + GAP + LINES * LINE_HEIGHT
    groups = [list(group) for _, group in groupby(sheet.pictures, lambda p: p.heading)]
    columns = min(max(map(len, groups)), max(1, (WIDEST - GAP) // width))
    heads = [HEADING + GAP if group[0].heading else 0 for group in groups]
    rows = sum(math.ceil(len(group) / columns) for group in groups)
    size = (columns * width + GAP, rows * height + sum(heads) + GAP)
    drawn = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(drawn), ImageFont.load_default(TEXT)
    large = ImageFont.load_default(HEADING - 4)
    reader = photos.Reader(sheet.rendering.levels)
    top = GAP
    for group, head in zip(groups, heads, strict=True):
        pen.text((GAP, top), wrapped(group[0].heading, large, size[0] - 2 * GAP)[0], INK, large)
        top += head
        for number, picture in enumerate(group):
            left, above = GAP + number % columns * width, top + number // columns * height
            shown = seen(reader, picture, sheet.resolution, sheet.rendering)
            drawn.paste(shown, (left, above))
            for line, text in enumerate(wrapped(picture.label, font, side)):
                pen.text((left, above + side + 1 + line * LINE_HEIGHT), text, INK, font)
        top += math.ceil(len(group) / columns) * height
    return drawn


def shown_side(resolution: int) -> int:
    """Pixels of a picture's side on a sheet: its own, or enlarged by a whole number, or scaled down
    to LARGEST."""
    return min(resolution * math.ceil(SMALLEST / resolution), LARGEST)


def seen(
    reader: photos.Reader, picture: Picture, resolution: int, rendering: Rendering
) -> Image.Image:
    """What networks see of a picture, as large as it is shown, its masks outlined."""
    square, _ = framing.square(reader.read(picture.path), resolution, rendering)
    marked = masks.read(picture.masks, resolution, rendering, reader.picture.size)
    side = shown_side(resolution)
    how = Image.Resampling.LANCZOS if side < resolution else Image.Resampling.NEAREST
    pixels = np.array(square.resize((side, side), how))
    marked = masks.placed(marked, framing.frame(square.size, side, rendering.fit))
    pixels[outline(marked)] = SIGNAL
    return Image.fromarray(pixels)


def outline(marked: np.ndarray) -> np.ndarray:
    """The pixels around a mask, (H, W) bool: outside it, so that a defect of one pixel is seen."""
    (height, width), around = marked.shape, np.pad(marked, 1)
    near = [around[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.logical_or.reduce(near) & ~marked


def wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """A label in lines that are `width` pixels wide at most; what is too long ends in …"""
    lines = [""]
    for letter in text:
        if font.getlength(lines[-1] + letter) <= width:
            lines[-1] += letter
        elif len(lines) < LINES:
            lines.append(letter)
        else:
            lines[-1] = lines[-1][:-1] + "…"
            break
    return lines
