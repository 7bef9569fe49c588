"""Photos are read in one way, whatever file they come in, and quickly asked about."""

import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import odd_photos
from common import images, photos
from common.errors import StageError
from common.framing import Rendering


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos") / "odd"
    odd_photos.write(folder)
    return folder


def test_a_picture_is_the_same_in_every_container(odd):
    same = photos.look(str(odd / "exact" / "RGB.png"))["pixels"]
    for name in ("RGB.bmp", "RGB.webp", "tiff_lzw.tif", "RGBA.png", "3 MB of text.png"):
        assert photos.look(str(odd / "exact" / name))["pixels"] == same
    assert photos.look(str(odd / "exact" / "turned 3.png"))["pixels"] != same


@pytest.mark.parametrize("kind", ["png", "webp", "tif"])
def test_photos_are_upright(odd, kind):
    right_up = np.asarray(odd_photos.picture())
    turns = {
        2: right_up[:, ::-1],
        3: right_up[::-1, ::-1],
        6: np.rot90(right_up, -1),
        8: np.rot90(right_up),
    }
    for turn, expected in turns.items():
        path = odd / "exact" / f"turned {turn}.{kind}"
        assert np.array_equal(np.asarray(photos.read(str(path))), expected)
        assert photos.look(str(path))["orientation"] == turn


def test_a_copy_turned_by_exif_is_the_same_photo(tmp_path):
    exif = Image.Exif()
    exif[odd_photos.ORIENTATION] = 6  # to be turned clockwise
    odd_photos.picture().save(tmp_path / "a.png")
    turned = odd_photos.picture().transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "b.png", exif=exif)
    a, b = (photos.look(str(tmp_path / name)) for name in ("a.png", "b.png"))
    assert a["pixels"] == b["pixels"]
    assert (b["width"], b["height"], b["orientation"]) == (*odd_photos.SIZE, 6)


def test_the_identity_is_of_what_stages_see(odd):
    path = str(odd / "exact" / "P.png")
    assert photos.identity(photos.read(path)) == photos.look(path)["pixels"]


def test_levels_of_twelve_bits_use_all_of_eight(odd):
    path = str(odd / "exact" / "12 of 16.png")
    dark, bright = (np.asarray(photos.read(path, levels)) for levels in ((), (0, 4095)))
    assert dark.max() == 16
    assert bright.min() == 0
    assert bright.max() == 255
    said = photos.look(path, [0, 4095])
    assert (said["low"], said["high"], said["mode"]) == (0, 4095, "I;16")


def test_levels_are_one_straight_line():
    for low, high in ((0, 65535), (0, 4095), (100, 3300), (7, 8)):
        values = np.arange(2**16)
        expected = np.clip((values - low) / (high - low), 0, 1) * 255
        table = photos._table(low, high)
        assert np.abs(table - expected).max() <= 0.5 + 1e-9
    # As before levels were known: 16 bits are divided by 257.
    assert np.array_equal(photos._table(0, 65535), np.round(np.arange(2**16) / 257))


def test_stages_read_with_levels(odd):
    path = str(odd / "exact" / "12 of 16.png")
    dark, bright = (images.read_images([path], 16, Rendering(levels)) for levels in ((), (0, 4095)))
    assert dark.max() < 20 < 250 < bright.max()
    assert torch.equal(images.read_image(path, 16), dark[0])  # what is kept is kept by levels


def test_photos_of_line_scan_cameras_are_read(tmp_path):
    width, height = 20000, 9200
    rows = zlib.compress(bytes((1 + width // 8) * height), 1)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    with open(tmp_path / "scan.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, text in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
            file.write(struct.pack(">I", len(text)) + name + text)
            file.write(struct.pack(">I", zlib.crc32(name + text)))
    with photos._opened(str(tmp_path / "scan.png")) as file:
        assert file.size == (width, height)


def test_photos_beyond_all_measure_are_refused_by_name(tmp_path, monkeypatch):
    odd_photos.picture().save(tmp_path / "a.png")
    monkeypatch.setattr(photos, "LARGEST", 300)
    with pytest.raises(StageError, match=r"a\.png has 24×16 pixels, and at most 300 are read"):
        photos.read(str(tmp_path / "a.png"))


def test_text_without_end_is_refused_by_name(tmp_path, monkeypatch, odd):
    monkeypatch.setattr(photos.PngImagePlugin, "MAX_TEXT_CHUNK", 2**20)
    path = odd / "exact" / "3 MB of text.png"
    with pytest.raises(StageError, match=r"3 MB of text\.png cannot be read \(.*too large"):
        photos.read(str(path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("float.tif", "made of floating-point numbers"),
        ("32 bits.tif", "made of 32-bit or signed numbers"),
        ("negative.tif", "whose zero is white: save it as PNG"),
        ("film.png", "a film of 2 pictures: save one of them"),
        ("gif.png", "no PNG, JPEG, BMP, TIFF or WebP, whatever its name says"),
        ("empty.png", "cannot be read"),
        ("no end.png", "cannot be read"),
        ("no end.jpg", "cannot be read"),
    ],
)
def test_what_no_photo_can_mean_is_refused_by_name(odd, name, text):
    with pytest.raises(StageError, match=text) as error:
        photos.look(str(odd / "refused" / name))
    assert name in str(error.value)


def test_questions_are_answered_line_by_line_without_torch(odd, tmp_path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from common import photos; photos.answer();"
        "sys.exit('torch' in sys.modules)"
    )
    paths = [str(odd / "exact" / "RGB.png"), str(tmp_path / "gone.png")]
    asked = io.StringIO()
    for path in paths:
        print(json.dumps({"path": path, "levels": []}), file=asked)
    scripts = Path(photos.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(scripts)],
        input=asked.getvalue(),
        capture_output=True,
        text=True,
    )
    started, first, second = done.stdout.splitlines()
    assert (done.returncode, started, done.stderr) == (0, "", "")
    assert json.loads(first) == photos.look(paths[0])
    assert "gone.png does not exist" in json.loads(second)["error"]
