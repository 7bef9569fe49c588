"""Real defects pasted into good photos, byte for byte."""

import numpy as np
import pytest
import surfaces

from common.errors import StageError
from common.framing import PLAIN
from generation import feather
from generation.methods.copy_paste import METHOD, Options
from generation.methods.method import OFF_PART, TOO_SMALL, UNCHANGED, Settings, Shot

FEATHER = 3
DEFECT = (250, 20, 20)


@pytest.fixture
def shots(tmp_path):
    """A red scratch on a nut, and twelve images of it on other nuts."""
    defect, mask = surfaces.nut(seed=9)[0], surfaces.scratch()
    defect[mask] = DEFECT
    files = surfaces.save(defect, tmp_path / "defect.png"), surfaces.save(mask, tmp_path / "m.png")
    sources = [surfaces.save(surfaces.nut(seed=n)[0], tmp_path / f"{n}.png") for n in range(3)]
    return [Shot(None, sources[n % 3], n, files[0], (files[1],)) for n in range(12)]


def settings(blend: str = "plain", scales: tuple[float, float] = (0.7, 1.4), width: int = FEATHER):
    return Settings(0, 0.0, 0, 0.0, "", PLAIN, Options(blend, *scales, width))


def make(shots: list[Shot], *options) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Pixels, (H, W, 3), mask and remark of each."""
    made = METHOD.maker(settings(*options), None, None).make(shots, lambda _: None)
    return [(m.pixels.permute(1, 2, 0).numpy(), m.mask.numpy(), m.remark) for m in made]


@pytest.mark.parametrize("blend", ["plain", "poisson"])
def test_nothing_changes_but_where_the_mask_is(shots, blend):
    for shot, (pixels, mask, remark) in zip(shots, make(shots, blend), strict=True):
        source, where = surfaces.nut(seed=shot.seed % 3)
        assert np.array_equal(pixels[~mask], source[~mask])
        assert (pixels[mask] != source[mask]).any(-1).mean() > 0.8
        assert where[mask].mean() > 0.75
        assert remark == ""


def test_a_patch_is_the_defect_with_a_feathered_edge(shots):
    for shot, (pixels, mask, _) in zip(shots, make(shots, "plain", (1.4, 1.4)), strict=True):
        core, rim = ~feather.grown(~mask, FEATHER + 1), mask & feather.grown(~mask, 1)
        assert core.sum() > 50
        assert np.abs(pixels[core] - np.array(DEFECT, float)).mean() < 12
        change = np.abs(pixels - surfaces.nut(seed=shot.seed % 3)[0].astype(int)).sum(-1)
        assert change[rim].mean() < change[core].mean() / 2


def test_without_feather_turn_and_scale_a_patch_is_moved_as_it_is(shots, monkeypatch):
    monkeypatch.setattr("generation.placing.Draws.between", lambda self, low, _: low)
    shapes = set()
    for pixels, mask, _ in make(shots, "plain", (1.0, 1.0), 0):
        assert (pixels[mask] == DEFECT).all()
        shapes.add(mask.sum())
    assert shapes == {surfaces.scratch().sum()}


def test_poisson_takes_the_colours_of_the_photo(tmp_path):
    """A piece of the same surface in another light is seen when plain, and then no more."""
    photo = surfaces.texture() // 2
    files = [
        surfaces.save(pixels, tmp_path / f"{n}.png")
        for n, pixels in enumerate((photo, photo + 80, surfaces.scratch()))
    ]
    shot = Shot(None, files[0], 5, files[1], (files[2],))
    (plain, mask, _), (poisson, same, _) = (
        make([shot], blend)[0] for blend in ("plain", "poisson")
    )
    assert np.array_equal(mask, same)
    core = ~feather.grown(~mask, FEATHER)
    around = feather.grown(mask, FEATHER) & ~mask
    assert plain[core].mean() > photo[around].mean() + 60
    assert abs(poisson[core].mean() - photo[around].mean()) < 20


def test_an_image_is_the_same_in_any_batch_and_order(shots):
    together = make(shots)
    backwards = make(shots[::-1])[::-1]
    for shot, one, other in zip(shots, together, backwards, strict=True):
        (alone,) = make([shot])
        for same in (other, alone):
            assert np.array_equal(one[0], same[0])
            assert np.array_equal(one[1], same[1])
    assert len({one[0].tobytes() for one in together}) == len(shots)


def test_good_images_show_a_piece_of_another_good_part(tmp_path):
    """The mask lies beside the other photo's part, and has another size: the piece does not."""
    (source, where), donor = surfaces.nut(seed=1), surfaces.nut(side=150, seed=2)[0]
    donor[surfaces.nut(side=150)[1]] //= 2  # a darker part
    mask = np.zeros((90, 80), bool)
    mask[2:10, 3:20] = True
    files = [
        surfaces.save(pixels, tmp_path / f"{n}.png")
        for n, pixels in enumerate((source, donor, mask))
    ]
    shots = [Shot(None, files[0], n, files[1], (files[2],), good=True) for n in range(10)]
    for pixels, changed, remark in make(shots):
        assert remark == ""
        assert np.array_equal(pixels[~changed], source[~changed])
        core = ~feather.grown(~changed, FEATHER + 1)
        # Half as bright as the part, and yet nowhere as dark as the background.
        assert pixels[changed & where].mean(-1).min() > 25
        assert 0.35 < pixels[core].mean() / source[core].mean() < 0.65
    with pytest.raises(StageError, match="give it a mask of its own size"):
        make([Shot(None, files[0], 1, files[1], (files[2],))])


