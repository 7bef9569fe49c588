"""The DreamBooth objective with prior preservation, and the random draws of one step.

The objective is that of diffusers' examples/dreambooth/train_dreambooth_lora.py (Ruiz et al. 2023,
arXiv:2208.12242): one batch holds instance images first and class images second, the mean squared
error of each half is taken in float32, and the loss is instance + weight * prior.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler

import data_order
import randomness
from errors import StageError


@dataclass(frozen=True)
class Draws:
    """Everything random about one role's B samples at one step, all on the CPU.

    indices, flips: B; timesteps: (B,) int64; posterior_noise, noise: (B, C, h, w) float32.
    """

    indices: list[int]
    flips: list[bool]
    timesteps: torch.Tensor
    posterior_noise: torch.Tensor
    noise: torch.Tensor


def draw(
    seed: int,
    role: str,
    count: int,
    batch_size: int,
    step: int,
    latent_shape: tuple[int, int, int],
    num_timesteps: int,
    flip: bool,
) -> Draws:
    """The draws of `role` ("instance" or "class") at `step`, counted from 0.

    Each slot of the batch has its own generator, and what is drawn does not depend on how many
    images the other role has: patterns that differ in regularization images see the same instance
    images with the same noise. The coin is tossed without `flip` too, to keep what follows equal.
    """
    flips, timesteps, posterior_noise, noise = [], [], [], []
    for slot in range(batch_size):
        generator = randomness.generator(seed, f"draw/{role}", step, slot)
        timesteps.append(torch.randint(num_timesteps, (), generator=generator))
        coin = bool(torch.randint(2, (), generator=generator))
        flips.append(coin and flip)
        posterior_noise.append(torch.randn(latent_shape, generator=generator))
        noise.append(torch.randn(latent_shape, generator=generator))
    return Draws(
        indices=data_order.step_indices(seed, role, count, batch_size, step),
        flips=flips,
        timesteps=torch.stack(timesteps),
        posterior_noise=torch.stack(posterior_noise),
        noise=torch.stack(noise),
    )


def target(
    scheduler: DDPMScheduler, latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """What the UNet should predict, by the base model's prediction type."""
    kind = scheduler.config.prediction_type
    if kind == "epsilon":
        return noise
    if kind == "v_prediction":
        return scheduler.get_velocity(latents, noise, timesteps)
    raise StageError(
        f"the base model's scheduler predicts {kind!r}; use a base model that predicts"
        " epsilon or v_prediction"
    )


@dataclass(frozen=True)
class Loss:
    """Scalars of one step; `prior` is None without class images."""

    total: torch.Tensor
    instance: torch.Tensor
    prior: torch.Tensor | None


def loss(
    prediction: torch.Tensor, wanted: torch.Tensor, with_prior: bool, prior_weight: float
) -> Loss:
    """Both tensors are (B, C, h, w), or (2B, C, h, w) with the class half second."""
    prediction, wanted = prediction.float(), wanted.float()
    if not with_prior:
        instance = F.mse_loss(prediction, wanted)
        return Loss(instance, instance, None)
    prediction, prediction_prior = prediction.chunk(2)
    wanted, wanted_prior = wanted.chunk(2)
    instance = F.mse_loss(prediction, wanted)
    prior = F.mse_loss(prediction_prior, wanted_prior)
    return Loss(instance + prior_weight * prior, instance, prior)
