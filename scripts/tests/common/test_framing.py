"""Photos become squares: cropped, stretched or padded, whole or in regions, masks as they are."""

import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from common import framing, images
from common.errors import StageError
from common.framing import Rendering
from common.regions import Region, located

FITS = ["", "stretch", "pad", "pad #102030"]
SIDE = 32


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def seen(picture: Image.Image, fit: str = "", side: int = SIDE) -> np.ndarray:
    return np.asarray(framing.square(picture, side, Rendering(fit=fit))[0])


ODD = [*itertools.product((1, 31, 32, 33, 47, 64, 101), (9, 32, 33, 95, 128)), (700, 3), (2, 500)]


@pytest.mark.parametrize("side", [32, 33])
@pytest.mark.parametrize("size", ODD, ids=str)
def test_cropped_photos_equal_torchvisions_to_the_bit(size, side):
    picture = noise(*size)
    both = transforms.Compose([transforms.Resize(side), transforms.CenterCrop(side)])
    assert np.array_equal(seen(picture, side=side), np.asarray(both(picture)))


@pytest.mark.parametrize("size", [(20000, 40), (40, 20000), (90000, 700), (700, 90000)], ids=str)
def test_of_extreme_photos_only_the_middle_is_scaled(size, monkeypatch):
    made = []
    resize = Image.Image.resize

    def spy(picture, *arguments, **options):
        made.append(resize(picture, *arguments, **options))
        return made[-1]

    monkeypatch.setattr(Image.Image, "resize", spy)
    picture, side = Image.new("RGB", size, (10, 200, 30)), 512
    square, layout = framing.square(picture, side)
    assert [scaled.size for scaled in made] == [(side, side)]
    assert np.all(np.asarray(square) == (10, 200, 30))
    scaled = (side * size[0] // min(size), side * size[1] // min(size))
    assert (layout.across.scaled, layout.down.scaled) == scaled


@pytest.mark.parametrize("size", [(900, 11), (11, 900), (1501, 77), (501, 100)], ids=str)
@pytest.mark.parametrize("side", [8, 32, 77])
def test_the_middle_is_that_of_the_scaled_photo(size, side, monkeypatch):
    picture = noise(*size)
    whole = seen(picture, side=side).astype(int)
    monkeypatch.setattr(framing, "LARGEST_SCALED", 0)
    assert np.abs(seen(picture, side=side) - whole).max() <= 1


@pytest.mark.parametrize("size", [(64, 40), (33, 70), (7, 300)], ids=str)
def test_stretched_photos_are_all_there(size):
    picture = noise(*size)
    assert np.array_equal(
        seen(picture, "stretch"), np.asarray(picture.resize((SIDE,) * 2, Image.Resampling.BILINEAR))
    )


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        *[((64, 40), (32, 20)), ((40, 64), (20, 32)), ((31, 9), (32, 9)), ((3000, 2), (32, 1))],
        *[((64, 62), (32, 31)), ((62, 64), (31, 32))],
    ],
    ids=str,
)
def test_padded_photos_stand_in_the_middle(size, scaled):
    picture = noise(*size)
    photo = np.asarray(picture.resize(scaled, Image.Resampling.BILINEAR))
    left, top = (SIDE - scaled[0]) // 2, (SIDE - scaled[1]) // 2
    inside = np.zeros((SIDE, SIDE), bool)
    inside[top : top + scaled[1], left : left + scaled[0]] = True
    repeated, coloured = seen(picture, "pad"), seen(picture, "pad #102030")
    for square in (repeated, coloured):
        assert np.array_equal(square[inside], photo.reshape(-1, 3))
    assert np.all(coloured[~inside] == (0x10, 0x20, 0x30))
    rows = np.arange(SIDE).clip(top, top + scaled[1] - 1) - top
    columns = np.arange(SIDE).clip(left, left + scaled[0] - 1) - left
    assert np.array_equal(repeated, photo[rows][:, columns])


@pytest.mark.parametrize("fit", ["", "stretch", "pad"])
def test_a_photo_of_one_colour_is_a_square_of_that_colour(fit):
    for long, side in itertools.product((7, 32, 50, 64), (31, 32)):
        for short in range(1, long + 1):
            for size in ((long, short), (short, long)):
                assert np.all(seen(Image.new("RGB", size, (9, 99, 199)), fit, side) == (9, 99, 199))


def test_a_square_photo_fits_in_every_way():
    for side in (8, 50, 77):
        squares = [seen(noise(50, 50), fit, side) for fit in FITS]
        assert all(np.array_equal(square, squares[0]) for square in squares)


