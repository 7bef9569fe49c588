"""Stage train_lora: DreamBooth training of LoRAs on a Stable Diffusion base model.

`run(spec)` trains spec["steps"] steps, or continues the artifact spec["resume"] up to that count,
and writes the LoRA, the optimizer's state, the losses and a summary into spec["out"].
`run_together(specs)` does so for several on the same base model, in one batch a step.
Alone: python scripts/train_lora.py spec.json
"""

from typing import Any

import host
from common import runtime, together
from common.errors import DivergedError
from common.together import Alone, Task
from diffusion import base_model
from diffusion.base_model import Pipeline
from lora import layers as lora_layers
from lora import memory as lora_memory
from lora.group import Group
from lora.work import Work

# What the trainings of a group have in common: all their samples pass through one base model.
SHARED = (
    *("base", "base_files", "device", "threads", "precision"),
    *("resolution", "text_encoder", "gradient_checkpointing", "reproducible"),
)


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Train one LoRA; returns steps, final loss, exposures and the number of parameters."""
    task = Alone(spec)
    train([task])
    return task.result


def run_together(specs: list[dict[str, Any]]) -> None:
    """Train LoRAs that agree in what SHARED names."""
    train(together.members(specs))


def train(tasks: list[Task]) -> None:
    """Train the LoRAs of all tasks; each ends when its own steps are done."""
    works = together.read(tasks, Work, SHARED)
    if not works:
        return
    spec = works[0].spec
    device = runtime.prepare(spec.device, spec.threads)
    dtype = runtime.dtype_of(spec.precision)
    with base_model.borrow(spec.base, device, dtype, spec.base_files) as pipeline:
        begun = together.begun(works, pipeline)
        if spec.gradient_checkpointing:
            checkpoint_gradients(pipeline, spec.text_encoder)
        if not begun:
            return
        with lora_layers.beside(pipeline, [work.training.lora for work in begun]) as rows:
            group = Group(pipeline, rows, [work.training for work in begun])
            lora_memory.limit(group, begun)
            train_group(group, begun)


def train_group(group: Group, works: list[Work]) -> None:
    """Step until every work is done or has failed."""
    while works:
        try:
            for work in works:
                work.keep_up()
        except DivergedError as error:
            if len(works) == 1:
                raise
            raise together.ApartError(f"beside others, {error}") from error
        works = [work for work in works if goes_on(work, group.pipeline)]
        if host.cancelled():
            for work in works:
                work.keep()
            runtime.stop_if_cancelled()
        turns = [(work.training, work.curve.steps) for work in works]
        for work, values in zip(works, group.step(turns) if turns else [], strict=True):
            work.curve.add(values)


def goes_on(work: Work, pipeline: Pipeline) -> bool:
    """Whether a work has steps left; one without is saved."""
    if work.curve.steps < work.spec.steps:
        return True
    with work.task.failing():
        work.finish(pipeline)
    return False


def checkpoint_gradients(pipeline: Pipeline, text_encoder: bool) -> None:
    """Compute activations a second time in the backward pass rather than keep them."""
    base_model.denoiser(pipeline).enable_gradient_checkpointing()
    if text_encoder:
        for encoder in base_model.text_encoders(pipeline).values():
            encoder.gradient_checkpointing_enable({"use_reentrant": False})


if __name__ == "__main__":
    runtime.run_alone(run)
