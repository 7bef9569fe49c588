"""The flags say what they say on the edges, too."""

import torch

from common import image_quality, images


def measure(signed: torch.Tensor) -> image_quality.Quality:
    return image_quality.measure(signed, images.to_uint8(signed))


def test_a_photograph_has_no_flag():
    quality = measure(torch.rand(3, 32, 32) * 1.6 - 0.8)
    assert (quality.blank, quality.saturated, quality.nan) == (False, False, False)
    assert 100 < quality.mean < 155


def test_black_and_white_is_not_saturated():
    """Binary pictures, such as those of circuit boards, decode a little beyond the range."""
    quality = measure(torch.randn(3, 32, 32).sign() * 1.05)
    assert not quality.saturated
    assert not quality.blank


def test_burnt_colours_are_saturated():
    assert measure(torch.randn(3, 32, 32) * 3).saturated


def test_one_nan_is_enough():
    signed = torch.rand(3, 32, 32)
    signed[1, 2, 3] = float("nan")
    quality = measure(signed)
    assert quality.nan
    assert not quality.blank


def test_a_single_grey_level_is_blank():
    assert measure(torch.full((3, 32, 32), 0.3)).blank
