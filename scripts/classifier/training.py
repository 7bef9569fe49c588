"""Training the classifier for a fixed number of steps, and predicting with it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

import host
from classifier import augment
from classifier.network import Classifier, all_features, at_once
from common import data_order, randomness, runtime
from common.errors import StageError
from common.readout import Readout

LABEL_SMOOTHING = 0.1
WARM_UP = 0.1  # share of the steps


@dataclass(frozen=True)
class Settings:
    """How to train; `steps` are optimizer steps of `batch_size` images.

    Sampling plain takes every image equally often, so that a class counts by its size; balanced
    takes every class equally often; real_share takes classes as plain does, and within one that
    has photos and generated images the share `real_share` of photos. Of the network all is
    trained, or its head: its last layer.
    """

    steps: int
    sampling: str
    batch_size: int
    learning_rate: float
    weight_decay: float
    precision: str
    seed: int
    augment: str = "mild"
    trained: str = "all"
    real_share: float = 0.0
    generated: tuple[bool, ...] = ()  # which training images are, for real_share


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
    network = prepared(settings, model)
    optimizer = torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    scaler = torch.amp.GradScaler(pixels.device.type, enabled=settings.precision == "fp16")
    rows: list[list[float]] = []  # loss and share of hits
    readout = Readout()
    order = _order(settings, labels.tolist())
    fixed = fixed_features(settings, model, pixels)
    for step in range(settings.steps):
        runtime.stop_if_cancelled()
        optimizer.param_groups[0]["lr"] = learning_rate(settings, step)
        chosen = runtime.to_device(torch.tensor(order(step)), pixels.device)
        if fixed is None:
            varied, targets = augment.augment(
                settings.augment,
                pixels[chosen],
                labels[chosen],
                model.head.out_features,
                settings.seed,
                step,
            )
            inputs, trained = model.normalize(varied), network
        else:
            inputs, trained, targets = fixed[chosen], model.head, labels[chosen]
        # Dropout and stochastic depth draw from torch's own generator.
        torch.manual_seed(randomness.derive_seed(settings.seed, "dropout", step))
        with runtime.autocast(pixels.device, settings.precision):
            scores = trained(inputs)
        loss = F.cross_entropy(scores.float(), targets, label_smoothing=LABEL_SMOOTHING)
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


TRAINED = ("all", "head")


def prepared(settings: Settings, model: Classifier) -> nn.Module:
    """The network in the mode that it is trained in. Below a head that is trained alone all stays
    as it was, batch norms' statistics too, and nothing is dropped."""
    if settings.trained not in TRAINED:
        raise StageError(f"train {settings.trained!r} is unknown; use {' or '.join(TRAINED)}")
    network = model.network.train()
    if settings.trained == "head":
        network.eval().requires_grad_(False)
        model.head.requires_grad_(True)
    return network


def fixed_features(
    settings: Settings, model: Classifier, pixels: torch.Tensor
) -> torch.Tensor | None:
    """What the last layer sees of every image, (N, D), where that is the same at every step: below
    a head that is trained alone, of images that are not varied. None elsewhere."""
    if settings.trained != "head" or settings.augment != "none":
        return None
    with runtime.autocast(pixels.device, settings.precision):
        return all_features(model, pixels)


SAMPLING = ("plain", "balanced", "real_share")


def _order(settings: Settings, labels: list[int]) -> Callable[[int], list[int]]:
    """What gives the indices of a step's images."""
    seed, size = settings.seed, settings.batch_size
    match settings.sampling:
        case "plain":
            return lambda step: data_order.step_indices(seed, "train", len(labels), size, step)
        case "balanced":
            return lambda step: data_order.balanced_step_indices(seed, "train", labels, size, step)
        case "real_share":
            kinds, share = list(settings.generated), settings.real_share
            return lambda step: data_order.shared_step_indices(
                seed, "train", labels, kinds, share, size, step
            )
    known = ", ".join(SAMPLING)
    raise StageError(f"sampling {settings.sampling!r} is unknown; use {known}")


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
