"""A photo's descriptor stays the same where the photo is the same to people."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from common import likeness


def drawn(seed: int, size: int = 240) -> Image.Image:
    """A picture of soft blotches, lit from one side, with a frame and two straight bars."""
    rng = np.random.default_rng(seed)
    blotches = Image.fromarray(rng.integers(0, 256, (24, 24), np.uint8))
    shade = np.asarray(blotches.resize((size, size), Image.Resampling.BICUBIC), np.float64)
    shade = 60 + 0.4 * shade + np.linspace(0, 40, size)
    shade[:6] = shade[-6:] = shade[:, :6] = shade[:, -6:] = 10
    shade[80:88] = shade[160:168] = 20
    return Image.fromarray(shade.clip(0, 255).astype(np.uint8)).convert("RGB")


def values(picture: Image.Image) -> np.ndarray:
    read = np.frombuffer(base64.b64decode(likeness.describe(picture)), np.int8)
    return read.reshape(likeness.SIDE, likeness.SIDE).astype(float)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))


def as_jpeg(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70)
    return Image.open(file)


@pytest.mark.parametrize(
    "change",
    [
        as_jpeg,
        lambda p: p.resize((170, 170), Image.Resampling.BICUBIC),
        lambda p: p.resize((360, 360), Image.Resampling.BICUBIC),
        lambda p: p.resize((1500, 240), Image.Resampling.BICUBIC),
        lambda p: ImageEnhance.Brightness(p).enhance(0.7),
        lambda p: ImageEnhance.Contrast(p).enhance(1.4),
    ],
)
def test_a_changed_copy_is_described_alike(change):
    assert correlation(values(drawn(1)), values(change(drawn(1)))) > 0.95


def test_other_photos_of_one_product_are_not():
    several = [values(drawn(seed)) for seed in range(8)]
    assert max(correlation(several[0], other) for other in several[1:]) < 0.5


def test_a_mirrored_photo_is_described_mirrored():
    mirrored = drawn(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert correlation(values(drawn(1))[:, ::-1], values(mirrored)) > 0.95


@pytest.mark.parametrize("size", [(1, 1), (40, 3), (2000, 1)])
def test_every_picture_has_one(size):
    assert not values(Image.new("RGB", size, (90, 90, 90))).any()
