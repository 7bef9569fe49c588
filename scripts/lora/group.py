"""Trainings that share a base model: one batch a step, each sample through its own LoRA.

A training's samples, draws and optimizer are its own, so that it ends as it would alone; only the
shape of the batches, and with it the rounding of the last bits, depends on who trains beside it.
Step counts need not be equal: a training takes part with whichever step it has reached.
"""

from collections.abc import Iterator
from itertools import groupby

import torch

from common import runtime
from diffusion import base_model, families, prompts
from diffusion.base_model import Pipeline
from diffusion.condition import Condition, stack
from lora import dreambooth
from lora.batch import Batch, concatenate
from lora.layers import Rows
from lora.training import Training

Turn = tuple[Training, int]  # a training and its next step, counted from 0


class Group:
    """Trainings whose LoRAs are `rows` beside the pipeline's models.

    They agree in precision and in whether the text encoder is trained. At most `at_once` samples
    pass through the UNet together; 0 is all.
    """

    def __init__(self, pipeline: Pipeline, rows: Rows, trainings: list[Training], at_once: int = 0):
        self.pipeline = pipeline
        self.family = families.of(pipeline)
        self.denoiser = self.family.denoiser_of(pipeline)
        self.at_once = at_once
        # Its own, since its tables move to the UNet's device and those of draws stay on the CPU.
        self.noising = self.family.noising(pipeline.scheduler.config)
        self.precision = trainings[0].settings.precision
        self.text_encoder = trainings[0].settings.text_encoder
        self.rows = rows
        self._stacked: tuple[list[Training], Condition] | None = None
        self.denoiser.train()
        if self.text_encoder:
            for encoder in base_model.text_encoders(pipeline).values():
                encoder.train()

    def step(self, turns: list[Turn]) -> list[torch.Tensor]:
        """One optimizer step of each training; returns what Training.update does, for each."""
        trainings = [training for training, _ in turns]
        drawn, prompt = [], 0
        for training, step in turns:
            drawn.append(training.draw(step, prompt))
            prompt += len(training.roles)
        counts = [len(d.batch) for d in drawn]
        owners = [t for t, count in zip(trainings, counts, strict=True) for _ in range(count)]
        whole = concatenate([d.batch for d in drawn])
        size = self.at_once or len(whole)
        parts = zip(whole.split(size), _split(owners, size), strict=True)
        errors = torch.cat([self.backward(part, of, trainings) for part, of in parts])
        return [
            training.update(step, own, own_errors)
            for (training, step), own, own_errors in zip(
                turns, drawn, errors.split(counts), strict=True
            )
        ]

    def backward(
        self, batch: Batch, owners: list[Training], trainings: list[Training]
    ) -> torch.Tensor:
        """Add the gradients of a part of a step's samples; returns each sample's error, (S,)."""
        errors = dreambooth.errors_of(
            self.predict(batch, owners, trainings), self.wanted(batch), batch.areas
        )
        weighted = errors * batch.weights
        # A loss depends on the parameters of its own LoRA only, so that all can be added up.
        runs = [(training, len([*samples])) for training, samples in groupby(owners)]
        pieces = weighted.split([count for _, count in runs])
        losses = [t.scaler.scale(piece.sum()) for (t, _), piece in zip(runs, pieces, strict=True)]
        torch.stack(losses).sum().backward()
        return errors.detach()

    def predict(
        self, batch: Batch, owners: list[Training], trainings: list[Training]
    ) -> torch.Tensor:
        """The UNet's prediction, (S, C, h, w); the graph reaches the LoRAs' parameters."""
        noisy = self.noising.noisy(batch.clean, batch.noise, batch.timesteps)
        if batch.besides.shape[1]:
            noisy = torch.cat([noisy, batch.besides], dim=1)
        with runtime.autocast(self.denoiser.device, self.precision):
            condition = self.condition(trainings)[batch.prompt]
            self.rows.samples = [training.lora for training in owners]
            return self.family.predict(
                self.denoiser,
                noisy.to(self.denoiser.dtype),
                self.noising.told(batch.timesteps),
                condition,
                batch.sizes,
            )

    def condition(self, trainings: list[Training]) -> Condition:
        """The prompts of the trainings' roles, one row each."""
        roles = [(training, role) for training in trainings for role in training.roles]
        if self.text_encoder:
            self.rows.prompts = [training.lora for training, _ in roles]
            return prompts.encode(self.pipeline, [role.prompt for _, role in roles])
        if self._stacked is None or self._stacked[0] != trainings:
            stacked = stack([role.condition for _, role in roles])
            self._stacked = (trainings, stacked)
        return self._stacked[1]

    def wanted(self, batch: Batch) -> torch.Tensor:
        """What the UNet should predict, (S, C, h, w)."""
        return self.noising.target(batch.clean, batch.noise, batch.timesteps)


def _split(owners: list[Training], size: int) -> Iterator[list[Training]]:
    return (owners[first : first + size] for first in range(0, len(owners), size))
