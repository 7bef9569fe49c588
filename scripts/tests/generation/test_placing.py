"""Masks on photos: turned, scaled, on the part, and by the seed alone."""

import numpy as np
import pytest
import surfaces

from generation.draws import Draws
from generation.placing import AS_IS, Pose, Range, place, place_shape, whole
from generation.shapes import SIZES, cropped

TURNED = Range(0.7, 1.4)


def test_without_turn_and_scale_pixels_are_kept():
    mask, photo = surfaces.scratch(), surfaces.texture()
    pose = Pose((40.0, 42.5), (60.0, 31.5))  # 20 to the right, 11 up
    assert np.array_equal(whole(pose, mask, (120, 120)), np.roll(mask, (-11, 20), (0, 1)))
    moved = pose.cut(photo, (10, 30, 40, 90))
    assert np.array_equal(moved, photo[21:41, 20:70])
    # Beyond the photo's edge its nearest pixels are taken.
    beyond = pose.cut(photo, (0, 10, 10, 30))
    assert np.array_equal(beyond[:, :10], photo[11:21, :1].repeat(10, 1))


def test_a_quarter_turn_turns_pixels_clockwise():
    mask, photo = surfaces.scratch(), surfaces.texture()
    pose = Pose((60.0, 60.0), (60.0, 60.0), angle=90.0)
    assert np.array_equal(whole(pose, mask, (120, 120)), np.rot90(mask, -1))
    cut = pose.cut(photo, (0, 120, 0, 120)).astype(int)
    assert np.abs(cut - np.rot90(photo, -1)).max() <= 1
    assert np.allclose(pose.place(np.array([[70.0, 60.0]])), [[60.0, 70.0]])


@pytest.mark.parametrize("angle", [0, 17, 45, 200])
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.4])
def test_masks_are_scaled_and_lines_stay_whole(angle, scale):
    block = np.zeros((60, 60), bool)
    block[20:40, 20:40] = True
    pose = Pose((30.0, 30.0), (40.0, 50.0), angle, scale)
    area = whole(pose, block, (100, 90)).sum()
    assert abs(area - 400 * scale**2) < 0.6 * 80 * max(scale, 1)  # about half a pixel all around
    line = np.zeros((60, 60), bool)
    line[30, 10:50] = True
    placed = whole(Pose((30.0, 30.5), (40.0, 50.0), angle, scale), line, (100, 90))
    rows, columns = np.nonzero(placed)
    across = columns if np.ptp(columns) >= np.ptp(rows) else rows
    assert len(set(across)) == np.ptp(across) + 1  # no gap


def test_masks_are_placed_on_the_part():
    photo, where = surfaces.nut()
    angles, scales = [], []
    for seed in range(60):
        placed = place(surfaces.scratch(), photo, TURNED, Draws(seed, "test"))
        assert not placed.off_part
        assert not placed.too_small
        assert where[placed.mask].mean() > 0.85
        angles.append(placed.pose.angle)
        scales.append(placed.pose.scale)
    assert np.histogram(angles, 4, (0, 360))[0].min() > 5
    assert np.histogram(scales, 4, (0.7, 1.4))[0].min() > 5


def test_masks_are_placed_anywhere_on_a_surface():
    photo = surfaces.texture()
    seen = np.zeros((120, 120), bool)
    for seed in range(150):
        placed = place(surfaces.scratch(), photo, TURNED, Draws(seed, "test"))
        assert not placed.off_part
        seen |= placed.mask
    assert all(
        quarter.mean() > 0.5 for half in np.split(seen, 2) for quarter in np.split(half, 2, 1)
    )


def test_a_mask_for_which_there_is_no_place_is_said_to_be_off_the_part():
    photo, where = surfaces.nut()
    huge = np.ones((100, 115), bool)
    placed = place(huge, photo, AS_IS, Draws(1, "test"))
    assert placed.off_part
    assert placed.mask.any()
    assert placed.on_part == pytest.approx(where.sum() / huge.size, abs=0.1)  # the best there is


def test_masks_may_be_too_small():
    photo = surfaces.texture()
    dot = np.zeros((50, 50), bool)
    assert place(dot, photo, TURNED, Draws(1, "test")).too_small
    assert not place(dot, photo, TURNED, Draws(1, "test")).mask.any()
    dot[10, 10:13] = True
    placed = place(dot, photo, TURNED, Draws(1, "test"))
    assert placed.too_small
    assert placed.mask.any()


def test_a_seed_gives_one_place():
    photo, mask = surfaces.nut()[0], surfaces.scratch()
    first, again, other = (place(mask, photo, TURNED, Draws(seed, "test")) for seed in (5, 5, 6))
    assert first.pose == again.pose
    assert np.array_equal(first.mask, again.mask)
    assert first.pose != other.pose
    # The same with every release of NumPy, and for every purpose another.
    assert [Draws(5, "test").below(1000), Draws(5, "more").below(1000)] == [920, 855]


@pytest.mark.parametrize("kind", ["boxes", "blobs"])
def test_shapes_have_sizes_in_their_range(kind):
    photo = surfaces.texture(200)
    lengths = []
    for seed in range(80):
        placed = place_shape(kind, photo, AS_IS, Draws(seed, "test"))
        shape = cropped(placed.mask)
        lengths.append(max(shape.shape))
        assert placed.mask.any()
        assert kind == "blobs" or shape.all()  # upright rectangles
    low, high = (200 * share for share in SIZES)
    assert low * 0.8 - 2 < min(lengths)
    assert max(lengths) <= high * 1.2 + 2
    assert max(lengths) > 2 * min(lengths)