def test_a_piece_that_no_place_is_found_for_is_cut_to_the_part(tmp_path):
    """The mask is larger than the other photo's part: what is pasted shows no background."""
    (source, _), (donor, where) = surfaces.nut(seed=1), surfaces.nut(seed=2)
    small = np.zeros_like(where)
    small[45:70, 40:75] = True
    donor[~small] = (20, 200, 20)
    mask = np.zeros_like(where)
    mask[30:85, 50:62] = True
    files = [
        surfaces.save(pixels, tmp_path / f"{n}.png")
        for n, pixels in enumerate((source, donor, mask))
    ]
    shots = [Shot(None, files[0], n, files[1], (files[2],), good=True) for n in range(8)]
    for pixels, changed, _ in make(shots):
        assert changed.any()
        assert np.array_equal(pixels[~changed], source[~changed])
        red, green = pixels[changed][:, 0].astype(int), pixels[changed][:, 1].astype(int)
        assert (green - red).max() < 60


def test_what_came_out_badly_is_said(tmp_path):
    photo = surfaces.save(surfaces.texture(), tmp_path / "photo.png")
    dot, huge = np.zeros((2, 120, 120), bool)
    dot[3, 3], huge[...] = True, True
    grey = surfaces.save(np.full((120, 120, 3), 120, np.uint8), tmp_path / "grey.png")
    masks = {
        name: surfaces.save(m, tmp_path / f"{name}.png")
        for name, m in {
            "dot": dot,
            "huge": huge,
            "none": dot & False,
            "scratch": surfaces.scratch(),
        }.items()
    }
    remarks = {
        name: make(
            [Shot(None, grey, 1, grey if name == "scratch" else photo, (file,))], "plain", (1, 1)
        )[0]
        for name, file in masks.items()
    }
    assert {name: remark for name, (_, _, remark) in remarks.items()} == {
        "dot": TOO_SMALL,
        "huge": OFF_PART,
        "none": TOO_SMALL,
        "scratch": UNCHANGED,
    }
    pixels, mask, _ = remarks["none"]
    assert not mask.any()
    assert (pixels == 120).all()


def test_words_for_blend_are_checked():
    with pytest.raises(StageError, match="use plain or poisson"):
        Options("seamless", 1.0, 1.0, 3)
