"""What moves a LoRA's weights: the optimizer and the schedule of its learning rate."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import torch
from diffusers.optimization import get_scheduler

from common.errors import StageError

# As in diffusers' train_dreambooth_lora.py.
BETAS = (0.9, 0.999)
WEIGHT_DECAY = 1e-2
EPSILON = 1e-8

SCHEDULES = ("constant", "constant_with_warmup", "linear", "cosine")
CONTINUABLE = ("constant", "constant_with_warmup")  # the others go by the number of steps too


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a learning rate."""

    parameters: list[torch.nn.Parameter]
    learning_rate: float


class Optimizer:
    """An optimizer whose learning rate at a step is a function of the step alone."""

    def __init__(
        self, name: str, groups: list[ParameterGroup], schedule: str, warmup: int, steps: int
    ):
        if schedule not in SCHEDULES:
            raise StageError(f"schedule {schedule!r} is unknown; use {', '.join(SCHEDULES)}")
        if name not in OPTIMIZERS:
            raise StageError(f"optimizer {name!r} is unknown; use {', '.join(OPTIMIZERS)}")
        self.inner = OPTIMIZERS[name](
            [{"params": group.parameters, "lr": group.learning_rate} for group in groups]
        )
        self.schedule = get_scheduler(
            schedule, self.inner, num_warmup_steps=warmup, num_training_steps=steps
        )

    def set_rate(self, step: int) -> None:
        """Set the learning rates of `step`, counted from 0."""
        for group, rate, factor in zip(
            self.inner.param_groups,
            self.schedule.base_lrs,
            self.schedule.lr_lambdas,
            strict=True,
        ):
            group["lr"] = rate * factor(step)


def _adamw(groups: list[dict]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        groups, betas=BETAS, weight_decay=WEIGHT_DECAY, eps=EPSILON, fused=True
    )


def _adamw8bit(groups: list[dict]) -> torch.optim.Optimizer:
    library = _installed("adamw8bit", "bitsandbytes")
    return library.optim.AdamW8bit(groups, betas=BETAS, weight_decay=WEIGHT_DECAY, eps=EPSILON)


def _prodigy(groups: list[dict]) -> torch.optim.Optimizer:
    """With bias correction and a safeguard for warm-up, as diffusers' SDXL script has it."""
    if len({group["lr"] for group in groups}) > 1:
        raise StageError("prodigy has one learning rate; leave text_encoder_learning_rate out")
    library = _installed("prodigy", "prodigyopt")
    return library.Prodigy(
        groups,
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        eps=EPSILON,
        use_bias_correction=True,
        safeguard_warmup=True,
    )


OPTIMIZERS: dict[str, Callable[[list[dict]], torch.optim.Optimizer]] = {
    "adamw": _adamw,
    "adamw8bit": _adamw8bit,
    "prodigy": _prodigy,
}


# Bytes of an optimizer's state for each byte of the parameters: two moments; in 8 bits; Prodigy's
# start and its sum of gradients beside them.
STATE = {"adamw": 2.0, "adamw8bit": 0.5, "prodigy": 4.0}


def _installed(optimizer: str, package: str) -> ModuleType:
    try:
        return __import__(package)
    except ImportError as error:
        raise StageError(
            f"optimizer {optimizer} needs the package {package} ({error}); run"
            f" `.venv/bin/pip install {package}`, or use adamw"
        ) from error
