"""Stage train_lora: DreamBooth training of a LoRA on a Stable Diffusion base model.

`run(spec)` trains spec["steps"] steps, or continues the artifact spec["resume"] up to that count,
and writes the LoRA, the optimizer's state, the losses and a summary into spec["out"].
Alone: python scripts/train_lora.py spec.json
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionImg2ImgPipeline

import base_model
import data_order
import host
import images
import latents
import lora_adapter
import runtime
import training_state
from errors import StageError
from lora_training import Role, Settings, Training
from stage_spec import read_spec
from training_state import LossRow

NOT_YET = (
    "text_encoder",
    "text_encoder_learning_rate",
    "schedule",
    "warmup_steps",
    "optimizer",
    "min_snr_gamma",
    "gradient_accumulation",
    "gradient_checkpointing",
)


@dataclass(frozen=True)
class Concept:
    """A prompt and the images that it names (absolute paths)."""

    prompt: str
    images: list[str]


@dataclass(frozen=True)
class Spec:
    """Keys of train_lora's spec; `batch_size` counts instance images a step, and class images."""

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
    regularization: str = "exact"
    text_encoder: bool = False
    text_encoder_learning_rate: float = 0.0
    schedule: str = "constant"
    warmup_steps: int = 0
    optimizer: str = "adamw"
    repeats: int = 10
    min_snr_gamma: float = 0.0
    gradient_accumulation: int = 1
    gradient_checkpointing: bool = False
    resume: str = ""
    threads: int = 0

    def concepts(self) -> dict[str, Concept]:
        """The concepts that take part, instance first; class only when it has images."""
        with_class = {"class": self.class_} if self.class_.images else {}
        return {"instance": self.instance} | with_class

    def settings(self) -> Settings:
        """The part that the training itself needs."""
        names = Settings.__dataclass_fields__
        return Settings(**{name: getattr(self, name) for name in names})


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Train one LoRA; returns steps, final loss, exposures and the number of parameters."""
    spec = read_spec(Spec, spec)
    check(spec)
    device = runtime.prepare(spec.device, spec.threads)
    out = Path(spec.out)
    pixels = {name: read_concept(spec, name) for name in spec.concepts()}
    recipe = recipe_of(spec, pixels)
    rows = resumed_losses(spec, recipe) if spec.resume else []
    with base_model.borrow(spec.base, device, runtime.dtype_of(spec.precision)) as pipeline:
        roles = [encode_role(spec, pipeline, name, pixels[name]) for name in pixels]
        training = Training(spec.settings(), pipeline, roles)
        if spec.resume:
            training.load(Path(spec.resume))
        for step in range(len(rows), spec.steps):
            runtime.stop_if_cancelled()
            rows.append(training.step(step))
            host.progress(step + 1, spec.steps, {"loss": rows[-1].loss})
        lora_adapter.save(pipeline.unet, out, {**recipe, "steps": spec.steps})
        training.save(out)
    training_state.write_losses(out, rows)
    result = summarize(spec, rows, sum(p.numel() for p in training.parameters.values()))
    training_state.write_summary(out, {"recipe": recipe, **result})
    return result


def check(spec: Spec) -> None:
    """StageError for a spec that cannot be trained."""
    if not spec.instance.images:
        raise StageError("a LoRA needs at least one instance image; the list is empty")
    if spec.regularization != "exact":
        raise StageError(f"regularization {spec.regularization!r} is unknown; use exact")
    for field in fields(spec):
        if field.name in NOT_YET and getattr(spec, field.name) != field.default:
            raise StageError(f"{field.name} cannot be {getattr(spec, field.name)!r} yet")
    for name in ("steps", "rank", "batch_size", "resolution"):
        if getattr(spec, name) < 1:
            raise StageError(f"{name} must be at least 1, not {getattr(spec, name)}")


def read_concept(spec: Spec, name: str) -> torch.Tensor:
    """Pixels of a concept's images, (N, 3, R, R) uint8."""
    paths = spec.concepts()[name].images
    host.log(f"reading {len(paths)} {name} images")
    return images.read_images(paths, spec.resolution)


def resumed_losses(spec: Spec, recipe: dict[str, Any]) -> list[LossRow]:
    """Losses of the steps that the artifact to continue has done."""
    folder = Path(spec.resume)
    training_state.check_continues(folder, recipe, spec.steps)
    return training_state.read_losses(folder)


def encode_role(
    spec: Spec, pipeline: StableDiffusionImg2ImgPipeline, name: str, pixels: torch.Tensor
) -> Role:
    """Encode a concept's images and its prompt; they stay the same for the whole training."""
    with torch.no_grad():
        embedding, _ = pipeline.encode_prompt(
            spec.concepts()[name].prompt, pipeline.device, 1, do_classifier_free_guidance=False
        )
    return Role(name, latents.encode(pipeline.vae, pixels, spec.flip), embedding)


def recipe_of(spec: Spec, pixels: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What must be equal for one training to continue another; neither places nor steps."""
    concepts = {
        name: {
            "prompt": spec.concepts()[name].prompt,
            "images": len(tensor),
            "pixels": images.digest(tensor),
        }
        for name, tensor in pixels.items()
    }
    settings = asdict(spec.settings())
    return settings | {"resolution": spec.resolution} | concepts


def summarize(spec: Spec, rows: list[LossRow], parameters: int) -> dict[str, Any]:
    """The stage's result; exposures come from the function that gave the data order."""
    used = {
        name: data_order.exposures(
            spec.seed, name, len(concept.images), spec.batch_size, spec.steps
        )
        for name, concept in spec.concepts().items()
    }
    class_used = used.get("class", [])
    last = rows[-max(1, len(rows) // 10) :]
    return {
        "steps": spec.steps,
        "final_loss": sum(row.loss for row in last) / len(last),
        "instance_exposures": {"min": min(used["instance"]), "max": max(used["instance"])},
        "class_exposures": {
            "min": min(class_used, default=0),
            "max": max(class_used, default=0),
            "distinct": sum(count > 0 for count in class_used),
        },
        "parameters": parameters,
    }


if __name__ == "__main__":
    runtime.run_alone(run)
