"""The DreamBooth objective with prior preservation, and the random draws of one step.

The objective is that of diffusers' examples/dreambooth/train_dreambooth_lora.py (Ruiz et al. 2023,
arXiv:2208.12242): the mean squared error of each sample is taken in float32 at least, and the loss
is the mean over the instance samples, plus the prior's weight times the mean over the class
samples. It is written as a sum of weighted samples, so that a step can be computed in parts.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from common import randomness, runtime
from diffusion.noising import Noising


@dataclass(frozen=True)
class Draws:
    """What is drawn at random for the B samples of one role at one step, on the CPU. Which images
    they are is drawn elsewhere (common.data_order).

    flips has B values, timesteps is (B,) int64, posterior_noise and noise are (B, C, h, w) float32.
    """

    flips: list[bool]
    timesteps: torch.Tensor
    posterior_noise: torch.Tensor
    noise: torch.Tensor


def draw(
    seed: int,
    role: str,
    batch_size: int,
    step: int,
    latent_shape: tuple[int, int, int],
    noising: Noising,
    flip: bool,
) -> Draws:
    """The draws of `batch_size` (1 or more) samples of `role`, instance or class, at `step`.

    Each slot of the batch has its own generator, and what is drawn does not depend on how many
    images the other role has: patterns that differ in regularization images see the same instance
    images with the same noise. The coin is tossed without `flip` too, to keep what follows equal.
    """
    flips, timesteps, posterior_noise, noise = [], [], [], []
    for slot in range(batch_size):
        generator = randomness.generator(seed, f"draw/{role}", step, slot)
        timesteps.append(noising.draw(generator))
        coin = bool(torch.randint(2, (), generator=generator))
        flips.append(coin and flip)
        posterior_noise.append(torch.randn(latent_shape, generator=generator))
        noise.append(torch.randn(latent_shape, generator=generator))
    return Draws(flips, torch.stack(timesteps), torch.stack(posterior_noise), torch.stack(noise))


def errors_of(prediction: torch.Tensor, wanted: torch.Tensor, areas: torch.Tensor) -> torch.Tensor:
    """Mean squared error of each of S samples, (S,), float32 at least; both are (S, C, h, w).

    The mean is weighted by areas, (S, 1, h, w), so that small areas count as much as large ones.
    """
    kind, within = runtime.whole(prediction.dtype), (1, 2, 3)
    errors = F.mse_loss(prediction.to(kind), wanted.to(kind), reduction="none")
    areas = areas.to(kind)
    return (errors * areas).mean(within) / areas.mean(within)


def role_weights(
    instance: int, class_: int, prior_weight: float, mixed: bool
) -> tuple[float, float]:
    """What one instance sample, and one class sample, adds to the loss of a step with so many.

    The means of both roles are added. In mixed batches, as sd-scripts has them, the mean is taken
    over all samples, class samples being multiplied by the weight.
    """
    if mixed:
        return 1 / (instance + class_), prior_weight / (instance + class_)
    return 1 / instance, prior_weight / max(class_, 1)
