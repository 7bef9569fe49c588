"""Masks lie where the photo's pixels lie, whatever was done to the photo, and lose no defect."""

import numpy as np
import pytest
import torch
from PIL import Image

from common import framing, images, masks, photos
from common.errors import StageError
from common.framing import Rendering
from common.regions import Region

FITS = ["", "stretch", "pad", "pad #000000"]


@pytest.fixture
def planted(tmp_path):
    """Writes a black photo with a white rectangle, and a mask of the same."""

    def write(size: tuple[int, int], rectangle: tuple[int, int, int, int]) -> tuple[str, str]:
        values = np.zeros((size[1], size[0]), np.uint8)
        left, top, right, bottom = rectangle
        values[top:bottom, left:right] = 255
        photo, mask = str(tmp_path / "photo.png"), str(tmp_path / "mask.png")
        Image.fromarray(values).save(photo)
        Image.fromarray(values).save(mask)
        return photo, mask

    return write


def both(photo: str, mask: str, side: int, fit: str, region: Region | None):
    """Brightness, (1, R, R) from 0 to 1, and mask of a photo, as networks see them."""
    rendering = Rendering(fit=fit)
    pixels = images.read_image(f"{photo}#{region}" if region else photo, side, rendering)
    return pixels[:1] / 255, images.read_mask(
        [f"{mask}#{region}" if region else mask], side, rendering
    )


@pytest.mark.parametrize("fit", FITS)
def test_where_pixels_meet_a_mask_is_its_photo_to_the_pixel(planted, fit):
    """The edges of the rectangle, of the region and of the square's pixels fall together."""
    for size, rectangle, region in (
        ((128, 64), (48, 16, 72, 40), Region(32, 0, 64, 64)),
        ((128, 64), (48, 16, 64, 32), Region(16, 8, 64, 32)),
        ((64, 128), (24, 40, 40, 56), Region(16, 32, 32, 64)),
        ((64, 32), (18, 4, 30, 12), Region(8, 0, 32, 16)),
        ((16, 8), (6, 2, 9, 4), Region(4, 1, 8, 4)),
        ((32, 32), (5, 6, 20, 9), Region(1, 4, 16, 16)),
    ):
        for part in (None, region):
            bright, marked = both(*planted(size, rectangle), 32, fit, part)
            assert marked.shape == (1, 32, 32)
            assert marked.any()
            # Each edge by itself: where pixels are divided, the corners are darker.
            bright = torch.minimum(bright.amax(-1, keepdim=True), bright.amax(-2, keepdim=True))
            for flip in (lambda t: t, lambda t: t.flip(-1)):  # as trainings flip
                assert torch.equal(flip(bright) > 0.51, flip(marked)), (size, part)


@pytest.mark.parametrize("fit", FITS)
def test_a_mask_covers_what_is_bright_and_nothing_that_is_black(planted, fit):
    """For all sizes: what is brighter than half is marked, and what is marked is not black."""
    rng = np.random.default_rng(0)
    marked_somewhere = 0
    for _ in range(60):
        size = tuple(int(n) for n in rng.integers(20, 160, 2))
        width, height = (int(rng.integers(6, n)) for n in size)
        left, top = int(rng.integers(0, size[0] - width)), int(rng.integers(0, size[1] - height))
        photo, mask = planted(size, (left, top, left + width, top + height))
        w, h = (int(rng.integers(12, n + 1)) for n in size)
        region = Region(
            *(int(rng.integers(0, n - m + 1)) for n, m in zip(size, (w, h), strict=True)), w, h
        )
        for part in (None, region):
            side = int(rng.integers(16, 80))
            bright, marked = both(photo, mask, side, fit, part)
            layout = framing.frame((part.width, part.height) if part else size, side, fit)
            inside = masks.placed(np.ones((layout.down.length, layout.across.length), bool), layout)
            assert torch.all(marked[(bright > 0.51) & torch.from_numpy(inside)]), (size, part)
            assert torch.all(bright[marked] > 0), (size, part)
            marked_somewhere += bool(marked.any())
    assert marked_somewhere > 60


