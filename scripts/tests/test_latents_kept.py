"""Latents are kept between tasks, and are the same to the bit whatever was kept before."""

import torch

import base_model
import latents


def test_what_is_kept_changes_nothing(base, monkeypatch):
    pixels = torch.randint(0, 256, (11, 3, 32, 32), dtype=torch.uint8)
    with base_model.borrow(str(base), torch.device("cpu"), torch.float32) as pipeline:
        vae, seen = pipeline.vae, []
        encode = vae.encode
        monkeypatch.setattr(
            vae, "encode", lambda inputs: seen.append(len(inputs)) or encode(inputs)
        )
        whole = latents.encode(vae, pixels, flip=True)
        assert seen == [8, 8] * 2
        again = latents.encode(vae, pixels, flip=True)
        assert seen == [8, 8] * 2
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
