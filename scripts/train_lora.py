"""Stage train_lora: DreamBooth training of a LoRA on a Stable Diffusion base model.

`run(spec)` trains spec["steps"] steps, or continues the artifact spec["resume"] up to that count,
and writes the LoRA, the optimizer's state, the losses and a summary into spec["out"].
Alone: python scripts/train_lora.py spec.json
"""

from pathlib import Path
from typing import Any

import torch

import base_model
import host
import images
import latents
import lora_files
import prompts
import runtime
import training_state
from base_model import Pipeline
from checkpoints import Checkpoints
from lora_batch import Role
from lora_spec import Concept, Spec, check, recipe_of
from lora_training import Training
from regularization import Order
from stage_spec import read_spec
from training_state import LossRow


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Train one LoRA; returns steps, final loss, exposures and the number of parameters."""
    spec = read_spec(Spec, spec)
    check(spec)
    device = runtime.prepare(spec.device, spec.threads)
    out = Path(spec.out)
    photos = {name: read_concept(spec, name) for name in spec.concepts()}
    recipe = recipe_of(spec, {name: pixels for name, (pixels, _) in photos.items()})
    checkpoints = Checkpoints(spec.checkpoint, spec.checkpoint_seconds, recipe)
    start = checkpoints.latest(spec.steps) or resumed(spec, recipe)
    rows = training_state.read_losses(start) if start else []
    with base_model.borrow(spec.base, device, runtime.dtype_of(spec.precision)) as pipeline:
        roles = [encode_role(spec, pipeline, name, *photos[name]) for name in photos]
        if spec.gradient_checkpointing:
            checkpoint_gradients(pipeline, spec.text_encoder)
        training = Training(
            spec.settings(), pipeline, roles, spec.steps, parts=spec.gradient_accumulation
        )
        if start:
            training.load(start)
        for step in range(len(rows), spec.steps):
            if checkpoints.due() or host.cancelled():
                checkpoints.save(rows, training.save)
            runtime.stop_if_cancelled()
            rows.append(training.step(step))
            host.progress(step + 1, spec.steps, {"loss": rows[-1].loss})
        lora_files.save(pipeline, out, {**recipe, "steps": spec.steps})
        training.save(out)
    training_state.write_losses(out, rows)
    parameters = sum(parameter.numel() for parameter in training.parameters.values())
    result = summarize(spec.steps, rows, training.order, parameters)
    training_state.write_summary(out, {"recipe": recipe, **result})
    return result


def read_concept(spec: Spec, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels of a concept's images, (N, 3, R, R) uint8, and the sizes that SDXL is told, (N, 6)."""
    concept: Concept = spec.concepts()[name]
    host.log(f"reading {len(concept.images)} {name} images")
    pixels, frames = zip(
        *(images.read_framed(path, spec.resolution) for path in concept.images), strict=True
    )
    square = [spec.resolution, spec.resolution]
    sizes = [[f.height, f.width, f.top, f.left, *square] for f in frames]
    return torch.stack(pixels), torch.tensor(sizes, dtype=torch.float32)


def resumed(spec: Spec, recipe: dict[str, Any]) -> Path | None:
    """The artifact to continue, if the spec names one."""
    if not spec.resume:
        return None
    training_state.check_continues(Path(spec.resume), recipe, spec.steps)
    return Path(spec.resume)


def encode_role(
    spec: Spec, pipeline: Pipeline, name: str, pixels: torch.Tensor, sizes: torch.Tensor
) -> Role:
    """Encode a concept's images, and its prompt where that stays the same."""
    prompt = spec.concepts()[name].prompt
    with torch.no_grad():
        condition = None if spec.text_encoder else prompts.encode(pipeline, [prompt])
    posterior = latents.encode(pipeline.vae, pixels, spec.flip)
    return Role(name, prompt, posterior, sizes, condition)


def checkpoint_gradients(pipeline: Pipeline, text_encoder: bool) -> None:
    """Compute activations a second time in the backward pass rather than keep them."""
    pipeline.unet.enable_gradient_checkpointing()
    if text_encoder:
        for encoder in base_model.text_encoders(pipeline).values():
            encoder.gradient_checkpointing_enable({"use_reentrant": False})


def summarize(steps: int, rows: list[LossRow], order: Order, parameters: int) -> dict[str, Any]:
    """The stage's result; exposures come from the function that gave the order of the images."""
    instance, class_ = order.exposures(steps)
    last = rows[-max(1, len(rows) // 10) :]
    return {
        "steps": steps,
        "final_loss": sum(row.loss for row in last) / len(last),
        "instance_exposures": uses(instance),
        "class_exposures": uses(class_),
        "parameters": parameters,
    }


def uses(exposures: list[int]) -> dict[str, int]:
    """How many images are used at all, and how often those are."""
    used = [times for times in exposures if times]
    return {"distinct": len(used), "min": min(used, default=0), "max": max(used, default=0)}


if __name__ == "__main__":
    runtime.run_alone(run)
