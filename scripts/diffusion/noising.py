"""How training noises images, and what a denoiser is to predict of them: by diffusion, or by flow
matching.

A step is a place in the noise schedule, (S,) int64. Latents and noise are (S, C, h, w).
"""

from typing import Any, Protocol

import torch
from diffusers import DDPMScheduler, FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import compute_snr

from common.errors import StageError
from diffusion import exact_roots
from diffusion.exact_roots import exactly


class Noising(Protocol):
    """Made of a scheduler's configuration; its tables move to the device that it is used on."""

    def draw(self, generator: torch.Generator) -> torch.Tensor:
        """A step for one sample, on the CPU, without dimensions."""

    def noisy(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Latents as noisy as they are at the steps."""

    def told(self, steps: torch.Tensor) -> torch.Tensor:
        """What a denoiser is told of the steps, (S,)."""

    def target(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """What a denoiser should predict."""

    def weights(self, steps: torch.Tensor, min_snr_gamma: float) -> torch.Tensor:
        """What the steps' errors count for, (S,); 1 each for gamma 0."""


class Diffusion:
    """By the tables of DDPM; the denoiser predicts what the base model's scheduler says."""

    def __init__(self, config: Any):
        self.scheduler = exact_roots.scheduler(DDPMScheduler, config)

    def draw(self, generator: torch.Generator) -> torch.Tensor:
        """Every step is as likely."""
        return torch.randint(self.scheduler.config.num_train_timesteps, (), generator=generator)

    def noisy(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """As DDPM adds noise."""
        return self.scheduler.add_noise(clean, noise, steps)

    def told(self, steps: torch.Tensor) -> torch.Tensor:
        """The steps themselves."""
        return steps

    def target(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Noise or velocity."""
        kind = self.scheduler.config.prediction_type
        if kind == "epsilon":
            return noise
        if kind == "v_prediction":
            return self.scheduler.get_velocity(clean, noise, steps)
        raise StageError(
            f"the base model's scheduler predicts {kind!r}; use a base model that predicts"
            " epsilon or v_prediction"
        )

    def weights(self, steps: torch.Tensor, min_snr_gamma: float) -> torch.Tensor:
        """Min-SNR weights (Hang et al. 2023, arXiv:2303.09556).

        min(SNR, gamma) / SNR where noise is predicted, over SNR + 1 where velocity is.
        """
        if min_snr_gamma == 0:
            return torch.ones_like(steps, dtype=torch.float32)
        snr = exactly(compute_snr)(self.scheduler, steps)
        velocity = self.scheduler.config.prediction_type == "v_prediction"
        return snr.clamp(max=min_snr_gamma) / (snr + 1 if velocity else snr)


class Flow:
    """Rectified flow: (1 - sigma) clean + sigma noise, of which the denoiser predicts noise - clean
    (Liu et al., arXiv:2209.03003).

    Sigmas are those of the scheduler's table, shifted as it says; a step is a place in it, and as
    likely as any other.
    """

    def __init__(self, config: Any):
        table = FlowMatchEulerDiscreteScheduler.from_config(config)
        self.sigmas, self.timesteps = table.sigmas, table.timesteps

    def draw(self, generator: torch.Generator) -> torch.Tensor:
        """The steps of shares that are drawn from 0 to 1."""
        return (self.share(generator) * len(self.sigmas)).long()

    def share(self, generator: torch.Generator) -> torch.Tensor:
        """Of the table that lies before a step: from 0, but below 1."""
        return torch.rand((), generator=generator)

    def noisy(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """On the straight line between the two."""
        self.sigmas = self.sigmas.to(steps.device)
        sigma = self.sigmas[steps].to(clean.dtype)[:, None, None, None]
        return (1 - sigma) * clean + sigma * noise

    def told(self, steps: torch.Tensor) -> torch.Tensor:
        """1000 sigma, float32."""
        self.timesteps = self.timesteps.to(steps.device)
        return self.timesteps[steps]

    def target(self, clean: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """The line's direction."""
        return noise - clean

    def weights(self, steps: torch.Tensor, min_snr_gamma: float) -> torch.Tensor:
        """1 each; StageError where they are to go by the signal-to-noise ratio."""
        if min_snr_gamma:
            raise StageError(
                "min_snr_gamma weights the errors of noise by a diffusion's signal-to-noise ratio,"
                " and this base model learns by flow matching: leave lora.min_snr_gamma out"
            )
        return torch.ones_like(steps, dtype=torch.float32)


class LogitNormalFlow(Flow):
    """Flow matching whose steps are mostly in the middle, as Stable Diffusion 3 is trained (Esser
    et al., arXiv:2403.03206)."""

    def share(self, generator: torch.Generator) -> torch.Tensor:
        """The sigmoid of a standard normal number."""
        return torch.sigmoid(torch.randn((), generator=generator))
