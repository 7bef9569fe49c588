"""DreamBooth training of one LoRA, step by step, on a borrowed base pipeline."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDPMScheduler

import base_model
import dreambooth
import lora_adapter
import prompts
import runtime
import training_state
from base_model import Pipeline
from errors import StageError
from lora_batch import Batch, Role, concatenate
from optimizers import Group, Optimizer
from prompts import Condition
from regularization import Order
from training_state import LossRow

MAX_GRADIENT_NORM = 1.0  # as in diffusers' train_dreambooth_lora.py


@dataclass(frozen=True)
class Settings:
    """The numbers of a training that decide its result; `steps` only where the schedule does so."""

    seed: int
    rank: int
    alpha: float
    target: str
    text_encoder: bool
    learning_rate: float
    text_encoder_learning_rate: float
    schedule: str
    warmup_steps: int
    optimizer: str
    batch_size: int
    prior_weight: float
    regularization: str
    repeats: int
    min_snr_gamma: float
    flip: bool
    precision: str


class Training:
    """A base pipeline with a LoRA on it, and the optimizer that trains it.

    `roles` is [instance], or [instance, class] with regularization images. `steps` is the length of
    the training, `parts` in how many parts the batch of a step is computed.
    """

    def __init__(
        self, settings: Settings, pipeline: Pipeline, roles: list[Role], steps: int, parts: int = 1
    ):
        self.settings = settings
        self.pipeline = pipeline
        self.roles = roles
        self.parts = parts
        self.order = order_of(settings, [role.count for role in roles])
        self.unet = pipeline.unet
        self.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.parameters = lora_adapter.add(
            pipeline,
            settings.target,
            settings.rank,
            settings.alpha,
            settings.seed,
            settings.text_encoder,
        )
        self.optimizer = Optimizer(
            settings.optimizer, self.groups(), settings.schedule, settings.warmup_steps, steps
        )
        self.scaler = torch.amp.GradScaler(
            self.unet.device.type, enabled=settings.precision == "fp16"
        )
        self.unet.train()
        if settings.text_encoder:
            for encoder in base_model.text_encoders(pipeline).values():
                encoder.train()

    def groups(self) -> list[Group]:
        """The UNet's parameters, and the text encoders' with their own learning rate."""
        settings = self.settings
        of_unet = [p for name, p in self.parameters.items() if name.startswith("unet.")]
        groups = [Group(of_unet, settings.learning_rate)]
        if settings.text_encoder:
            rest = [p for name, p in self.parameters.items() if not name.startswith("unet.")]
            rate = settings.text_encoder_learning_rate or settings.learning_rate
            groups.append(Group(rest, rate))
        return groups

    def load(self, folder: Path) -> None:
        """Put weights and optimizer back as the artifact in `folder` left them."""
        training_state.load_optimizer(folder, self.parameters, self.optimizer.inner, self.scaler)

    def save(self, folder: Path) -> None:
        """Write what `load` needs."""
        training_state.save_optimizer(folder, self.parameters, self.optimizer.inner, self.scaler)

    def step(self, step: int) -> LossRow:
        """One optimizer step; `step` counts from 0 and alone decides what is drawn."""
        batch = self.batch(step)
        self.optimizer.set_rate(step)
        errors = torch.cat([self.backward(part) for part in batch.split(self.parts)])
        total = (errors * batch.weights).sum().item()
        if not math.isfinite(total):
            raise StageError(
                f"the loss became {total} at step {step + 1}; use a smaller learning rate than"
                f" {self.settings.learning_rate:g}, or precision fp32 or bf16"
            )
        inner = self.optimizer.inner
        self.scaler.unscale_(inner)
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), MAX_GRADIENT_NORM)
        self.scaler.step(inner)
        self.scaler.update()
        inner.zero_grad(set_to_none=True)
        means = [_mean(errors[batch.role == role]) for role in (0, 1)]
        return LossRow(step + 1, total, *means)

    def batch(self, step: int) -> Batch:
        """Draw one step's samples and gather their latents."""
        samples = self.order.step(step)
        weights = dreambooth.role_weights(
            len(samples.instance),
            len(samples.class_),
            self.settings.prior_weight,
            mixed=self.settings.regularization == "kohya",
        )
        return concatenate(
            [
                self.samples(index, indices, step, weights[index])
                for index, indices in enumerate(samples)
                if indices
            ]
        )

    def samples(self, index: int, images: list[int], step: int, weight: float) -> Batch:
        """The samples of one role, an index into the roles, at `step`."""
        role, device = self.roles[index], self.unet.device
        drawn = dreambooth.draw(
            seed=self.settings.seed,
            role=role.name,
            batch_size=len(images),
            step=step,
            latent_shape=tuple(role.posterior.mean.shape[2:]),
            num_timesteps=self.scheduler.config.num_train_timesteps,
            flip=self.settings.flip,
        )
        timesteps = drawn.timesteps.to(device)
        snr = dreambooth.min_snr_weights(self.scheduler, timesteps, self.settings.min_snr_gamma)
        return Batch(
            clean=role.posterior.sample(images, drawn.flips, drawn.posterior_noise),
            noise=drawn.noise.to(device),
            timesteps=timesteps,
            role=torch.full_like(timesteps, index),
            weights=weight * snr,
            sizes=role.sizes[images].to(device),
        )

    def backward(self, batch: Batch) -> torch.Tensor:
        """Add the gradients of a part of a step's samples; returns each sample's error, (S,)."""
        errors = dreambooth.errors_of(self.predict(batch), self.wanted(batch))
        self.scaler.scale((errors * batch.weights).sum()).backward()
        return errors.detach()

    def predict(self, batch: Batch) -> torch.Tensor:
        """The UNet's prediction, (S, C, h, w); the graph reaches the LoRA's parameters."""
        noisy = self.scheduler.add_noise(batch.clean, batch.noise, batch.timesteps)
        with runtime.autocast(self.unet.device, self.settings.precision):
            condition = self.condition()[batch.role]
            added = {"text_embeds": condition.pooled, "time_ids": batch.sizes}
            return self.unet(
                noisy.to(self.unet.dtype),
                batch.timesteps,
                condition.embedding,
                added_cond_kwargs=added if base_model.is_xl(self.pipeline) else None,
            ).sample

    def condition(self) -> Condition:
        """The roles' prompts, one row each."""
        if self.settings.text_encoder:
            return prompts.encode(self.pipeline, [role.prompt for role in self.roles])
        return prompts.stack([role.condition for role in self.roles])

    def wanted(self, batch: Batch) -> torch.Tensor:
        """What the UNet should predict, (S, C, h, w)."""
        return dreambooth.target(self.scheduler, batch.clean, batch.noise, batch.timesteps)


def order_of(settings: Settings, counts: list[int]) -> Order:
    """The order of the images, by how many instance images and, if any, class images there are."""
    instance, class_ = (*counts, 0)[:2]
    return Order(
        settings.regularization,
        settings.seed,
        instance,
        class_,
        settings.batch_size,
        settings.repeats,
    )


def _mean(errors: torch.Tensor) -> float | None:
    return errors.mean().item() if len(errors) else None