@pytest.mark.parametrize("fit", ["stretch", "pad"])
@pytest.mark.parametrize(("width", "height", "side"), [(47, 29, 16), (33, 101, 31), (10, 7, 24)])
def test_no_pixel_of_a_defect_vanishes(width, height, side, fit):
    layout = framing.frame((width, height), side, fit)
    for y in range(height):
        for x in range(width):
            mask = np.zeros((height, width), bool)
            mask[y, x] = True
            placed = masks.placed(mask, layout)
            assert placed.shape == (side, side)
            if width > side:  # every pixel of the photo belongs to one of the square
                assert placed.any(0).sum() == 1, (x, y)
            assert placed.any(), (x, y)


def test_pixels_of_a_square_share_out_those_of_the_photo():
    """What is cropped away is marked nowhere, and nothing is marked twice."""
    layout = framing.frame((301, 100), 32, "")
    counts = np.zeros((32, 32), int)
    for x in range(301):
        mask = np.zeros((100, 301), bool)
        mask[:, x] = True
        counts += masks.placed(mask, layout)
    assert counts[0].sum() == pytest.approx(100, abs=2)
    assert np.all(counts == counts[0])
    assert counts.min() >= 3


def test_padding_is_no_defect():
    for size in ((64, 20), (20, 64)):
        placed = masks.placed(np.ones(size[::-1], bool), framing.frame(size, 32, "pad"))
        assert placed.sum() == 32 * 10
        assert placed[16, 16]


def test_extreme_photos_have_masks_too():
    mask = np.zeros((40, 20000), bool)
    mask[7, 10001] = True
    placed = masks.placed(mask, framing.frame((20000, 40), 512, ""))
    x, y = np.nonzero(placed)[1].mean(), np.nonzero(placed)[0].mean()
    assert (x, y) == (pytest.approx(256 + 1.5 * 12.8, abs=1), pytest.approx(7.5 * 12.8, abs=1))


def test_masks_of_one_photo_are_joined(tmp_path):
    paths = []
    for number, columns in enumerate((slice(0, 8), slice(4, 12))):
        values = np.zeros((32, 32), np.uint8)
        values[:, columns] = 1 + number
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(values).save(paths[-1])
    expected = torch.zeros(1, 32, 32, dtype=torch.bool)
    assert torch.equal(images.read_mask([], 32), expected)
    expected[..., :12] = True
    assert torch.equal(images.read_mask(paths, 32), expected)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "16 bits, low", "I", "F"]
)
def test_what_is_not_black_is_a_defect(tmp_path, mode):
    values = np.zeros((8, 8), np.uint8)
    values[2:4, 3:7] = 255
    picture, path = Image.fromarray(values), tmp_path / "mask.tif"
    if mode == "P":  # a palette whose blackest colour is not the first
        picture = Image.fromarray(1 - values // 255)
        picture.putpalette([0, 0, 255, 0, 0, 0])
    elif "16" in mode:
        picture = Image.fromarray((values // 255).astype(np.uint16))
    elif mode == "RGBA":  # alpha hides nothing and marks nothing
        picture = Image.merge(
            "RGBA", [Image.new("L", (8, 8)), Image.new("L", (8, 8)), picture, picture]
        )
        picture.putalpha(90)
    else:
        picture = picture.convert(mode)
    picture.save(path)
    assert np.array_equal(photos.read_mask(str(path)), values > 0)


def test_a_mask_is_what_its_pixels_are(tmp_path):
    values = np.zeros((8, 20), np.uint8)
    values[0, 3] = 1
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.fromarray(values).save(tmp_path / "mask.png", exif=exif)
    assert np.argwhere(photos.read_mask(str(tmp_path / "mask.png"))).tolist() == [[0, 3]]


def test_masks_that_do_not_fit_are_named(tmp_path):
    for name, size in (("a.png", (8, 8)), ("b.png", (8, 9))):
        Image.new("L", size, 1).save(tmp_path / name)
    one, other = str(tmp_path / "a.png"), str(tmp_path / "b.png")
    with pytest.raises(StageError, match=r"b\.png has 8×9 pixels, and its photo 8×8: give it"):
        images.read_mask([one, other], 32)
    with pytest.raises(StageError, match=r"a\.png has 8×8 pixels, and the region xywh=4,0,8,8"):
        images.read_mask([f"{one}#{Region(4, 0, 8, 8)}"], 32)
    with pytest.raises(StageError, match=r"gone\.png does not exist"):
        images.read_mask([str(tmp_path / "gone.png")], 32)
