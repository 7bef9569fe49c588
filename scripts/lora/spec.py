"""What the stage train_lora is asked to do, checked."""

from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from common import images
from common.errors import StageError
from common.framing import Rendered
from diffusion.base_files import BaseFiles
from lora import optimizers
from lora.regularization import MODES
from lora.training import Settings


@dataclass(frozen=True)
class Concept:
    """A prompt and the images that it names (absolute paths); with `masks`, of each image the files
    of its defect's mask, joined by or."""

    prompt: str
    images: list[str]
    masks: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of train_lora's spec.

    `batch_size` counts the instance images of a step, which as many class images join; with
    regularization kohya it counts both together. A step is computed in `gradient_accumulation`
    parts. Where a concept has masks, what is outside of them counts for `outside` in the loss, and
    what is inside for 1. `text_encoder_learning_rate` 0 is `learning_rate`, `min_snr_gamma` 0 no
    weighting. `resume` is an artifact to continue, `checkpoint` a folder to keep checkpoints in.
    With `reproducible`, the samples that are computed at once do not follow from free memory.
    """

    out: str
    device: str
    base: str
    seed: int
    resolution: int
    instance: Concept
    class_: Concept
    steps: int
    rank: int
    alpha: float
    learning_rate: float
    batch_size: int
    prior_weight: float
    target: str
    flip: bool
    precision: str
    base_files: BaseFiles = field(default_factory=BaseFiles)
    text_encoder: bool = False
    text_encoder_learning_rate: float = 0.0
    schedule: str = "constant"
    warmup_steps: int = 0
    optimizer: str = "adamw"
    regularization: str = "exact"
    repeats: int = 1
    regularization_repeats: int = 1
    min_snr_gamma: float = 0.0
    outside: float = 0.0
    gradient_accumulation: int = 1
    gradient_checkpointing: bool = False
    resume: str = ""
    checkpoint: str = ""
    checkpoint_seconds: float = 60.0
    reproducible: bool = False
    threads: int = 0

    def concepts(self) -> dict[str, Concept]:
        """The concepts that take part, instance first; class only when it has images."""
        with_class = {"class": self.class_} if self.class_.images else {}
        return {"instance": self.instance} | with_class

    def settings(self) -> Settings:
        """The part that the training itself needs."""
        names = Settings.__dataclass_fields__
        return Settings(**{name: getattr(self, name) for name in names})


def check(spec: Spec) -> None:
    """StageError for a spec that cannot be trained."""
    if not spec.instance.images:
        raise StageError("a LoRA needs at least one instance image; the list is empty")
    if spec.regularization not in MODES:
        modes = ", ".join(MODES)
        raise StageError(f"regularization {spec.regularization!r} is unknown; use one of {modes}")
    for name, concept in spec.concepts().items():
        if concept.masks and len(concept.masks) != len(concept.images):
            raise StageError(
                f"{name} has {len(concept.images)} images and masks of {len(concept.masks)}"
            )
    if not 0 <= spec.outside <= 1:
        raise StageError(f"outside must be from 0 to 1, not {spec.outside:g}")
    for name in (
        "steps",
        "rank",
        "batch_size",
        "resolution",
        "repeats",
        "regularization_repeats",
        "gradient_accumulation",
    ):
        if getattr(spec, name) < 1:
            raise StageError(f"{name} must be at least 1, not {getattr(spec, name)}")
    if spec.resume and spec.schedule not in optimizers.CONTINUABLE:
        raise StageError(
            f"a training with the {spec.schedule} schedule continues no shorter one: its learning"
            " rates depend on the number of steps; leave `resume` out"
        )


def recipe_of(
    spec: Spec, pixels: dict[str, torch.Tensor], masks: dict[str, torch.Tensor]
) -> dict[str, Any]:
    """What must be equal for one training to continue another; neither places nor steps.

    `masks` are those of the concepts that have any.
    """
    concepts = {
        name: {
            "prompt": spec.concepts()[name].prompt,
            "images": len(tensor),
            "pixels": images.digest(tensor),
        }
        for name, tensor in pixels.items()
    }
    for name, tensor in masks.items():
        concepts[name] |= {"masks": images.digest(tensor), "outside": spec.outside}
    settings = asdict(spec.settings())
    if spec.regularization_repeats == 1:  # as it was before there was such a setting
        settings.pop("regularization_repeats")
    return settings | {"resolution": spec.resolution} | concepts
