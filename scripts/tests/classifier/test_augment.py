"""Augmentation keeps labels' content, and every slot's draw is its own."""

import pytest
import torch

from classifier import augment
from common.errors import StageError


def test_slots_do_not_depend_on_the_batch_size():
    pixels = torch.randint(256, (6, 3, 24, 24), dtype=torch.uint8)
    whole = augment.mild(pixels, 3, 5)
    part = augment.mild(pixels[:2], 3, 5)
    # Of 255 grey levels. Rounding of coordinates moves a value by far less, another draw by more.
    assert (whole[:2] - part).abs().max() < 0.1
    assert (whole[2:4] - part).abs().max() > 1


def test_steps_and_seeds_differ():
    pixels = torch.randint(256, (1, 3, 24, 24), dtype=torch.uint8)
    made = [augment.mild(pixels, seed, step) for seed, step in ((0, 0), (0, 1), (1, 0))]
    assert not torch.allclose(made[0], made[1])
    assert not torch.allclose(made[0], made[2])


def test_it_is_mild():
    """A flat picture stays flat and within a tenth of its brightness; values stay displayable."""
    flat = torch.full((64, 3, 16, 16), 128, dtype=torch.uint8)
    made = augment.mild(flat, 0, 0)
    assert made.std(dim=(2, 3)).max() < 1e-3
    assert (made - 128).abs().max() <= 255 * augment.BRIGHTNESS + 1e-3
    assert (made - 128).abs().max() > 10
    white = augment.mild(torch.full_like(flat, 255), 0, 0)
    assert white.max() <= 255


def test_crops_keep_the_centre_and_flips_happen_both_ways():
    pixels = torch.zeros(64, 3, 16, 16, dtype=torch.uint8)
    pixels[:, :, :8, :8] = 255  # upper left
    made = augment.mild(pixels, 0, 0).mean(1)
    quarters = torch.stack(
        [made[:, i : i + 8, j : j + 8].mean((1, 2)) for i in (0, 8) for j in (0, 8)], 1
    )
    brightest = quarters.argmax(1).unique().tolist()
    assert brightest == [0, 1, 2, 3]


def varied(kind: str, pixels: torch.Tensor, step: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    return augment.augment(kind, pixels, torch.arange(len(pixels)) % 3, 3, 0, step)


@pytest.mark.parametrize("kind", augment.KINDS)
def test_every_kind_repeats_itself_whatever_was_drawn_before(kind):
    pixels = torch.randint(256, (6, 3, 24, 24), dtype=torch.uint8)
    first, targets = varied(kind, pixels)
    torch.rand(7)
    again, others = varied(kind, pixels)
    assert first.shape == pixels.shape and first.dtype == torch.float32
    assert torch.equal(first, again) and torch.equal(targets, others)
    assert first.min() >= 0 and first.max() <= 255


def test_none_changes_nothing():
    pixels = torch.randint(256, (6, 3, 24, 24), dtype=torch.uint8)
    assert torch.equal(varied("none", pixels)[0], pixels.float())


def test_trivial_draws_each_slot_alone():
    pixels = torch.randint(256, (6, 3, 24, 24), dtype=torch.uint8)
    whole, part = varied("trivial", pixels)[0], varied("trivial", pixels[:2])[0]
    assert torch.equal(whole[:2], part)
    steps = [varied("trivial", pixels[:1], step)[0] for step in range(8)]
    assert any(not torch.equal(made, steps[0]) for made in steps[1:])


def test_cutmix_labels_have_the_share_of_each_piece():
    pixels = torch.randint(256, (6, 3, 24, 24), dtype=torch.uint8)
    for step in range(6):
        whole = augment.mild(pixels, 0, step)
        mixed, targets = varied("cutmix", pixels, step)
        assert torch.allclose(targets.sum(1), torch.ones(6))
        kept = (mixed == whole).all(1).float().mean((1, 2))
        assert torch.allclose(
            targets.gather(1, (torch.arange(6) % 3)[:, None])[:, 0], kept, atol=1e-6
        )


def test_an_unknown_kind_is_refused():
    with pytest.raises(StageError, match="use none, mild, trivial, cutmix"):
        varied("strong", torch.zeros(2, 3, 24, 24, dtype=torch.uint8))
