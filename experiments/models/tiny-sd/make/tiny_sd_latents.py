"""From a trained autoencoder to normalised latents of all training photos."""

import torch
from diffusers import AutoencoderKL

from common import images

BATCH = 8
MIRRORINGS = (
    (),
    (-1,),
    (-2,),
    (-2, -1),
)  # cells look alike mirrored; turning them moves busbars


@torch.no_grad()
def normalise(model: AutoencoderKL, pixels: torch.Tensor) -> None:
    """Give every latent channel mean 0 and standard deviation 1 over (N, 3, R, R) uint8, in place.

    Stable Diffusion has one scaling factor for all channels. The 1x1 convolutions on both sides
    of the latents can hold one scale and shift a channel without any change to reconstructions,
    and diffusion from unit Gaussians then starts from the right statistics.
    """
    moments = [_moments(model, batch) for batch in pixels.split(BATCH)]
    means, stds = (torch.cat(parts) for parts in zip(*moments, strict=True))
    mean = means.mean(dim=(0, 2, 3))
    std = (means.var(dim=(0, 2, 3)) + stds.square().mean(dim=(0, 2, 3))).sqrt()
    channels = len(mean)
    encoder, decoder = model.quant_conv, model.post_quant_conv
    decoder.bias += decoder.weight[:, :, 0, 0] @ mean
    decoder.weight *= std[None, :, None, None]
    encoder.weight[:channels] /= std[:, None, None, None]
    encoder.bias[:channels] = (encoder.bias[:channels] - mean) / std
    encoder.bias[channels:] -= 2 * std.log()  # this half is log variances
    model.register_to_config(scaling_factor=1.0)


@torch.no_grad()
def encode(model: AutoencoderKL, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the latents of (N, 3, R, R) uint8 in each mirroring:
    both (4, N, C, h, w)."""
    variants = []
    for axes in MIRRORINGS:
        moments = [_moments(model, batch.flip(axes)) for batch in pixels.split(BATCH)]
        variants.append([torch.cat(parts) for parts in zip(*moments, strict=True)])
    means, stds = zip(*variants, strict=True)
    return torch.stack(means), torch.stack(stds)


def _moments(model: AutoencoderKL, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    posterior = model.encode(images.to_signed(batch)).latent_dist
    return posterior.mean, posterior.std
