"""Between pixels and the autoencoder's latent space, in batches."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from cachetools import LRUCache
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
        return (mean + std * runtime.to_device(noise, mean.device)) * self.scaling_factor


# Latents of images that were encoded before, by autoencoder: the patterns of a grid share most of
# their images.
_encoded: WeakKeyDictionary[AutoencoderKL, LRUCache] = WeakKeyDictionary()
KEPT_BYTES = 2**29


def encode(vae: AutoencoderKL, pixels: torch.Tensor, flip: bool = False) -> Posterior:
    """Encode (N, 3, R, R) uint8; with `flip` the horizontally mirrored images too."""
    variants = [_encode(vae, v) for v in ([pixels, pixels.flip(-1)] if flip else [pixels])]
    means, stds = (torch.stack(parts) for parts in zip(*variants, strict=True))
    return Posterior(means, stds, vae.config.scaling_factor)


@torch.no_grad()
def _encode(vae: AutoencoderKL, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and std of each image's latents, (N, C, h, w) each."""
    size = {"getsizeof": lambda pair: sum(tensor.nbytes for tensor in pair)}
    kept = _encoded.setdefault(vae, LRUCache(maxsize=KEPT_BYTES, **size))
    keys = [images.digest(image) for image in pixels]
    known = {key: kept[key] for key in keys if key in kept}
    new = list({key: place for place, key in enumerate(keys) if key not in known}.values())
    for first in range(0, len(new), BATCH):
        runtime.stop_if_cancelled()
        places = new[first : first + BATCH]
        # Always as many: which images were kept from before must not change the last bits.
        filled = places + places[-1:] * (BATCH - len(places))
        inputs = images.to_signed(pixels[filled]).to(vae.device, vae.dtype)
        posterior = vae.encode(inputs).latent_dist
        for place, *pair in zip(places, posterior.mean, posterior.std, strict=False):
            # A copy: a row of the batch would keep all of it.
            known[keys[place]] = kept[keys[place]] = tuple(tensor.clone() for tensor in pair)
    means, stds = zip(*(known[key] for key in keys), strict=True)
    return torch.stack(means), torch.stack(stds)


@torch.no_grad()
def decode(vae: AutoencoderKL, latents: torch.Tensor) -> torch.Tensor:
    """Decode scaled latents (N, C, h, w) to pixels (N, 3, R, R) float32 on the CPU, about -1..1."""
    scaled = latents.to(vae.device, vae.dtype) / vae.config.scaling_factor
    return torch.cat([vae.decode(batch).sample.float().cpu() for batch in scaled.split(BATCH)])
