"""Where photos show the part."""

import numpy as np
import pytest
import surfaces

from generation.part import otsu, part


@pytest.mark.parametrize("side", [60, 120, 700])
@pytest.mark.parametrize("made", [surfaces.nut, surfaces.strip])
def test_what_stands_out_of_the_background_is_the_part(made, side):
    photo, where = made(side)
    found = part(photo)
    assert found.shape == where.shape
    assert (found != where).mean() < 0.04
    turned = part(255 - photo)  # a dark part on a bright ground
    assert (turned != where).mean() < 0.04


@pytest.mark.parametrize("side", [80, 160, 600])
@pytest.mark.parametrize("ground", [(215, 200, 70), (230, 230, 230), (40, 90, 200)])
def test_a_shadow_is_no_part(side, ground):
    photo, where = surfaces.shaded(side, ground=ground)
    assert (part(photo) != where).mean() < 0.04


def test_grey_on_grey_is_part_with_its_shadow():
    """Nothing tells a part that is as grey as the ground from a shadow."""
    photo, where = surfaces.shaded(part=(90, 90, 90), ground=(210, 210, 210))
    assert part(photo)[where].mean() > 0.99


def test_what_a_part_encloses_is_the_part():
    photo, where = surfaces.shaded()
    photo[70:90, 60:80] = (110, 102, 36)  # as the ground is in shadow
    assert (part(photo) != where).mean() < 0.04


@pytest.mark.parametrize("seed", range(5))
def test_a_surface_is_part_everywhere(seed):
    assert part(surfaces.texture(seed=seed)).all()
    assert part(surfaces.texture(300, seed)).all()


def test_a_mesh_and_a_plain_photo_are_part_everywhere():
    assert part(surfaces.mesh()).all()
    assert part(np.full((30, 50, 3), 77, np.uint8)).all()
    assert part(np.full((1, 1, 3), 77, np.uint8)).all()


def test_uneven_light_makes_no_part():
    """A surface that is a fifth darker in its corners."""
    y, x = np.mgrid[:200, :200] / 200 - 0.5
    light = 1 - 0.4 * (x * x + y * y)
    photo = surfaces.texture(200) * light[..., None]
    assert part(photo.astype(np.uint8)).all()


def test_threshold_is_between_two_heaps():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(10, 1, 900), rng.normal(50, 1, 100)])
    assert 14 < otsu(values) < 46
    assert (values > otsu(values)).sum() == 100
