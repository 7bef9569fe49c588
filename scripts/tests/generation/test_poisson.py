"""Poisson image editing, by what defines it."""

import numpy as np
import pytest
import surfaces

from generation.poisson import blended, continued


@pytest.fixture
def mask() -> np.ndarray:
    """A disc, and a corner of the photo."""
    y, x = np.mgrid[:40, :50]
    return (np.hypot(x - 20, y - 18) <= 12) | ((x > 42) & (y > 33))


def test_each_pixel_is_the_mean_of_its_neighbours(mask):
    values = np.random.default_rng(0).normal(size=(40, 50, 3))
    found = continued(values, mask)
    assert np.array_equal(found[~mask], values[~mask])
    for y, x in np.argwhere(mask):
        beside = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        beside = [found[at] for at in beside if at[0] < 40 and at[1] < 50]
        assert np.allclose(found[y, x], np.mean(beside, 0))


def test_a_patch_that_differs_by_a_slope_is_the_photo_itself(mask):
    photo = surfaces.texture()[:40, :50] // 2
    y, x = np.mgrid[:40, :50]
    mask &= x < 42  # a slope is harmonic, but not where nothing is asked at an edge
    patch = photo + (10 + x + y).astype(np.uint8)[..., None]
    assert np.array_equal(blended(photo, patch, mask), photo)


def test_nothing_changes_outside_the_mask(mask):
    photo, patch = surfaces.texture()[:40, :50], surfaces.texture(seed=1)[:40, :50]
    changed = (blended(photo, patch, mask) != photo).any(-1)
    assert not changed[~mask].any()
    assert changed[mask].mean() > 0.9


def test_a_patch_in_place_of_all_the_photo_stays_as_it_is():
    photo, patch = surfaces.texture(), surfaces.texture(seed=1)
    assert np.array_equal(blended(photo, patch, np.ones((120, 120), bool)), patch)
    assert np.array_equal(blended(photo, patch, np.zeros((120, 120), bool)), photo)
