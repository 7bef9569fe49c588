"""Between pixels and the autoencoder's latent space, in batches."""

from dataclasses import dataclass

import torch
from diffusers import AutoencoderKL

import images
import runtime

BATCH = 8  # images through the autoencoder at once; it holds large activations


@dataclass(frozen=True)
class Posterior:
    """What the encoder says of N images: mean and std of each latent, both (V, N, C, h, w).

    V is 2 when mirrored variants were encoded too, else 1. Keeping the distribution rather than
    one sample lets every training step draw its own, as encoding anew at each step would.
    """

    mean: torch.Tensor
    std: torch.Tensor
    scaling_factor: float

    def sample(self, indices: list[int], flips: list[bool], noise: torch.Tensor) -> torch.Tensor:
        """Scaled latents (B, C, h, w) of the indexed images; `noise` is standard normal."""
        variants = [int(flip) for flip in flips]
        mean, std = self.mean[variants, indices], self.std[variants, indices]
        return (mean + std * noise.to(mean.device)) * self.scaling_factor


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: torch.Tensor, flip: bool = False) -> Posterior:
    """Encode (N, 3, R, R) uint8; with `flip` the horizontally mirrored images too."""
    variants = [pixels, pixels.flip(-1)] if flip else [pixels]
    means, stds = [], []
    for variant in variants:
        parts = []
        for batch in variant.split(BATCH):
            runtime.stop_if_cancelled()
            parts.append(vae.encode(images.to_signed(batch).to(vae.device, vae.dtype)).latent_dist)
        means.append(torch.cat([part.mean for part in parts]))
        stds.append(torch.cat([part.std for part in parts]))
    return Posterior(torch.stack(means), torch.stack(stds), vae.config.scaling_factor)


@torch.no_grad()
def decode(vae: AutoencoderKL, latents: torch.Tensor) -> torch.Tensor:
    """Decode scaled latents (N, C, h, w) to pixels (N, 3, R, R) float32 on the CPU, about -1..1."""
    scaled = latents.to(vae.device, vae.dtype) / vae.config.scaling_factor
    return torch.cat([vae.decode(batch).sample.float().cpu() for batch in scaled.split(BATCH)])
