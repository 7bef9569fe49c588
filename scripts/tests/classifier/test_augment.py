"""Augmentation keeps labels' content, and every slot's draw is its own."""

import torch

from classifier import augment


def test_slots_do_not_depend_on_the_batch_size():
    pixels = torch.randint(256, (6, 3, 24, 24), dtype=torch.uint8)
    whole = augment.augment(pixels, seed=3, step=5)
    part = augment.augment(pixels[:2], seed=3, step=5)
    # Of 255 grey levels. Rounding of coordinates moves a value by far less, another draw by more.
    assert (whole[:2] - part).abs().max() < 0.1
    assert (whole[2:4] - part).abs().max() > 1


def test_steps_and_seeds_differ():
    pixels = torch.randint(256, (1, 3, 24, 24), dtype=torch.uint8)
    made = [augment.augment(pixels, seed, step) for seed, step in ((0, 0), (0, 1), (1, 0))]
    assert not torch.allclose(made[0], made[1])
    assert not torch.allclose(made[0], made[2])


def test_it_is_mild():
    """A flat picture stays flat and within a tenth of its brightness; values stay displayable."""
    flat = torch.full((64, 3, 16, 16), 128, dtype=torch.uint8)
    made = augment.augment(flat, 0, 0)
    assert made.std(dim=(2, 3)).max() < 1e-3
    assert (made - 128).abs().max() <= 255 * augment.BRIGHTNESS + 1e-3
    assert (made - 128).abs().max() > 10
    white = augment.augment(torch.full_like(flat, 255), 0, 0)
    assert white.max() <= 255


def test_crops_keep_the_centre_and_flips_happen_both_ways():
    pixels = torch.zeros(64, 3, 16, 16, dtype=torch.uint8)
    pixels[:, :, :8, :8] = 255  # upper left
    made = augment.augment(pixels, 0, 0).mean(1)
    quarters = torch.stack(
        [made[:, i : i + 8, j : j + 8].mean((1, 2)) for i in (0, 8) for j in (0, 8)], 1
    )
    brightest = quarters.argmax(1).unique().tolist()
    assert brightest == [0, 1, 2, 3]
