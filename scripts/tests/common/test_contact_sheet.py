"""A contact sheet shows what networks see, and where the masks say that there are defects."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from common import contact_sheet, framing, masks, photos
from common.contact_sheet import GAP, LINE_HEIGHT, LINES, SIGNAL, Picture, Sheet
from common.errors import StageError
from common.framing import Rendering
from common.regions import Region


@pytest.fixture
def flawed(tmp_path) -> tuple[str, str]:
    """A photo of 90×60 noisy pixels, and a mask with one of them and a rectangle."""
    values = np.random.default_rng(0).integers(0, 200, (60, 90, 3), dtype=np.uint8)
    mask = np.zeros((60, 90), np.uint8)
    mask[20, 30] = mask[30:40, 40:60] = 255
    for name, pixels in (("photo", values), ("mask", mask)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return str(tmp_path / "photo.png"), str(tmp_path / "mask.png")


def written(tmp_path: Path, pictures: list[Picture], resolution: int = 32, **keys) -> np.ndarray:
    output = str(tmp_path / "sheet.png")
    said = contact_sheet.write(
        Sheet(pictures=pictures, resolution=resolution, output=output, **keys)
    )
    drawn = np.asarray(Image.open(output))
    assert drawn.shape == (said["height"], said["width"], 3)
    return drawn


@pytest.mark.parametrize("fit", ["", "stretch", "pad", "pad #204060"])
@pytest.mark.parametrize("resolution", [32, 200])
def test_pictures_are_what_networks_see_and_masks_are_outlined(tmp_path, flawed, fit, resolution):
    photo, mask = flawed
    region = Region(20, 10, 50, 40)
    pictures = [Picture(photo, "", [mask]), Picture(f"{photo}#{region}", "", [f"{mask}#{region}"])]
    drawn = written(tmp_path, pictures, resolution, fit=fit)
    rendering, side = Rendering(fit=fit), contact_sheet.shown_side(resolution)
    enlarged = side // resolution
    assert side == resolution * enlarged >= 160
    for number, picture in enumerate(pictures):
        left = GAP + number * (side + GAP)
        shown = drawn[GAP : GAP + side, left : left + side]
        square, _ = framing.square(photos.read(picture.path), resolution, rendering)
        expected = np.asarray(square).repeat(enlarged, 0).repeat(enlarged, 1)
        marked = masks.read(picture.masks, resolution, rendering)
        marked = marked.repeat(enlarged, 0).repeat(enlarged, 1)
        line = np.all(shown == SIGNAL, -1)
        assert np.array_equal(shown[~line], expected[~line])
        assert line.any()
        for y, x in np.ndindex(line.shape):  # beside the mask, and nowhere else
            beside = marked[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].any()
            assert line[y, x] == (beside and not marked[y, x])


def test_large_pictures_are_scaled_down_and_lose_no_defect(tmp_path, flawed):
    drawn = written(tmp_path, [Picture(flawed[0], "", [flawed[1]])], 1100)
    assert drawn.shape[1] == 512 + 2 * GAP
    assert np.all(drawn == SIGNAL, -1).any()


def test_pictures_stand_in_rows_with_labels_below(tmp_path, flawed):
    names = [f"a label that is too long for its picture, and then some more {n}" for n in range(60)]
    drawn = written(tmp_path, [Picture(flawed[0], name) for name in names], 200)
    columns, rows = 12, 5
    cell = 200 + GAP
    assert drawn.shape == (rows * (cell + LINES * LINE_HEIGHT) + GAP, columns * cell + GAP, 3)
    paper = np.all(drawn == 255, -1)
    for row in range(rows):
        top = GAP + row * (cell + LINES * LINE_HEIGHT) + 200
        for column in range(columns):
            left = GAP + column * cell
            assert not paper[top : top + LINES * LINE_HEIGHT, left : left + 200].all()
            between = paper[top : top + LINES * LINE_HEIGHT, left + 200 + 1 : left + cell - 1]
            assert between.all()


def test_headings_stand_above_their_pictures(tmp_path, flawed):
    headings = ["good"] * 14 + ["crack"] * 2
    drawn = written(tmp_path, [Picture(flawed[0], "", heading=head) for head in headings], 200)
    cell, head = 200 + GAP + LINES * LINE_HEIGHT, contact_sheet.HEADING + GAP
    assert drawn.shape[:2] == (3 * cell + 2 * head + GAP, 12 * (200 + GAP) + GAP)
    paper = np.all(drawn == 255, -1)
    for top in (GAP, GAP + head + 2 * cell):
        assert not paper[top : top + head, : 200 + GAP].all()
        assert paper[top : top + head, 200 + GAP :].all()
        assert not paper[top + head : top + head + 200, GAP : GAP + 200].any()


def test_labels_are_broken_and_cut_to_the_width_of_a_picture():
    font = contact_sheet.ImageFont.load_default(contact_sheet.TEXT)
    for text in ("", "short", "crack · test/crack/012.png#xywh=1,2,3,4 " * 3, "傷" * 99, "x" * 500):
        lines = contact_sheet.wrapped(text, font, 160)
        assert len(lines) <= LINES
        assert all(font.getlength(line) <= 160 + font.getlength("…") for line in lines)
        shown = "".join(lines)
        assert shown == text or (len(lines) == LINES and text.startswith(shown[:-1]))


@pytest.mark.parametrize("count", [0, 61])
def test_sheets_have_pictures_and_not_too_many(tmp_path, flawed, count):
    with pytest.raises(StageError, match=f"a sheet has 1 to 60 pictures, not {count}"):
        written(tmp_path, [Picture(flawed[0], "")] * count)


def test_a_mask_of_another_size_than_its_photo_is_named(tmp_path, flawed):
    Image.new("L", (60, 90)).save(tmp_path / "other.png")
    wrong = r"mask .*other\.png has 60×90 pixels, and its photo 90×60"
    with pytest.raises(StageError, match=wrong):
        written(tmp_path, [Picture(flawed[0], "", [str(tmp_path / "other.png")])])


def test_requests_are_answered_line_by_line_without_torch(tmp_path, flawed):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from common import contact_sheet;"
        "contact_sheet.answer(); sys.exit('torch' in sys.modules)"
    )
    picture = {
        "path": f"{flawed[0]}#xywh=0,0,40,40",
        "masks": [f"{flawed[1]}#xywh=0,0,40,40"],
        "label": "crack",
    }
    request = {"pictures": [picture], "resolution": 64, "fit": "", "levels": []}
    request["output"] = str(tmp_path / "sheet.png")
    gone = {**picture, "path": str(tmp_path / "gone.png")}
    asked = io.StringIO()
    for changes in (
        {},
        {"pictures": [gone]},
        {"fit": "oval"},
        {"output": str(tmp_path / "nowhere" / "sheet.png")},
        {"colour": "red"},
    ):
        print(json.dumps(request | changes), file=asked)
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(Path(photos.__file__).parents[1])],
        input=asked.getvalue(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    started, first, *errors = done.stdout.splitlines()
    assert started == ""
    with Image.open(request["output"]) as sheet:
        assert sheet.size == tuple(json.loads(first)[name] for name in ("width", "height"))
    for line, text in zip(
        errors,
        (
            "gone.png does not exist",
            "'oval' is unknown",
            "cannot be written",
            "unknown key 'colour'",
        ),
        strict=True,
    ):
        assert text in json.loads(line)["error"]