@pytest.mark.parametrize(
    ("fit", "told"), [("", [40, 90, 0, 20]), ("stretch", [40, 90, 0, 0]), ("pad", [40, 90, 0, 0])]
)
def test_sdxl_is_told_of_the_photo_and_of_what_is_cropped(fit, told):
    assert framing.square(noise(90, 40), SIDE, Rendering(fit=fit))[1].told() == told


@pytest.mark.parametrize("fit", ["crop", "Pad", "pad ", "pad #12345", "pad red", "stretch #102030"])
def test_fits_that_there_are_not(fit):
    with pytest.raises(StageError, match="is unknown; use stretch, pad or pad #rrggbb"):
        Rendering(fit=fit)


@pytest.mark.parametrize("fit", FITS)
def test_a_region_is_cut_out_before_it_is_framed(tmp_path, fit):
    whole, rendering = noise(90, 60), Rendering(fit=fit)
    path, alone = str(tmp_path / "a.png"), str(tmp_path / "b.png")
    whole.save(path)
    whole.crop((10, 20, 10 + 31, 20 + 17)).save(alone)
    read = images.read_framed([f"{path}#xywh=10,20,31,17", alone, path], SIDE, rendering)
    assert torch.equal(read[0][0], read[1][0])
    assert not torch.equal(read[0][0], read[2][0])
    assert read[0][1] == read[1][1] != read[2][1]


def test_regions_are_those_of_the_upright_photo(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    upright = noise(40, 60)
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.png", exif=exif)
    read = images.read_image(f"{tmp_path / 'a.png'}#xywh=8,20,32,32", 32)
    assert np.array_equal(read.permute(1, 2, 0), upright.crop((8, 20, 40, 52)))


@pytest.mark.parametrize("region", ["0,0,41,8", "0,0,8,37", "33,0,8,8", "0,0,0,8", "0,0,8,0"])
def test_a_region_beyond_its_photo_is_named(photos, region):
    with pytest.raises(
        StageError, match=rf"00\.png has 40×36 pixels, and the region xywh={region}"
    ):
        images.read_image(f"{photos[0]}#xywh={region}", 32)


def test_names_with_other_fragments_are_names(tmp_path):
    for name in (
        "a#1.png",
        "a#xywh=1,2,3,4.png",
        "a.png#t=10",
        "a.png#xywh=1,2,3",
        "a.png#xywh=-1,2,3,4",
    ):
        noise(40, 36).save(tmp_path / name, format="PNG")
        assert located(str(tmp_path / name)) == (str(tmp_path / name), None)
        assert images.read_image(str(tmp_path / name), 32).shape == (3, 32, 32)
        region = f"{tmp_path / name}#xywh=4,0,32,32"
        assert located(region) == (str(tmp_path / name), Region(4, 0, 32, 32))


def test_a_file_that_is_called_like_a_region_is_read_unless_it_is_one(tmp_path):
    """A photo with a region's name is no photo to the host, which sends only regions so."""
    name = str(tmp_path / "a.png#xywh=0,0,8,8")
    noise(40, 36).save(name, format="PNG")
    assert located(name) == (name, None)
    assert located(name + "#xywh=1,2,3,4") == (name, Region(1, 2, 3, 4))
    noise(20, 20).save(tmp_path / "a.png")
    assert located(name) == (str(tmp_path / "a.png"), Region(0, 0, 8, 8))


def test_what_is_kept_of_a_region_follows_its_file(tmp_path):
    path = tmp_path / "a.png"
    regions = [f"{path}#xywh={x},0,32,32" for x in (0, 8)]
    noise(40, 36).save(path)
    before = images.read_images(regions, 32)
    assert not torch.equal(before[0], before[1])
    noise(40, 36, seed=1).save(path)
    after = images.read_images(regions, 32)
    assert not torch.equal(before[0], after[0])
    path.unlink()
    with pytest.raises(StageError, match=r"a\.png does not exist"):
        images.read_images(regions, 32)


def test_regions_of_one_photo_share_a_reading(tmp_path, monkeypatch):
    noise(64, 64).save(tmp_path / "a.png")
    noise(64, 64).save(tmp_path / "b.png")
    read, reading = [], images.photos.read_file
    monkeypatch.setattr(images.photos, "read_file", lambda f, v: read.append(f) or reading(f, v))
    tiles = [f"{tmp_path / n}#xywh={x},0,8,8" for n in ("a.png", "b.png") for x in range(0, 64, 8)]
    images.read_images(tiles, 8)
    assert read == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
