"""Between pixels and the autoencoder's latent space, one image at a time.

An autoencoder holds large activations, at 512 x 512 pixels 0.6 GB an image, and one image already
keeps a device busy. So nothing depends on which images are encoded or decoded beside it, on which
were kept from before, or on how much memory there is.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from cachetools import LRUCache
from diffusers import AutoencoderKL

from common import images, runtime


@dataclass(frozen=True)
class Posterior:
    """What the encoder says of N images: mean and std of each latent, both (V, N, C, h, w).

    V is 2 when mirrored variants were encoded too, else 1. Keeping the distribution rather than
    one sample lets every training step draw its own, as encoding anew at each step would.
    """

    mean: torch.Tensor
    std: torch.Tensor
    scaling_factor: float
    shift_factor: float = 0.0

    def scaled(self, latents: torch.Tensor) -> torch.Tensor:
        """The autoencoder's latents as the denoiser sees them."""
        return (latents - self.shift_factor) * self.scaling_factor

    def sample(self, indices: list[int], flips: list[bool], noise: torch.Tensor) -> torch.Tensor:
        """Scaled latents (B, C, h, w) of the indexed images; `noise` is standard normal."""
        chosen = runtime.indices(flips, indices, device=self.mean.device)
        mean, std = self.mean[chosen], self.std[chosen]
        return self.scaled(mean + std * runtime.to_device(noise, mean.device))

    def drawn(self, generators: list[torch.Generator]) -> torch.Tensor:
        """Scaled latents of all images, none mirrored, each drawn from its own generator."""
        count, (shape, kind) = len(generators), (self.mean.shape[2:], self.mean.dtype)
        noise = [torch.randn(shape, generator=g, dtype=kind) for g in generators]
        return self.sample(list(range(count)), [False] * count, torch.stack(noise))


# Latents of images that were encoded before, by autoencoder: the patterns of a grid share most of
# their images.
_encoded: WeakKeyDictionary[AutoencoderKL, LRUCache] = WeakKeyDictionary()
KEPT_BYTES = 2**29


def encode(vae: AutoencoderKL, pixels: torch.Tensor, flip: bool = False) -> Posterior:
    """Encode (N, 3, R, R) uint8, or float32 -1..1; with `flip` the mirrored images too."""
    variants = [_encode(vae, v) for v in ([pixels, pixels.flip(-1)] if flip else [pixels])]
    means, stds = (torch.stack(parts) for parts in zip(*variants, strict=True))
    return Posterior(means, stds, vae.config.scaling_factor, vae.config.shift_factor or 0.0)


def _encode(vae: AutoencoderKL, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and std of each image's latents, (N, C, h, w) each."""
    size = {"getsizeof": lambda pair: sum(tensor.nbytes for tensor in pair)}
    kept = _encoded.setdefault(vae, LRUCache(maxsize=KEPT_BYTES, **size))
    keys = [images.digest(image) for image in pixels]
    known = {key: kept[key] for key in keys if key in kept}
    for key, image in zip(keys, pixels, strict=True):
        if key not in known:
            known[key] = kept[key] = _encode_one(vae, image)
    means, stds = zip(*(known[key] for key in keys), strict=True)
    return torch.cat(means), torch.cat(stds)


@torch.no_grad()
def _encode_one(vae: AutoencoderKL, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and std of the latents of (3, R, R) uint8 or float32, (1, C, h, w) each."""
    runtime.stop_if_cancelled()
    signed = image if image.is_floating_point() else images.to_signed(image)
    inputs = signed[None].to(vae.device, vae.dtype)
    posterior = vae.encode(inputs).latent_dist
    # Copies: the mean is a view of a tensor twice as large.
    return posterior.mean.clone(), posterior.std.clone()


def cells_of(masks: torch.Tensor, cell: int) -> torch.Tensor:
    """Which latents masks (B, H, W) bool have a pixel in, (B, 1, H / cell, W / cell) float32, 1 or
    0: so the thinnest scratch is in one."""
    return F.max_pool2d(masks[:, None].float(), cell)


@torch.no_grad()
def decode(vae: AutoencoderKL, latents: torch.Tensor) -> torch.Tensor:
    """Decode scaled latents (N, C, h, w) to pixels (N, 3, R, R) float32 on the CPU, about -1..1."""
    scaled = latents.to(vae.device, vae.dtype) / vae.config.scaling_factor
    if vae.config.shift_factor:
        scaled += vae.config.shift_factor
    pictures = []
    for latent in scaled.split(1):
        runtime.stop_if_cancelled()
        pictures.append(vae.decode(latent).sample.float().cpu())
    return torch.cat(pictures)
