"""The one way in which photos are read, by stages and by the host's questions about them.

Needs Pillow and numpy only, so that a process that just looks at photos starts in a moment.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from common import answers, likeness
from common.errors import StageError
from common.regions import located

FORMATS = ["PNG", "JPEG", "BMP", "TIFF", "WEBP"]

# Line-scan cameras take photos of hundreds of megapixels, which Pillow takes for an attack; and
# some programs put megabytes of text into a PNG. These limits are ours: 2 GiB of RGB, and as much
# text as does no harm.
LARGEST = 2**29  # pixels
Image.MAX_IMAGE_PIXELS = None
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 2**26  # bytes

DEEP = 2**16 - 1  # the largest value of 16 bits
STRIP = 2**22  # pixels that are hashed at once


def read(path: str, levels: Sequence[int] = ()) -> Image.Image:
    """A photo, or the region of one that its path names, in RGB as every stage sees it.

    Upright as its EXIF orientation says, alpha dropped (the colour below it is what counts), the
    first page of a TIFF. 16-bit grey is mapped to 8 bits in one straight line from `levels`, (low,
    high), to 0..255, clipped; without levels from 0..65535. StageError names a file that is
    missing, damaged, too large or of a kind whose brightness nothing says, and a region that does
    not lie in its photo.
    """
    return Reader(levels).read(path)


class Reader:
    """Reads photos with the same levels, as `read` does, and keeps the latest: regions of one photo
    that are asked for one after the other share one reading of its file."""

    def __init__(self, levels: Sequence[int] = ()):
        self.levels = levels
        self.file, self.picture = "", None

    def read(self, path: str) -> Image.Image:
        file, region = located(path)
        if self.picture is None or file != self.file:
            self.picture = None  # let go before the next is read: a photo may take gigabytes
            self.file, self.picture = file, read_file(file, self.levels)
        return region.cut(self.picture, file) if region else self.picture


def read_file(path: str, levels: Sequence[int] = ()) -> Image.Image:
    """A whole photo, as `read` does, by the name of its file."""
    with _opened(path) as file:
        return to_rgb(_upright(file), levels, path)


def read_mask(path: str) -> np.ndarray:
    """The pixels of a mask that are not zero in every colour, (H, W) bool; alpha does not count,
    nor does what a PNG says of its orientation: the host refuses masks that say so."""
    with _opened(path) as file:
        picture = file.copy()
    if picture.mode not in ("1", "L", "I", "F") and not picture.mode.startswith("I;16"):
        picture.info.pop("transparency", None)
        picture = picture.convert("RGB")
    values = np.asarray(picture) != 0
    return values.any(-1) if values.ndim == 3 else values


def look(path: str, levels: Sequence[int] = ()) -> dict[str, Any]:
    """What `read` makes of a whole photo: its form, and the identity of its pixels.

    width and height are those of the upright picture, orientation (1 to 8, as in EXIF) is how the
    file has it; low and high are the extremes of 16-bit grey. pixels is the SHA-256 of what `read`
    returns: "<width>x<height>\\n" and the RGB bytes, row by row. likeness is
    what a photo that shows the same is found by (likeness.py).
    """
    with _opened(path) as file:
        mode, kind, compression = _mode(file), file.format, file.info.get("compression", "")
        turned = _orientation(file)
        upright = _upright(file)
    if kind == "PNG":
        _whole(path)
    low, high = 0, 0
    if upright.mode.startswith("I;16"):
        values = np.asarray(upright)
        low, high = int(values.min()), int(values.max())
    elif mode.endswith(";16") and levels:
        raise StageError(
            f"image {path} has 16 bits a colour, of which the upper 8 are read, so that"
            " dataset.bit_depth and dataset.range cannot map it: save it as 16-bit grey, or with 8"
            " bits a colour"
        )
    if levels and high > levels[1]:
        raise StageError(
            f"image {path} has values up to {high}, beyond the {levels[1]} of dataset.bit_depth:"
            " raise it, or take the image out of the dataset"
        )
    picture = to_rgb(upright, levels, path)
    if not low and not high and mode.endswith(";16"):
        low, high = (v * 257 for v in _extremes(picture))
    return {
        "format": kind,
        "compression": compression if kind == "TIFF" else "",
        "mode": mode,
        "width": picture.width,
        "height": picture.height,
        "orientation": turned,
        "low": low,
        "high": high,
        "pixels": identity(picture),
        "likeness": likeness.describe(picture),
    }


def _whole(path: str) -> None:
    """StageError unless a PNG is there to its last chunk, with the check sums of all of them.

    Pillow reads on where only the end is missing, and other programs do not.
    """
    with _opened(path) as file:
        file.verify()


def to_rgb(picture: Image.Image, levels: Sequence[int], name: str) -> Image.Image:
    """8-bit RGB; `name` is for errors."""
    if picture.mode.startswith("I;16"):
        grey = _table(*(levels or (0, DEEP)))[np.asarray(picture)]
        picture = Image.fromarray(grey)
    elif picture.mode in ("I", "F"):
        numbers = "floating-point numbers" if picture.mode == "F" else "32-bit or signed numbers"
        raise StageError(
            f"image {name} is made of {numbers}, and nothing says which of them is white: save it"
            " with 8 or 16 bits, and give dataset.bit_depth or dataset.range"
        )
    if picture.mode == "RGB":
        return picture
    picture.info.pop("transparency", None)  # of which Pillow would warn that it is lost
    return picture.convert("RGB")


def identity(picture: Image.Image) -> str:
    """SHA-256 of an RGB picture's size and pixels: equal for what looks equal to a stage."""
    digest = hashlib.sha256(f"{picture.width}x{picture.height}\n".encode())
    rows = max(1, STRIP // picture.width)
    for top in range(0, picture.height, rows):
        bottom = min(top + rows, picture.height)
        digest.update(picture.crop((0, top, picture.width, bottom)).tobytes())
    return digest.hexdigest()


def _table(low: int, high: int) -> np.ndarray:
    """The 8-bit value of every 16-bit one; in whole numbers, so that it is the same everywhere."""
    span = max(high - low, 1)
    above = (np.arange(DEEP + 1, dtype=np.int64) - low).clip(0, span)
    return ((2 * 255 * above + span) // (2 * span)).astype(np.uint8)


def _extremes(picture: Image.Image) -> tuple[int, int]:
    lows, highs = zip(*picture.getextrema(), strict=True)
    return min(lows), max(highs)


@contextmanager
def _opened(path: str) -> Iterator[Image.Image]:
    """An open photo; whatever Pillow's parsers stumble over is an error that names the file."""
    try:
        with Image.open(path, formats=FORMATS) as file:
            _refuse_unreadable(file, path)
            yield file
    except (StageError, MemoryError):
        raise
    except FileNotFoundError:
        raise StageError(f"image {path} does not exist; restore it or run the scan again") from None
    except PermissionError:
        raise StageError(f"image {path} may not be read: chmod a+r {path}") from None
    except UnidentifiedImageError:
        raise StageError(
            f"image {path} cannot be read: it is no PNG, JPEG, BMP, TIFF or WebP, whatever its name"
            " says; replace the file or take it out of the dataset"
        ) from None
    except (
        Exception
    ) as error:  # besides OSError: SyntaxError, ValueError, struct.error, KeyError, …
        raise StageError(
            f"image {path} cannot be read ({error}); replace the file or take it out of the dataset"
        ) from error


def _refuse_unreadable(file: Image.Image, path: str) -> None:
    """StageError for what is an image and yet no photo that could be meant."""
    if file.width * file.height > LARGEST:
        raise StageError(
            f"image {path} has {file.width}×{file.height} pixels, and at most {LARGEST} are read:"
            " scale it down or cut it"
        )
    if file.format in ("PNG", "WEBP") and getattr(file, "n_frames", 1) > 1:
        raise StageError(f"image {path} is a film of {file.n_frames} pictures: save one of them")
    zero_is_white = file.format == "TIFF" and file.tag_v2.get(262) == 0  # photometric
    if zero_is_white and file.mode.startswith("I;16"):
        raise StageError(f"image {path} is a 16-bit TIFF whose zero is white: save it as PNG")


def _orientation(file: Image.Image) -> int:
    """How the file has its picture; as exif_transpose reads it, which loads the file first.

    A TIFF turns its picture while it is loaded, and forgets.
    """
    before = file.getexif().get(ExifTags.Base.Orientation, 1) if file.format == "TIFF" else None
    file.load()
    turned = before or file.getexif().get(ExifTags.Base.Orientation, 1)
    return turned if turned in range(1, 9) else 1


def _upright(file: Image.Image) -> Image.Image:
    file.load()
    return ImageOps.exif_transpose(file)


def _mode(file: Image.Image) -> str:
    """Pillow's name of the kind of pixels; with ;16 where Pillow drops the lower half of each."""
    raw = " ".join(str(tile[3]) for tile in file.tile)
    coarse = ";16" in raw and not file.mode.startswith("I")
    return f"{file.mode};16" if coarse else file.mode


def answer() -> None:
    """Answer {"path", "levels"} with what `look` says; see answers.answer."""
    answers.answer(_asked)


def _asked(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return look(request["path"], request["levels"])
    except MemoryError:
        raise StageError(f"image {request['path']} does not fit into the memory") from None
