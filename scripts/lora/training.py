"""DreamBooth training of one LoRA: what it draws in a step, and what it does with the gradients.

The forward and backward pass, which several trainings share, is in lora_group.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from common import optimizer_state, runtime
from diffusion import base_model, families
from diffusion.base_model import Pipeline
from lora import adapter as lora_adapter
from lora import dreambooth
from lora import layers as lora_layers
from lora.batch import Batch, Role, concatenate
from lora.optimizers import Optimizer, ParameterGroup
from lora.regularization import Order

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
    regularization_repeats: int
    min_snr_gamma: float
    flip: bool
    precision: str


@dataclass(frozen=True)
class Drawn:
    """A training's samples in one step, instance samples first, and how many of those there are."""

    batch: Batch
    instance: int


class Training:
    """A LoRA that is kept beside its base pipeline, and the optimizer that trains it.

    `roles` is [instance], or [instance, class] with regularization images. `steps` is the length of
    the training.
    """

    def __init__(self, settings: Settings, pipeline: Pipeline, roles: list[Role], steps: int):
        self.settings = settings
        self.roles = roles
        self.order = order_of(settings, [role.count for role in roles])
        self.device = base_model.denoiser(pipeline).device
        family = families.of(pipeline)
        self.denoiser = family.denoiser
        self.noising = family.noising(pipeline.scheduler.config)
        lora_adapter.add(
            pipeline,
            settings.target,
            settings.rank,
            settings.alpha,
            settings.seed,
            settings.text_encoder,
        )
        self.lora = lora_layers.take_off(pipeline)
        self.optimizer = Optimizer(
            settings.optimizer, self.groups(), settings.schedule, settings.warmup_steps, steps
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.precision == "fp16")

    def groups(self) -> list[ParameterGroup]:
        """The denoiser's parameters, and the text encoders' with their own learning rate."""
        settings, parameters, start = self.settings, self.lora.parameters, f"{self.denoiser}."
        of_denoiser = [p for name, p in parameters.items() if name.startswith(start)]
        groups = [ParameterGroup(of_denoiser, settings.learning_rate)]
        if settings.text_encoder:
            rest = [p for name, p in parameters.items() if not name.startswith(start)]
            rate = settings.text_encoder_learning_rate or settings.learning_rate
            groups.append(ParameterGroup(rest, rate))
        return groups

    def load(self, folder: Path) -> None:
        """Put weights and optimizer back as the artifact in `folder` left them."""
        inner = self.optimizer.inner
        optimizer_state.load(folder, self.lora.parameters, inner, self.scaler)

    def save(self, folder: Path) -> None:
        """Write what `load` needs."""
        inner = self.optimizer.inner
        optimizer_state.save(folder, self.lora.parameters, inner, self.scaler)

    def draw(self, step: int, first_prompt: int) -> Drawn:
        """One step's samples; `step` counts from 0 and alone decides what is drawn.

        `first_prompt` is the place of the first role's prompt among those of all trainings.
        """
        samples = self.order.step(step)
        weights = dreambooth.role_weights(
            len(samples.instance),
            len(samples.class_),
            self.settings.prior_weight,
            mixed=self.settings.regularization == "kohya",
        )
        parts = [
            self.samples(role, indices, step, weight, first_prompt + place)
            for place, (role, indices, weight) in enumerate(
                zip(self.roles, samples, weights, strict=False)
            )
            if indices
        ]
        return Drawn(concatenate(parts), len(samples.instance))

    def samples(
        self, role: Role, images: list[int], step: int, weight: float, prompt: int
    ) -> Batch:
        """The samples of one role at `step`."""
        drawn = dreambooth.draw(
            seed=self.settings.seed,
            role=role.name,
            batch_size=len(images),
            step=step,
            latent_shape=tuple(role.posterior.mean.shape[2:]),
            noising=self.noising,
            flip=self.settings.flip,
        )
        snr = self.noising.weights(drawn.timesteps, self.settings.min_snr_gamma)
        device, variants = self.device, [int(flip) for flip in drawn.flips]
        return Batch(
            clean=role.posterior.sample(images, drawn.flips, drawn.posterior_noise),
            noise=runtime.to_device(drawn.noise, device),
            timesteps=runtime.to_device(drawn.timesteps, device),
            prompt=torch.full((len(images),), prompt),
            weights=runtime.to_device(weight * snr, device),
            sizes=runtime.to_device(role.sizes[images], device),
            areas=runtime.to_device(role.areas[variants, images], device),
            besides=role.besides[runtime.indices(variants, images, device=device)],
        )

    def update(self, step: int, drawn: Drawn, errors: torch.Tensor) -> torch.Tensor:
        """Take the optimizer step of `step` with the gradients that are there.

        errors is (S,), each sample's. Returns the loss, and the means over instance and over class
        samples, NaN without any: (3,), on the device, so that nobody waits for it here.
        """
        inner = self.optimizer.inner
        self.optimizer.set_rate(step)
        self.scaler.unscale_(inner)
        torch.nn.utils.clip_grad_norm_(self.lora.parameters.values(), MAX_GRADIENT_NORM)
        self.scaler.step(inner)
        self.scaler.update()
        inner.zero_grad(set_to_none=True)
        total = (errors * drawn.batch.weights).sum()
        instance, class_ = errors[: drawn.instance], errors[drawn.instance :]
        return torch.stack([total, instance.mean(), class_.mean()])


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
        settings.regularization_repeats,
    )
