"""Latents are kept between tasks; an image's are the same whatever was kept or stands beside it."""

import copy
from collections.abc import Callable

import pytest
import torch

from common import images
from diffusion import base_model, latents


@pytest.fixture
def vae(base):
    with base_model.borrow(str(base), torch.device("cpu"), torch.float32) as pipeline:
        yield pipeline.vae


@pytest.fixture
def pixels():
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (11, 3, 32, 32), dtype=torch.uint8, generator=generator)


@pytest.fixture
def seen(vae, monkeypatch):
    """How many images pass through the autoencoder, call by call."""
    batches = []

    def counted(inner: Callable) -> Callable:
        return lambda inputs: batches.append(len(inputs)) or inner(inputs)

    for name in ("encode", "decode"):
        monkeypatch.setattr(vae, name, counted(getattr(vae, name)))
    return batches


def test_what_is_kept_changes_nothing(vae, pixels, seen):
    latents._encoded.clear()
    whole = latents.encode(vae, pixels, flip=True)
    assert seen == [1] * 22
    again = latents.encode(vae, pixels, flip=True)
    assert len(seen) == 22
    latents._encoded.clear()
    latents.encode(vae, pixels[3:5], flip=False)
    mixed = latents.encode(vae, pixels, flip=True)
    for other in (again, mixed):
        assert torch.equal(whole.mean, other.mean)
        assert torch.equal(whole.std, other.std)
    flipped = latents.encode(vae, pixels.flip(-1))
    assert torch.equal(flipped.mean[0], whole.mean[1])
    twice = latents.encode(vae, pixels[[0, 0, 1]])
    assert torch.equal(twice.mean[0], whole.mean[0][[0, 0, 1]])


def test_one_image_at_a_time_is_all_at_once(vae, pixels):
    """To 1e-12 in double precision; pixels are handed over in single precision."""
    double = copy.deepcopy(vae).double()
    plain = double.encode(images.to_signed(pixels).double()).latent_dist
    ours = latents.encode(double, pixels)
    torch.testing.assert_close(ours.mean[0], plain.mean, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(ours.std[0], plain.std, rtol=1e-12, atol=1e-12)
    made = latents.decode(double, plain.mean * vae.config.scaling_factor)
    torch.testing.assert_close(made, double.decode(plain.mean).sample.float())


def test_images_are_decoded_one_at_a_time(vae, seen):
    noise = torch.randn(5, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    whole = latents.decode(vae, noise)
    assert seen == [1] * 5
    assert torch.equal(latents.decode(vae, noise[3:4])[0], whole[3])


def test_what_is_kept_is_no_part_of_something_larger(vae, pixels):
    latents._encoded.clear()
    latents.encode(vae, pixels)
    for pair in latents._encoded[vae].values():
        for tensor in pair:
            assert tensor.untyped_storage().nbytes() == tensor.nbytes
