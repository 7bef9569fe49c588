"""Images are read as diffusers' scripts read them, and bad ones are named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from common import images
from common.errors import StageError


@pytest.mark.parametrize("size", [(40, 36), (36, 40), (33, 101), (200, 64), (8, 9)])
def test_pixels_equal_torchvisions_resize_and_crop(tmp_path, size):
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    picture.save(tmp_path / "a.png")
    reference = transforms.Compose([transforms.Resize(32), transforms.CenterCrop(32)])(picture)
    expected = torch.from_numpy(np.array(reference)).permute(2, 0, 1)
    assert torch.equal(images.read_image(str(tmp_path / "a.png"), 32), expected)


def test_missing_image_is_named(tmp_path):
    with pytest.raises(StageError, match=r"gone\.png does not exist"):
        images.read_image(str(tmp_path / "gone.png"), 32)


@pytest.mark.parametrize("kept", [0, 20, 200])
def test_truncated_image_is_named(tmp_path, photos, kept):
    (tmp_path / "cut.png").write_bytes(Path(photos[0]).read_bytes()[:kept])
    with pytest.raises(StageError, match=r"cut\.png cannot be read"):
        images.read_images([photos[0], str(tmp_path / "cut.png")], 32)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_rgb_of_the_same_brightness(tmp_path, mode):
    if mode == "I;16":
        picture = Image.fromarray(np.full((16, 16), 128 * 257, dtype=np.uint16))
    else:
        picture = Image.new("L", (16, 16), 255 if mode == "1" else 128).convert(mode)
    picture.save(tmp_path / "a.png")
    pixels = images.read_image(str(tmp_path / "a.png"), 16)
    assert pixels.shape == (3, 16, 16)
    assert torch.all(pixels == (255 if mode == "1" else 128))


def test_png_round_trip_is_exact(tmp_path):
    pixels = torch.randint(256, (3, 24, 32), dtype=torch.uint8)
    images.write_png(pixels, tmp_path / "a.png")
    assert torch.equal(
        torch.from_numpy(np.array(Image.open(tmp_path / "a.png"))), pixels.permute(1, 2, 0)
    )


def test_signed_range_round_trip_is_exact_and_clips():
    pixels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(images.to_uint8(images.to_signed(pixels)), pixels)
    beyond = torch.tensor([-3.0, 3.0, float("nan"), float("inf")])
    assert images.to_uint8(beyond).tolist() == [0, 255, 0, 255]


def test_digest_tells_images_apart():
    pixels = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    other = pixels.clone()
    other[1, 2, 3, 3] = 1
    assert images.digest(pixels) == images.digest(pixels.clone()) != images.digest(other)
