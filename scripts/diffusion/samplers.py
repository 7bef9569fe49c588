"""The samplers that images are made with, by the names that experiment files have for them."""

import functools
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
    PNDMScheduler,
    SchedulerMixin,
    UniPCMultistepScheduler,
)

from common.errors import StageError
from diffusion import exact_roots, families

# Classes, and what is changed of the base model's own scheduler configuration.
SAMPLERS: dict[str, tuple[type[SchedulerMixin], dict[str, Any]]] = {
    "ddim": (DDIMScheduler, {}),
    "ddpm": (DDPMScheduler, {}),
    "pndm": (PNDMScheduler, {"skip_prk_steps": True}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpm++": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++"}),
    "dpm++_karras": (
        DPMSolverMultistepScheduler,
        {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True},
    ),
    "unipc": (UniPCMultistepScheduler, {}),
    "flow-euler": (FlowMatchEulerDiscreteScheduler, {}),
    "flow-heun": (FlowMatchHeunDiscreteScheduler, {}),
}


def build(sampler: str, pipeline: DiffusionPipeline) -> SchedulerMixin:
    """A scheduler with the noise schedule and prediction type of a base model's own.

    "base" is the base model's sampler itself. StageError for one that is none for its family.
    """
    base, known = pipeline.scheduler, families.of(pipeline).samplers
    if sampler != "base" and sampler not in known:
        raise StageError(
            f"sampler {sampler!r} is none for this base model; use base, {', '.join(known)}"
        )
    if sampler == "flow-heun" and base.config.get("use_dynamic_shifting"):
        raise StageError(
            "sampler flow-heun does not know the shift by resolution (use_dynamic_shifting) of this"
            " base model's scheduler; use base or flow-euler"
        )
    kind, changes = SAMPLERS.get(sampler, (type(base), {}))
    built = exact_roots.scheduler(kind, base.config, **changes)
    if not hasattr(built, "add_noise"):  # flow matching: the same in another order, up to sigma 1
        built.add_noise = lambda clean, noise, step: built.scale_noise(clean, step, noise)
        built.init_noise_sigma = 1.0
    return told_on_host(built)


def told_on_host(scheduler: SchedulerMixin) -> SchedulerMixin:
    """The scheduler, whose steps are told their time step by the host where the denoiser has it on
    a device: some look it up in tables, and would wait for the device to say it."""
    set_timesteps, step = scheduler.set_timesteps, scheduler.step

    @functools.wraps(set_timesteps)  # pipelines look at the signatures of schedulers
    def set_and_keep(*args: Any, **kwargs: Any) -> None:
        set_timesteps(*args, **kwargs)
        scheduler.on_host = scheduler.timesteps.cpu()

    @functools.wraps(step)
    def step_of_host(output: torch.Tensor, timestep: torch.Tensor, *args: Any, **kwargs: Any):
        on_device = scheduler.timesteps
        # A pipeline goes through scheduler.timesteps, or its end: an element knows its place there.
        if timestep.untyped_storage().data_ptr() != on_device.untyped_storage().data_ptr():
            return step(output, timestep, *args, **kwargs)
        scheduler.timesteps, place = scheduler.on_host, timestep.storage_offset()
        try:
            return step(output, scheduler.on_host[place], *args, **kwargs)
        finally:
            scheduler.timesteps = on_device

    scheduler.set_timesteps, scheduler.step = set_and_keep, step_of_host
    return scheduler
