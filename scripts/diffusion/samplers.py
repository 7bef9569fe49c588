"""The samplers that images are made with, by the names that experiment files have for them."""

from typing import Any

from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    PNDMScheduler,
    SchedulerMixin,
    UniPCMultistepScheduler,
)

from common.errors import StageError
from diffusion import exact_roots

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
}


def build(sampler: str, base: SchedulerMixin) -> SchedulerMixin:
    """A scheduler with the noise schedule and prediction type of the base model's own.

    "base" is the base model's sampler itself.
    """
    if sampler == "base":
        return exact_roots.scheduler(type(base), base.config)
    if sampler not in SAMPLERS:
        raise StageError(f"sampler {sampler!r} is unknown; use base, {', '.join(SAMPLERS)}")
    kind, changes = SAMPLERS[sampler]
    return exact_roots.scheduler(kind, base.config, **changes)
