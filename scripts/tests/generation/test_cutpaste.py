"""Pieces of a good photo at other places of it."""

import numpy as np
import pytest
import surfaces

from common.framing import PLAIN
from generation.draws import Draws
from generation.methods.cutpaste import METHOD, moved
from generation.methods.method import TOO_SMALL, NoOptions, Settings, Shot
from generation.shapes import cropped


def arrays(made) -> tuple[np.ndarray, np.ndarray]:
    return made.pixels.permute(1, 2, 0).numpy(), made.mask.numpy()


@pytest.mark.parametrize("good", [False, True])
def test_nothing_changes_outside_the_piece(good):
    photo, where = surfaces.nut(256)
    for seed in range(30):
        made = moved(photo, good, Draws(seed, "test"))
        pixels, mask = arrays(made)
        assert np.array_equal(pixels[~mask], photo[~mask])
        assert where[mask].mean() > 0.4
        assert made.remark == ""


def test_patches_and_scars_have_the_sizes_of_the_paper():
    photo = surfaces.texture(256)
    areas = []
    for seed in range(120):
        _, mask = arrays(moved(photo, False, Draws(seed, "test")))
        shape = cropped(mask)
        if mask.sum() > 25 * 16 * 1.5:
            height, width = shape.shape
            clipped = 0 in np.argwhere(mask) or 255 in np.argwhere(mask)
            assert shape.all()
            assert clipped or 0.019 < shape.size / 256**2 < 0.151
            assert clipped or 0.28 < width / height < 3.6
            areas.append(shape.size / 256**2)
        else:
            assert max(shape.shape) <= 25 + 16
    assert 40 < len(areas) < 80  # as often a patch as a scar
    assert max(areas) > 0.1


def test_a_piece_comes_from_another_place_and_in_other_colours():
    """In a photo whose colours say where they are: red the column, green the row."""
    y, x = np.mgrid[:200, :200]
    photo = np.stack([x, y, np.full_like(x, 90)], -1).astype(np.uint8)
    moves, changes = [], []
    for seed in range(40):
        for good, far in ((False, moves), (True, changes)):
            pixels, mask = arrays(moved(photo, good, Draws(seed, "test")))
            far.append(np.abs(pixels[mask].astype(int) - photo[mask])[:, :2].mean())
    assert np.mean(moves) > 40
    assert 2 < np.mean(changes) < 20  # the colours alone


def test_images_of_both_classes_have_their_pieces_at_the_same_places():
    photo = surfaces.nut()[0]
    for seed in range(10):
        masks = [arrays(moved(photo, good, Draws(seed, "test")))[1] for good in (False, True)]
        assert np.array_equal(*masks)


def test_an_image_is_the_same_in_any_batch_and_order(tmp_path):
    files = [surfaces.save(surfaces.nut(seed=n)[0], tmp_path / f"{n}.png") for n in range(3)]
    shots = [Shot(None, files[n % 3], n, good=n % 2 == 0) for n in range(9)]
    maker = METHOD.maker(Settings(0, 0.0, 0, 0.0, "", PLAIN, NoOptions()), None, None)
    together = maker.make(shots, lambda _: None)
    backwards = maker.make(shots[::-1], lambda _: None)[::-1]
    for shot, one, other in zip(shots, together, backwards, strict=True):
        (alone,) = maker.make([shot], lambda _: None)
        for same in (other, alone):
            assert np.array_equal(one.pixels, same.pixels)
            assert np.array_equal(one.mask, same.mask)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 40)])
def test_the_smallest_photos_have_pieces_too(size):
    photo = np.full((*size, 3), 50, np.uint8)
    made = moved(photo, False, Draws(1, "test"))
    assert made.mask.any()
    assert made.remark == TOO_SMALL
