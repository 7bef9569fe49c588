"""What a method of making images is, and what its images are made from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from common.errors import StageError
from common.framing import Rendering
from diffusion.base_model import Pipeline
from diffusion.prompts import GuidedPrompt
from lora import files as lora_files
from lora import layers as lora_layers
from lora.layers import Lora, Rows


@dataclass(frozen=True)
class Settings:
    """What the images of a batch share. `strength` to `sampler` are for methods that denoise; for
    others they are 0 and ""."""

    resolution: int
    strength: float
    steps: int
    guidance: float
    sampler: str
    rendering: Rendering  # of photos


class Style:
    """A LoRA, if any, and a prompt, encoded once."""

    lora: Lora | None = None

    def __init__(self, pipeline: Pipeline, lora: str, prompt: str, negative: str):
        """`lora` is "" or a folder with a LoRA's files."""
        if lora:
            lora_files.load(pipeline, Path(lora))
            self.lora = lora_layers.take_off(pipeline)
        with lora_layers.beside(pipeline, [self.lora] if self.lora else []) as rows:
            rows.prompts = [self.lora]
            self.prompt = GuidedPrompt(pipeline, prompt, negative)


@dataclass(frozen=True)
class Shot:
    """One image to make: in what style, from which source image ("" for none), with which
    seed."""

    style: Style
    source: str
    seed: int


class Maker(Protocol):
    """Makes batches by the same settings, on a pipeline with LoRAs beside it."""

    def make(self, shots: list[Shot], on_step: Callable[[int], None]) -> torch.Tensor:
        """Images of one batch, (B, 3, R, R) float32 on the CPU, about -1..1."""


@dataclass(frozen=True)
class Method:
    """A way to make images; a further one is the METHOD of a file beside this, and an entry in
    orchestrator/experiment/methods.json, by which the plan gives it inputs and settings."""

    name: str  # in experiment files
    needs: frozenset[str]  # inputs without which it makes no image: base, source
    takes: frozenset[str]  # inputs that it may have besides: lora
    denoises: bool  # by a prompt: strength, steps, guidance and sampler mean something to it
    maker: Callable[[Settings, Pipeline, Rows], Maker]

    def check_inputs(self, given: set[str]) -> None:
        """StageError unless what a spec gives is what the method needs, or takes besides."""
        for name in sorted(self.needs - given):
            raise StageError(f"method {self.name} needs a {name}")
        for name in sorted(given - self.needs - self.takes):
            raise StageError(f"method {self.name} takes no {name}")

    def check_settings(self, settings: Settings) -> None:
        """StageError for settings that make no image: int(steps * strength) denoising steps are
        run, and at least one is needed."""
        if not self.denoises:
            return
        if not 0 < settings.strength <= 1:
            raise StageError(f"strength must be above 0 and at most 1, not {settings.strength:g}")
        if int(settings.steps * settings.strength) < 1:
            raise StageError(
                f"steps {settings.steps} x strength {settings.strength:g} is less than one"
                " denoising step; raise steps or strength"
            )
