"""The training loop that both halves of the small base model share.

The steps decide the result, not the machine's speed, and a checkpoint about once a minute lets an
interrupted training go on.
"""

import csv
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

CHECKPOINT_SECONDS = 60.0
WARMUP_STEPS = 100
LOG_EVERY = 50

Losses = dict[str, torch.Tensor]


@dataclass
class Settings:
    """`threads` parts of a batch are computed side by side. `average_decay` is that of the moving
    average which the weights end as. `report` gets mean losses every LOG_EVERY steps."""

    steps: int
    threads: int
    checkpoint: Path
    report: Callable[[dict[str, float]], None]
    learning_rate: float
    average_decay: float = 0.998


def fit(
    model: torch.nn.Module, loss_of_part: Callable[[int, int], Losses], settings: Settings
) -> None:
    """Train `model` in place; it ends frozen, as the moving average.

    `loss_of_part(step, i)` gives the losses of part i of that step's batch; "loss" is minimised,
    the others are reported. It is called from several threads at once.
    """
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    average = Average(parameters, settings.average_decay)
    checkpoint = Checkpoint(settings.checkpoint)
    threads = Threads(settings.threads)
    step, sums = 0, {}
    if state := checkpoint.load():
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average.values, step = state["average"], state["step"]
    while step < settings.steps:
        values = threads.gradients(lambda part, step=step: loss_of_part(step, part), parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        rate = learning_rate(settings.learning_rate, step / settings.steps, step)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        average.update(parameters, step)
        step += 1
        sums = {name: sums.get(name, 0.0) + value for name, value in values.items()}
        if step % LOG_EVERY == 0:
            means = {name: value / LOG_EVERY for name, value in sums.items()}
            settings.report({"step": step, **means})
            sums = {}
        if checkpoint.due() or step == settings.steps:
            weights = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            checkpoint.save(weights | {"average": average.values, "step": step})
    average.copy_to(parameters)
    model.eval().requires_grad_(False)


def learning_rate(peak: float, fraction: float, step: int) -> float:
    """Linear warm-up, then a cosine over the fraction of the steps, down to 2 %."""
    cosine = 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * fraction))
    return peak * min(1.0, (step + 1) / WARMUP_STEPS) * cosine


def append_row(path: Path, row: dict[str, float]) -> None:
    """Append to a CSV file, with a header when it is new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(row)
        writer.writerow(f"{value:.5g}" for value in row.values())


class Threads:
    """Data-parallel gradients on single-threaded Python threads.

    Each thread computes the gradient of its own part of the batch. Kernels release the GIL, and
    unlike OpenMP's teams nothing spins at a barrier after every kernel: on a machine that others
    use too, two such threads were measured 3 to 8 times as fast as one two-thread OpenMP team.
    """

    def __init__(self, count: int):
        torch.set_num_threads(1)
        self.count = count
        self._pool = ThreadPoolExecutor(count, initializer=lambda: torch.set_num_threads(1))

    def gradients(
        self, loss_of_part: Callable[[int], Losses], parameters: list[torch.Tensor]
    ) -> dict[str, float]:
        """Average the gradients of `loss_of_part(i)["loss"]` over threads i into .grad."""

        def part(index: int):
            losses = loss_of_part(index)
            grads = torch.autograd.grad(losses["loss"], parameters, allow_unused=True)
            return {name: float(value.detach()) for name, value in losses.items()}, grads

        results = list(self._pool.map(part, range(self.count)))
        for parameter, *grads in zip(parameters, *(grads for _, grads in results), strict=True):
            parts = [grad for grad in grads if grad is not None]
            parameter.grad = sum(parts) / self.count if parts else None
        return {
            name: sum(losses[name] for losses, _ in results) / self.count for name in results[0][0]
        }


class Average:
    """Exponential moving average of parameters, with a decay that grows in the first steps."""

    def __init__(self, parameters: list[torch.Tensor], decay: float):
        self.decay = decay
        self.values = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, parameters: list[torch.Tensor], step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in parameters], 1.0 - decay)

    @torch.no_grad()
    def copy_to(self, parameters: list[torch.Tensor]) -> None:
        for parameter, value in zip(parameters, self.values, strict=True):
            parameter.copy_(value)


class Checkpoint:
    """A file that holds the state of an interrupted training, replaced about once a minute."""

    def __init__(self, path: Path):
        self.path = path
        self._saved = time.monotonic()

    def load(self) -> dict | None:
        return torch.load(self.path, weights_only=True) if self.path.exists() else None

    def due(self) -> bool:
        return time.monotonic() - self._saved > CHECKPOINT_SECONDS

    def save(self, state: dict) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)
        self._saved = time.monotonic()
