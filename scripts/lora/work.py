"""One LoRA on its way through the stage train_lora: from its images to its artifact."""

from pathlib import Path
from typing import Any

import torch

import host
from common import images, together
from common.checkpoints import Checkpoints
from common.specs import read_spec
from common.together import Task
from diffusion import latents, prompts
from diffusion.base_model import Pipeline
from lora import files as lora_files
from lora import layers as lora_layers
from lora import masked
from lora import state as training_state
from lora.batch import Role
from lora.loss_curve import LossCurve
from lora.regularization import Order
from lora.spec import Concept, Spec, check, recipe_of
from lora.state import LossRow
from lora.training import Training


class Work(together.Work):
    """A task's spec, images and checkpoints; once begun, its training."""

    training: Training
    curve: LossCurve

    def __init__(self, task: Task):
        """Read the images; StageError for what cannot be trained."""
        self.task = task
        self.spec = read_spec(Spec, task.spec)
        check(self.spec)
        self.photos = {name: read_concept(self.spec, name) for name in self.spec.concepts()}
        self.masks = masked.read(self.spec)
        pixels = {name: pixels for name, (pixels, _) in self.photos.items()}
        self.recipe = recipe_of(self.spec, pixels, self.masks)

    def begin(self, pipeline: Pipeline) -> None:
        """Encode the images, and put weights and optimizer where they were left, if anywhere."""
        spec = self.spec
        self.checkpoints = Checkpoints(spec.checkpoint, spec.checkpoint_seconds)
        start = self.checkpoints.latest(self._check) or resumed(spec, self.recipe)
        roles = [
            encode_role(spec, pipeline, name, *photos, self.masks.get(name))
            for name, photos in self.photos.items()
        ]
        self.training = Training(spec.settings(), pipeline, roles, spec.steps)
        if start:
            self.training.load(start)
        rows = training_state.read_losses(start) if start else []
        self.curve = LossCurve(rows, spec.learning_rate)

    def keep_up(self) -> None:
        """Read and report losses, and write a checkpoint, where it is time for either."""
        due, done = self.checkpoints.due(), self.curve.steps == self.spec.steps
        if due or done or self.curve.due():
            before = len(self.curve.rows)
            self.curve.read()
            rows = self.curve.rows
            if len(rows) > before:
                self.task.progress(len(rows), self.spec.steps, {"loss": rows[-1].loss})
        if due and not done:
            self.keep()

    def keep(self) -> None:
        """Write a checkpoint."""
        self.curve.read()
        self.checkpoints.save(self.curve.steps, self._save)

    def _check(self, checkpoint: Path) -> None:
        training_state.check_continues(checkpoint, self.recipe, self.spec.steps)

    def _save(self, checkpoint: Path) -> None:
        rows = self.curve.rows
        self.training.save(checkpoint)
        training_state.write_losses(checkpoint, rows)
        training_state.write_summary(checkpoint, {"recipe": self.recipe, "steps": len(rows)})

    def finish(self, pipeline: Pipeline) -> None:
        """Write the artifact after the last step."""
        rows, steps = self.curve.rows, self.spec.steps
        out = Path(self.spec.out)
        lora_layers.put_on(pipeline, self.training.lora)
        lora_files.save(pipeline, out, {**self.recipe, "steps": steps})
        pipeline.unload_lora_weights()
        self.training.save(out)
        training_state.write_losses(out, rows)
        parameters = sum(p.numel() for p in self.training.lora.parameters.values())
        result = summarize(steps, rows, self.training.order, parameters)
        training_state.write_summary(out, {"recipe": self.recipe, **result})
        self.task.done(result)


def read_concept(spec: Spec, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels of a concept's images, (N, 3, R, R) uint8, and the sizes that SDXL is told, (N, 6)."""
    concept: Concept = spec.concepts()[name]
    host.log(f"reading {len(concept.images)} {name} images")
    framed = images.read_framed(concept.images, spec.resolution, spec.rendering)
    pixels, frames = zip(*framed, strict=True)
    sizes = [[*frame.told(), spec.resolution, spec.resolution] for frame in frames]
    return torch.stack(pixels), torch.tensor(sizes, dtype=torch.float32)


def resumed(spec: Spec, recipe: dict[str, Any]) -> Path | None:
    """The artifact to continue, if the spec names one."""
    if not spec.resume:
        return None
    training_state.check_continues(Path(spec.resume), recipe, spec.steps)
    return Path(spec.resume)


def encode_role(
    spec: Spec,
    pipeline: Pipeline,
    name: str,
    pixels: torch.Tensor,
    sizes: torch.Tensor,
    masks: torch.Tensor | None,
) -> Role:
    """Encode a concept's images, and its prompt where that stays the same."""
    prompt = spec.concepts()[name].prompt
    with torch.no_grad():
        condition = None if spec.text_encoder else prompts.encode(pipeline, [prompt])
    posterior = latents.encode(pipeline.vae, pixels, spec.flip)
    cells = masked.cells_of(masks, posterior, spec.resolution)
    areas = masked.areas_of(cells, spec.outside, len(posterior.mean))
    besides = masked.besides_of(pipeline, posterior, pixels, cells)
    return Role(name, prompt, posterior, sizes, areas, besides, condition)


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
