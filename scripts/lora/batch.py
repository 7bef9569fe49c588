"""The samples of one training step, gathered from the images of each role."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch

from diffusion.condition import Condition
from diffusion.latents import Posterior


@dataclass(frozen=True)
class Role:
    """Instance or class: its prompt, and the latents of its N images.

    sizes: (N, 6), what SDXL is told of each image: height and width of the photo, top and left of
    the crop, height and width of the square. areas: (V, N, 1, h, w), what each latent's error
    counts for beside those of the same image, mirrored ones as in the posterior. besides:
    (V, N, K, h, w), what a denoiser is shown beside the latents. condition is None where prompts
    are encoded anew in every step, since the text encoder is trained.
    """

    name: str
    prompt: str
    posterior: Posterior
    sizes: torch.Tensor
    areas: torch.Tensor
    besides: torch.Tensor
    condition: Condition | None

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.posterior.mean.shape[1]


@dataclass(frozen=True)
class Batch:
    """S samples on the denoiser's device.

    clean, noise: (S, C, h, w); timesteps: (S,) int64, steps as Noising has them; prompt: (S,) int64
    on the CPU, an index into the prompts of all trainings at work; weights: (S,), what each
    sample's error counts for in its training's loss; sizes: (S, 6); areas: (S, 1, h, w), what each
    latent's error counts for in its sample's; besides: (S, K, h, w), as in Role.
    """

    clean: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    prompt: torch.Tensor
    weights: torch.Tensor
    sizes: torch.Tensor
    areas: torch.Tensor
    besides: torch.Tensor

    def __len__(self) -> int:
        return len(self.timesteps)

    def split(self, samples: int) -> Iterator["Batch"]:
        """The samples in order, at most so many at a time."""
        columns = [getattr(self, field.name).split(samples) for field in fields(self)]
        return (Batch(*tensors) for tensors in zip(*columns, strict=True))


def concatenate(batches: list[Batch]) -> Batch:
    """One batch of all samples."""
    return Batch(*(torch.cat([getattr(b, f.name) for b in batches]) for f in fields(Batch)))
