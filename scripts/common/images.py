"""Reading and writing images as uint8 RGB tensors of shape (N, 3, R, R)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from cachetools import LRUCache
from PIL import Image

from common import photos


@dataclass(frozen=True)
class Frame:
    """How a square was cut from a photo: the photo's height and width, and where it was cropped.

    `top` and `left` are pixels of the scaled photo, as SDXL is told them.
    """

    height: int
    width: int
    top: int
    left: int


# Squares that were read before: a grid's tasks read the same photos again and again.
_read: LRUCache = LRUCache(maxsize=2**29, getsizeof=lambda square: square[0].nbytes)


def read_image(path: str, resolution: int, levels: Sequence[int] = ()) -> torch.Tensor:
    """One image as (3, R, R) uint8, as `read_framed` makes it."""
    return read_framed(path, resolution, levels)[0]


def read_framed(
    path: str, resolution: int, levels: Sequence[int] = ()
) -> tuple[torch.Tensor, Frame]:
    """One image as (3, R, R) uint8: shorter side scaled to R (bilinear), then centre cropped.

    The same pixels as torchvision's Resize and CenterCrop, which diffusers' scripts use, to the
    bit. They are kept for the next stage that reads the file, and must not be written to. `levels`
    and StageError are those of photos.read.
    """
    key = (path, resolution, tuple(levels), _state_of(path))
    if key not in _read:
        square, frame = _centre_square(photos.read(path, levels), resolution)
        pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1).contiguous()
        _read[key] = (pixels, frame)
    return _read[key]


def _state_of(path: str) -> tuple[int, ...] | None:
    """What changes when a file does; None when there is no file."""
    try:
        state = Path(path).stat()
    except OSError:
        return None
    return (state.st_ino, state.st_size, state.st_mtime_ns)


def _centre_square(picture: Image.Image, side: int) -> tuple[Image.Image, Frame]:
    shorter = min(picture.size)
    width, height = (side * length // shorter for length in picture.size)
    scaled = picture.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - side) / 2), round((height - side) / 2)
    frame = Frame(picture.height, picture.width, top, left)
    return scaled.crop((left, top, left + side, top + side)), frame


def read_images(paths: list[str], resolution: int, levels: Sequence[int] = ()) -> torch.Tensor:
    """All images as (N, 3, R, R) uint8; N may be 0."""
    if not paths:
        return torch.empty(0, 3, resolution, resolution, dtype=torch.uint8)
    return torch.stack([read_image(path, resolution, levels) for path in paths])


def to_signed(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 0..255 to float32 -1..1, the range that autoencoders work in."""
    return (pixels.float() / 255.0 - 0.5) / 0.5


def to_uint8(signed: torch.Tensor) -> torch.Tensor:
    """Float -1..1 to uint8 0..255; values beyond are clipped, NaN becomes 0."""
    return ((signed.float() + 1.0) * 127.5).nan_to_num(0.0).round().clamp(0, 255).to(torch.uint8)


def write_png(pixels: torch.Tensor, path: Path) -> None:
    """Write (3, H, W) uint8 as a PNG without time stamps, so equal pixels give equal files."""
    Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy()).save(path, format="PNG")


def digest(pixels: torch.Tensor) -> str:
    """Hex digest of decoded pixels: says whether two trainings saw the same images."""
    content = pixels.contiguous().cpu().numpy().tobytes()
    return hashlib.blake2b(content, digest_size=16).hexdigest()
