"""DreamBooth training of one LoRA, step by step, on a borrowed base pipeline."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDPMScheduler, StableDiffusionImg2ImgPipeline

import dreambooth
import lora_adapter
import runtime
import training_state
from errors import StageError
from latents import Posterior
from training_state import LossRow

# AdamW and clipping as in diffusers' train_dreambooth_lora.py.
BETAS = (0.9, 0.999)
WEIGHT_DECAY = 1e-2
EPSILON = 1e-8
MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Settings:
    """The numbers of a training; `batch_size` is the samples of each role in a step."""

    seed: int
    rank: int
    alpha: float
    target: str
    learning_rate: float
    batch_size: int
    prior_weight: float
    flip: bool
    precision: str


@dataclass(frozen=True)
class Role:
    """Instance or class: the latents of its images, and its prompt's embedding (1, 77, D)."""

    name: str
    posterior: Posterior
    embedding: torch.Tensor

    @property
    def count(self) -> int:
        """How many images there are."""
        return self.posterior.mean.shape[1]


@dataclass(frozen=True)
class Batch:
    """Input of one step: B samples of each role, instance first, on the UNet's device.

    clean, noise: (roles * B, C, h, w); timesteps: (roles * B,); embeddings: (roles * B, 77, D).
    """

    clean: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    embeddings: torch.Tensor


class Training:
    """A base pipeline with a LoRA on it, and the optimizer that trains it.

    `roles` is [instance], or [instance, class] for prior preservation.
    """

    def __init__(
        self, settings: Settings, pipeline: StableDiffusionImg2ImgPipeline, roles: list[Role]
    ):
        self.settings = settings
        self.roles = roles
        self.unet = pipeline.unet
        self.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.parameters = lora_adapter.add(
            self.unet, settings.target, settings.rank, settings.alpha, settings.seed
        )
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(),
            lr=settings.learning_rate,
            betas=BETAS,
            weight_decay=WEIGHT_DECAY,
            eps=EPSILON,
            fused=True,
        )
        self.scaler = torch.amp.GradScaler(
            self.unet.device.type, enabled=settings.precision == "fp16"
        )
        self.unet.train()

    def load(self, folder: Path) -> None:
        """Put weights and optimizer back as the artifact in `folder` left them."""
        training_state.load_optimizer(folder, self.parameters, self.optimizer, self.scaler)

    def save(self, folder: Path) -> None:
        """Write what `load` needs."""
        training_state.save_optimizer(folder, self.parameters, self.optimizer, self.scaler)

    def step(self, step: int) -> LossRow:
        """One optimizer step; `step` counts from 0 and alone decides what is drawn."""
        loss = self.loss(self.batch(step))
        self.scaler.scale(loss.total).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), MAX_GRADIENT_NORM)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        total = loss.total.item()
        if not math.isfinite(total):
            raise StageError(
                f"the loss became {total} at step {step + 1}; use a smaller learning rate than"
                f" {self.settings.learning_rate:g}, or precision fp32 or bf16"
            )
        prior = None if loss.prior is None else loss.prior.item()
        return LossRow(step + 1, total, loss.instance.item(), prior)

    def batch(self, step: int) -> Batch:
        """Draw one step's samples and gather their latents and embeddings."""
        device = self.unet.device
        draws = [self.draw(role, step) for role in self.roles]
        clean = [
            role.posterior.sample(drawn.indices, drawn.flips, drawn.posterior_noise)
            for role, drawn in zip(self.roles, draws, strict=True)
        ]
        size = self.settings.batch_size
        return Batch(
            clean=torch.cat(clean),
            noise=torch.cat([drawn.noise for drawn in draws]).to(device),
            timesteps=torch.cat([drawn.timesteps for drawn in draws]).to(device),
            embeddings=torch.cat([role.embedding.expand(size, -1, -1) for role in self.roles]),
        )

    def draw(self, role: Role, step: int) -> dreambooth.Draws:
        """One role's random draws at `step`."""
        return dreambooth.draw(
            seed=self.settings.seed,
            role=role.name,
            count=role.count,
            batch_size=self.settings.batch_size,
            step=step,
            latent_shape=tuple(role.posterior.mean.shape[2:]),
            num_timesteps=self.scheduler.config.num_train_timesteps,
            flip=self.settings.flip,
        )

    def loss(self, batch: Batch) -> dreambooth.Loss:
        """The DreamBooth objective on one batch; the graph reaches the LoRA's parameters."""
        noisy = self.scheduler.add_noise(batch.clean, batch.noise, batch.timesteps)
        with runtime.autocast(self.unet.device, self.settings.precision):
            prediction = self.unet(
                noisy.to(self.unet.dtype), batch.timesteps, batch.embeddings
            ).sample
        wanted = dreambooth.target(self.scheduler, batch.clean, batch.noise, batch.timesteps)
        with_prior = len(self.roles) == 2
        return dreambooth.loss(prediction, wanted, with_prior, self.settings.prior_weight)
