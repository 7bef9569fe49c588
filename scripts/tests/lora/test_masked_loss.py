"""Losses in which defects count for more than what is around them."""

import numpy as np
import pytest
import torch
from PIL import Image

import train_lora
from common.errors import StageError
from diffusion import latents
from diffusion.latents import Posterior
from lora import dreambooth, masked
from lora_artifact import contents, losses, weights


@pytest.fixture
def masks(tmp_path) -> list[list[str]]:
    """Of five photos; the second has two files, the last shows nothing."""
    files = []
    for number in range(6):
        mask = np.zeros((36, 40), np.uint8)
        if number < 5:
            mask[6 + number : 12 + number, 8:14] = 255
        files.append(str(tmp_path / f"mask{number}.png"))
        Image.fromarray(mask).save(files[-1])
    return [[files[0]], files[1:3], [files[3]], [files[4]], [files[5]]]


@pytest.fixture
def masked_spec(train_spec, photos, masks):
    """Builds a spec with masks of the instance images."""
    instance = {"prompt": "shs cell", "images": photos[:5], "masks": masks}
    return lambda name, **changes: train_spec(name, **{"instance": instance, **changes})


def test_errors_are_means_weighted_by_area():
    rng = torch.Generator().manual_seed(0)
    prediction, wanted = torch.randn(2, 3, 4, 8, 8, generator=rng).unbind()
    mask = torch.zeros(3, 32, 32, dtype=torch.bool)
    mask[0, 5, 6], mask[1, 8:24, :16] = True, True
    posterior = Posterior(wanted[None], wanted[None], 1.0)
    (areas,) = masked.areas_of(masked.cells_of(mask, posterior, 32), 0.25, variants=1)
    errors = dreambooth.errors_of(prediction, wanted, areas)
    squares = (prediction - wanted).square()
    inside = squares[0, :, 1, 1].sum()  # the latent of pixel (5, 6)
    expected = (inside + 0.25 * (squares[0].sum() - inside)) / (4 * (1 + 0.25 * 63))
    assert errors[0] == pytest.approx(expected.item())
    inside = squares[1, :, 2:6, :4].sum()
    expected = (inside + 0.25 * (squares[1].sum() - inside)) / (4 * (16 + 0.25 * 48))
    assert errors[1] == pytest.approx(expected.item())
    assert errors[2] == pytest.approx(squares[2].mean().item())  # without a mask all counts


def test_outside_of_1_is_the_loss_without_masks(masked_spec, train_spec):
    """To the bit: every file but the one that says what was learnt."""
    plain, whole = train_spec("plain"), masked_spec("whole", outside=1.0)
    for spec in (plain, whole):
        train_lora.run(spec)
    ours, others = weights(whole), weights(plain)
    assert all(torch.equal(ours[name], others[name]) for name in others)
    assert contents(plain)["losses.csv"] == contents(whole)["losses.csv"]
    assert contents(plain)["training.json"] != contents(whole)["training.json"]


def test_masks_follow_mirrored_photos_and_class_images_have_none(masked_spec, batches):
    spec = masked_spec("masked", outside=0.0, steps=12, reproducible=True)
    train_lora.run(spec)
    areas = torch.cat([b.areas for b in batches])
    instance = torch.cat([b.prompt for b in batches]) == 0
    assert (areas[~instance] == 1).all()
    whole = areas.amin(dim=(1, 2, 3)) == 1
    assert (whole & instance).any()  # the photo whose mask shows nothing
    # Squares show columns 2 to 33 of 35: the masks are left of the middle, mirrored right of it.
    left = areas[instance & ~whole][..., :4].sum(dim=(1, 2, 3)) > 0
    right = areas[instance & ~whole][..., 4:].sum(dim=(1, 2, 3)) > 0
    assert left.any()
    assert right.any()
    assert not (left & right).any()


def test_masks_are_part_of_what_a_training_continues(masked_spec):
    first = masked_spec("first", outside=0.1, steps=2)
    train_lora.run(first)
    train_lora.run(masked_spec("on", outside=0.1, steps=3, resume=first["out"]))
    with pytest.raises(StageError, match="instance"):
        train_lora.run(masked_spec("other", outside=0.2, steps=3, resume=first["out"]))


def test_trainings_with_and_without_masks_share_batches(masked_spec, train_spec):
    made = {}
    for tag in ("alone", "group"):
        specs = [
            masked_spec(f"{tag}a", outside=0.1, precision="fp64", reproducible=True),
            train_spec(f"{tag}b", precision="fp64", reproducible=True),
        ]
        if tag == "alone":
            for spec in specs:
                train_lora.run(spec)
        else:
            train_lora.run_together(specs)
        made[tag] = specs
    for one, other in zip(made["alone"], made["group"], strict=True):
        for a, b in zip(losses(one), losses(other), strict=True):
            assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-9)
    assert losses(made["alone"][0]) != losses(made["alone"][1])


def test_every_image_has_a_mask_or_none_has(masked_spec, photos, masks):
    few = {"prompt": "shs cell", "images": photos[:5], "masks": masks[:3]}
    with pytest.raises(StageError, match="instance has 5 images and masks of 3"):
        train_lora.run(masked_spec("few", instance=few))
    with pytest.raises(StageError, match="outside must be from 0 to 1, not 2"):
        train_lora.run(masked_spec("much", outside=2.0))


def test_a_latent_is_inside_by_any_of_its_pixels():
    mask = torch.zeros(1, 8, 8, dtype=torch.bool)
    mask[0, 3, 4] = True
    assert latents.cells_of(mask, 4).tolist() == [[[[0, 1], [0, 0]]]]
