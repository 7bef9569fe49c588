"""The part of a photo that is made anew: where it lies, and what is put back of it."""

import numpy as np
import pytest

from common.regions import Region
from generation import window
from generation.window import Window


def rectangle(size, top, left, height, width) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def photo_of(size) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("mask", "side", "region"),
    [
        # Two and a half times the longer side, with the mask in its middle.
        (rectangle((400, 500), 200, 100, 40, 20), 64, Region(60, 170, 100, 100)),
        # At the photo's corner.
        (rectangle((400, 500), 0, 480, 40, 20), 64, Region(400, 0, 100, 100)),
        # A small mask is not enlarged more than four times.
        (rectangle((400, 500), 200, 100, 2, 2), 256, Region(69, 169, 64, 64)),
        # As much of a narrow photo as there is.
        (rectangle((50, 500), 10, 100, 10, 60), 64, Region(55, 0, 150, 50)),
        # No mask.
        (np.zeros((400, 500), bool), 256, Region(218, 168, 64, 64)),
    ],
)
def test_place(mask, side, region):
    assert window.around(mask, 3, side).region == region


def test_there_is_room_for_the_feather():
    mask = rectangle((400, 500), 200, 100, 4, 4)
    region = window.around(mask, 9, 16).region
    assert (region.y, region.y + region.height) == (200 - 10, 204 + 10)


@pytest.mark.parametrize("region", [Region(3, 5, 32, 32), Region(0, 5, 20, 32)])
def test_what_was_seen_is_put_back_where_it_was(region):
    """To the bit where nothing is scaled, also of a window that is padded."""
    photo, place = photo_of((48, 60)), Window(region, 32)
    darker = place.seen(photo) // 2
    result = place.put_back(photo, darker, np.ones((48, 60), np.float32))
    assert np.array_equal(place.cut(result), place.cut(photo) // 2)
    place.cut(result)[...] = place.cut(photo)
    assert np.array_equal(result, photo)


def test_what_has_no_share_stays():
    photo, place = photo_of((48, 60)), Window(Region(3, 5, 40, 40), 32)
    mask = rectangle((48, 60), 20, 20, 6, 8)
    result = place.put_back(photo, 255 - place.seen(photo), mask.astype(np.float32))
    assert np.array_equal(result[~mask], photo[~mask])
    assert not np.array_equal(result[mask], photo[mask])


def test_masks_are_seen_where_the_photo_is():
    mask = rectangle((48, 60), 8, 8, 1, 1)
    assert np.argwhere(Window(Region(0, 0, 48, 48), 16).seen_mask(mask)).tolist() == [[2, 2]]
