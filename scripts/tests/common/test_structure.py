"""The change of pictures is one minus their structural similarity."""

import numpy as np
import pytest

from common.structure import C1, C2, dissimilarity

EVERYWHERE = np.ones((32, 40), bool)


@pytest.fixture
def photo() -> np.ndarray:
    y, x = np.mgrid[0:32, 0:40]
    grey = 100 + 40 * np.sin(x / 3) + 30 * np.cos(y / 5)
    return np.stack([grey, 0.9 * grey, 0.7 * grey], -1).astype(np.uint8)


def by_loops(one: np.ndarray, other: np.ndarray, row: int, column: int) -> float:
    """One minus SSIM at a pixel away from the edges, by the paper's formulas with 11x11 windows."""
    steps = np.arange(-5, 6)
    weights = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * 1.5**2))
    weights /= weights.sum()
    cut = np.s_[row - 5 : row + 6, column - 5 : column + 6]
    values = []
    for channel in range(3):
        x, y = (picture[cut][..., channel].astype(float) for picture in (one, other))
        mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
        var_x, var_y = ((weights * (v - (weights * v).sum()) ** 2).sum() for v in (x, y))
        covariance = (weights * (x - mean_x) * (y - mean_y)).sum()
        likeness = (2 * mean_x * mean_y + C1) / (mean_x**2 + mean_y**2 + C1)
        values.append(likeness * (2 * covariance + C2) / (var_x + var_y + C2))
    return 1 - float(np.mean(values))


def test_it_is_that_of_the_paper(photo):
    other = np.roll(photo, 3, 1)
    for row, column in ((10, 12), (20, 30)):
        mask = np.zeros_like(EVERYWHERE)
        mask[row, column] = True
        expected = by_loops(photo, other, row, column)
        assert dissimilarity(photo, other, mask) == pytest.approx(expected, abs=1e-9)


def test_equal_pictures_differ_in_nothing_and_others_by_what_the_mask_shows(photo):
    assert dissimilarity(photo, photo, EVERYWHERE) == 0
    other, mask = photo.copy(), np.zeros_like(EVERYWHERE)
    mask[12:20, 14:26] = True
    other[mask] = 255 - other[mask]
    far = np.zeros_like(mask)
    far[:4, :4] = True
    assert dissimilarity(photo, other, mask) > 0.5 > dissimilarity(photo, other, EVERYWHERE)
    assert dissimilarity(photo, other, far) == 0
    assert dissimilarity(photo, other, np.zeros_like(mask)) == 0
    assert dissimilarity(photo, 255 - photo, EVERYWHERE) > 1


def test_large_pictures_are_compared_smaller(photo):
    large = photo.repeat(16, 0).repeat(16, 1)
    other = np.roll(large, 16, 1)
    grain = np.random.default_rng(0).integers(-30, 31, large.shape)
    grainy = (other.astype(int) + grain).clip(0, 255).astype(np.uint8)
    mask = np.ones(large.shape[:2], bool)
    fine = dissimilarity(large[:200, :200], grainy[:200, :200], mask[:200, :200])
    assert dissimilarity(large, grainy, mask) < fine
