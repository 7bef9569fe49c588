"""Reading and writing images as uint8 RGB tensors of shape (N, 3, R, R)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from cachetools import LRUCache
from PIL import Image

from common import framing, masks, photos
from common.framing import PLAIN, Frame, Rendering
from common.regions import located

# Squares that were read before: a grid's tasks read the same photos again and again.
_read: LRUCache = LRUCache(maxsize=2**29, getsizeof=lambda square: square[0].nbytes)


def read_image(path: str, resolution: int, rendering: Rendering = PLAIN) -> torch.Tensor:
    """One image as (3, R, R) uint8, as `read_framed` makes it."""
    return read_framed([path], resolution, rendering)[0][0]


def read_images(
    paths: Sequence[str], resolution: int, rendering: Rendering = PLAIN
) -> torch.Tensor:
    """All images as (N, 3, R, R) uint8; N may be 0."""
    if not paths:
        return torch.empty(0, 3, resolution, resolution, dtype=torch.uint8)
    return torch.stack([pixels for pixels, _ in read_framed(paths, resolution, rendering)])


def read_framed(
    paths: Sequence[str], resolution: int, rendering: Rendering = PLAIN
) -> list[tuple[torch.Tensor, Frame]]:
    """Each image, or region of one that a path names, as (3, R, R) uint8, and how it was framed.

    framing.square says which pixels these are, photos.read which photos there are and what is a
    StageError. They are kept for the next stage that reads the file, and must not be written to.
    """
    squares, reader = [], photos.Reader(rendering.levels)
    for path in paths:
        key = (path, resolution, rendering, _state_of(located(path)[0]))
        if key not in _read:
            square, frame = framing.square(reader.read(path), resolution, rendering)
            _read[key] = (torch.from_numpy(np.array(square)).permute(2, 0, 1).contiguous(), frame)
        squares.append(_read[key])
    return squares


def read_mask(paths: Sequence[str], resolution: int, rendering: Rendering = PLAIN) -> torch.Tensor:
    """Where a photo, or a region of it, shows defects, (1, R, R) bool, as masks.read says it.

    Pixel for pixel what `read_image` gives of the photo with the same rendering and region.
    """
    return torch.from_numpy(masks.read(paths, resolution, rendering))[None]


def _state_of(file: str) -> tuple[int, ...] | None:
    """What changes when a file does; None when there is no file."""
    try:
        state = Path(file).stat()
    except OSError:
        return None
    return (state.st_ino, state.st_size, state.st_mtime_ns)


def to_signed(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 0..255 to float32 -1..1, the range that autoencoders work in."""
    return (pixels.float() / 255.0 - 0.5) / 0.5


def to_uint8(signed: torch.Tensor) -> torch.Tensor:
    """Float -1..1 to uint8 0..255; values beyond are clipped, NaN becomes 0."""
    return ((signed.float() + 1.0) * 127.5).nan_to_num(0.0).round().clamp(0, 255).to(torch.uint8)


def write_png(pixels: torch.Tensor, path: Path) -> None:
    """Write (3, H, W) uint8 as a PNG without time stamps, so equal pixels give equal files."""
    Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy()).save(path, format="PNG")


def read_whole(path: str, rendering: Rendering = PLAIN) -> np.ndarray:
    """A photo, or the region of one that its path names, at its own size: (H, W, 3) uint8, not to
    be written to."""
    return np.asarray(photos.read(path, rendering.levels))


def write_mask(mask: torch.Tensor, path: Path) -> None:
    """Write (H, W) bool as a grey PNG: 255 where it is true, otherwise 0."""
    Image.fromarray(mask.to(torch.uint8).mul(255).cpu().numpy()).save(path, format="PNG")


def digest(pixels: torch.Tensor) -> str:
    """Hex digest of decoded pixels: says whether two trainings saw the same images."""
    content = pixels.contiguous().cpu().numpy().tobytes()
    return hashlib.blake2b(content, digest_size=16).hexdigest()
