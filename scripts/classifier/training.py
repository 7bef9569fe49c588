"""Training the classifier for a fixed number of steps, and predicting with it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

import host
from classifier import augment
from classifier.network import Classifier, at_once
from common import data_order, randomness, runtime
from common.errors import StageError
from common.readout import Readout

LABEL_SMOOTHING = 0.1
WARM_UP = 0.1  # share of the steps


@dataclass(frozen=True)
class Settings:
    """How to train; `steps` are optimizer steps of `batch_size` images.

    Sampling plain takes every image equally often, so that a class counts by its size; balanced
    takes every class equally often.
    """

    steps: int
    sampling: str
    batch_size: int
    learning_rate: float
    weight_decay: float
    precision: str
    seed: int


@dataclass(frozen=True)
class Epoch:
    """Mean loss and accuracy on as many augmented training images as there are."""

    epoch: int
    loss: float
    accuracy: float


def train(
    settings: Settings, model: Classifier, pixels: torch.Tensor, labels: torch.Tensor
) -> list[Epoch]:
    """Train in place with AdamW; pixels are (N, 3, R, R) uint8, labels (N,) int64.

    Returns one row for as many draws as there are images, the last one perhaps unfinished.
    """
    network = model.network.train()
    optimizer = torch.optim.AdamW(
        network.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    scaler = torch.amp.GradScaler(pixels.device.type, enabled=settings.precision == "fp16")
    rows: list[list[float]] = []  # loss and share of hits
    readout = Readout()
    order = _order(settings, labels.tolist())
    for step in range(settings.steps):
        runtime.stop_if_cancelled()
        optimizer.param_groups[0]["lr"] = learning_rate(settings, step)
        chosen = runtime.to_device(torch.tensor(order(step)), pixels.device)
        # Dropout and stochastic depth draw from torch's own generator.
        torch.manual_seed(randomness.derive_seed(settings.seed, "dropout", step))
        inputs = model.normalize(augment.augment(pixels[chosen], settings.seed, step))
        with runtime.autocast(pixels.device, settings.precision):
            scores = network(inputs)
        loss = F.cross_entropy(scores.float(), labels[chosen], label_smoothing=LABEL_SMOOTHING)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        readout.add(torch.stack([loss, (scores.argmax(1) == labels[chosen]).float().mean()]))
        if readout.due() or step + 1 == settings.steps:
            for row in readout.read():
                _check_finite(row[0], len(rows), settings)
                rows.append(row)
            host.progress(len(rows), settings.steps, {"loss": rows[-1][0]})
    losses, hits = zip(*rows, strict=True)
    return _by_epoch(losses, hits, len(pixels) / settings.batch_size)


def _plain(seed: int, labels: list[int], size: int, step: int) -> list[int]:
    return data_order.step_indices(seed, "train", len(labels), size, step)


def _balanced(seed: int, labels: list[int], size: int, step: int) -> list[int]:
    return data_order.balanced_step_indices(seed, "train", labels, size, step)


# The indices of a step's images, by how they are drawn.
SAMPLING = {"plain": _plain, "balanced": _balanced}


def _order(settings: Settings, labels: list[int]) -> Callable[[int], list[int]]:
    """What gives the indices of a step."""
    if settings.sampling not in SAMPLING:
        known = " or ".join(SAMPLING)
        raise StageError(f"sampling {settings.sampling!r} is unknown; use {known}")
    draw = SAMPLING[settings.sampling]
    return lambda step: draw(settings.seed, labels, settings.batch_size, step)


def learning_rate(settings: Settings, step: int) -> float:
    """Linear warm-up to the settings' rate, then a half cosine down towards 0."""
    warm_up = max(1, round(WARM_UP * settings.steps))
    if step < warm_up:
        return settings.learning_rate * (step + 1) / warm_up
    done = (step - warm_up) / (settings.steps - warm_up)
    return settings.learning_rate * (1 + math.cos(math.pi * done)) / 2


@torch.inference_mode()
def predict(model: Classifier, pixels: torch.Tensor, precision: str) -> torch.Tensor:
    """Class probabilities (N, classes) float64 on the CPU for (N, 3, R, R) uint8 pixels."""
    network = model.network.eval()
    parts = []
    for batch in pixels.split(at_once(pixels.shape[-1])):
        runtime.stop_if_cancelled()
        with runtime.autocast(pixels.device, precision):
            scores = network(model.normalize(batch))
        parts.append(scores.double().softmax(1).cpu())
    return torch.cat(parts)


def _by_epoch(
    losses: Sequence[float], hits: Sequence[float], steps_per_epoch: float
) -> list[Epoch]:
    """Average steps by the pass over the images in which each step began."""
    passes: dict[int, list[int]] = {}
    for step in range(len(losses)):
        passes.setdefault(math.floor(step / steps_per_epoch), []).append(step)
    return [
        Epoch(
            epoch=number + 1,
            loss=sum(losses[step] for step in steps) / len(steps),
            accuracy=sum(hits[step] for step in steps) / len(steps),
        )
        for number, steps in passes.items()
    ]


def _check_finite(loss: float, step: int, settings: Settings) -> None:
    if not math.isfinite(loss):
        raise StageError(
            f"the classifier's loss became {loss} at step {step + 1}; use a smaller learning rate"
            f" than {settings.learning_rate:g} or precision fp32 or bf16"
        )
