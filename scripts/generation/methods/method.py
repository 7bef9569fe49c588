"""What a method of making images is, and what its images are made from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from common.errors import StageError
from common.framing import Rendering
from diffusion import prompts
from diffusion.base_model import Pipeline
from lora import files as lora_files
from lora import layers as lora_layers
from lora.layers import Lora, Rows


@dataclass(frozen=True)
class NoOptions:
    """The options of a method that has none."""


@dataclass(frozen=True)
class Settings:
    """What the images of a batch share.

    `resolution` is that of the base model, 0 for methods that need none; `strength` to `sampler`
    are for methods that denoise; for others they are 0 and "".
    """

    resolution: int
    strength: float
    steps: int
    guidance: float
    sampler: str
    rendering: Rendering  # of photos
    options: Any = NoOptions()  # the method's own, of its class of options


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
            self.prompt = prompts.guided(pipeline, prompt, negative)


@dataclass(frozen=True)
class Shot:
    """One image to make, and what from. Paths of photos may name a region; common.regions.

    All that is random about it comes from its seed, so that it is the same in every batch.
    """

    style: Style | None  # None for a method without a base model
    source: str  # the photo that it starts from, or is pasted into; "" for none
    seed: int
    defect: str = ""  # a training photo of the class; "" for none
    masks: tuple[str, ...] = ()  # of one defect, joined by or as in masks.union; () for none
    # Whether it is to show a good part, which a method without a prompt is told by nothing else.
    # Then `defect` is another good photo, and the masks are those of a photo of any class.
    good: bool = False


# What an image may be remarked for. Such images are kept and counted, never replaced.
TOO_SMALL = "too small"  # its mask, for the method to make anything of it
OFF_PART = "off part"  # its mask lies beside the part, for want of a place on it
UNCHANGED = "unchanged"  # it looks like its source, inside the mask too
REMARKS = (TOO_SMALL, OFF_PART, UNCHANGED)


@dataclass(frozen=True)
class Made:
    """An image that was made, on the CPU. Its size is the method's choice: that of the base model's
    squares, or of the source."""

    pixels: torch.Tensor  # (3, H, W) uint8, to be written
    decoded: torch.Tensor | None = None  # (3, h, w) float32 about -1..1, what an autoencoder gave
    mask: torch.Tensor | None = None  # (H, W) bool: true where it may differ from its source
    remark: str = ""  # the first of REMARKS that holds


class Maker(Protocol):
    """Makes batches by the same settings."""

    def make(self, shots: list[Shot], on_step: Callable[[int], None]) -> list[Made]:
        """The images of one batch, in its order. `on_step` is told of each denoising step, from 1;
        runtime.stop_if_cancelled is called in between. StageError names a photo that no image can
        be made from."""


@dataclass(frozen=True)
class Method:
    """A way to make images; a further one is the METHOD of a file beside this, and an entry in
    orchestrator/experiment/methods.json, by which the plan gives it inputs and settings."""

    name: str  # in experiment files
    needs: frozenset[str]  # inputs without which it makes no image: base, source, defect, mask
    takes: frozenset[str]  # inputs that it may have besides: lora, or any of these
    denoises: bool  # by a prompt: strength, steps, guidance and sampler mean something to it
    # Its batches are made on a pipeline with LoRAs beside it, which the rows lead through; both are
    # None where there is no base model.
    maker: Callable[[Settings, Pipeline | None, Rows | None], Maker]
    masks: bool = False  # every image comes with the mask of what may differ from its source
    options: type = NoOptions  # a frozen dataclass of its own settings, without defaults

    def check_inputs(self, given: frozenset[str]) -> None:
        """StageError unless what an image is given is what the method needs, or takes besides."""
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
