"""Training the classifier for a fixed number of steps, and predicting with it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from classifier import augment, frozen
from classifier.network import Classifier, at_once, filled
from classifier.ongoing import Ongoing, State
from classifier.settings import Settings
from common import data_order, randomness, runtime
from common.errors import StageError

LABEL_SMOOTHING = 0.1
WARM_UP = 0.1  # share of the steps


@dataclass(frozen=True)
class Epoch:
    """Mean loss and accuracy on as many augmented training images as there are."""

    epoch: int
    loss: float
    accuracy: float


def train(
    settings: Settings,
    model: Classifier,
    pixels: torch.Tensor,
    labels: torch.Tensor,
    ongoing: Ongoing | None = None,
) -> list[Epoch]:
    """Train in place with AdamW; pixels are (N, 3, R, R) uint8, labels (N,) int64.

    Begins where a checkpoint of `ongoing` is, if one is. Returns one row for as many draws as there
    are images, the last one perhaps unfinished.
    """
    ongoing = ongoing or Ongoing(settings, 1)
    network = prepared(settings, model)
    optimizer = torch.optim.AdamW(
        [parameter for parameter in network.parameters() if parameter.requires_grad],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    scaler = torch.amp.GradScaler(pixels.device.type, enabled=settings.precision == "fp16")
    state = State(network, optimizer, scaler)
    ongoing.begin(state)
    order = _order(settings, labels.tolist())
    fixed = fixed_features(settings, model, pixels)
    for step in range(len(state.rows), settings.steps):
        ongoing.stop_if_cancelled(state)
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
        hits = (scores.argmax(1) == labels[chosen]).float().mean()
        state.readout.add(torch.stack([loss, hits]))
        ongoing.keep_up(state)
    losses, hits = zip(*state.rows, strict=True)
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
    return frozen.features(model, pixels, settings.precision)


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
def predict(
    model: Classifier, pixels: torch.Tensor, precision: str, parts: int = 1
) -> torch.Tensor:
    """Class probabilities (N, classes) float64 on the CPU for (N, 3, R, R) uint8 pixels; `parts`
    divides how many go through the network at once."""
    network = model.network.eval()
    size = at_once(pixels.shape[-1], parts)
    return _probabilities(lambda b: network(model.normalize(b)), pixels, size, precision)


@torch.inference_mode()
def predict_frozen(model: Classifier, pixels: torch.Tensor, precision: str) -> torch.Tensor:
    """The same, to the bit, of a network whose head alone was trained."""
    model.network.eval()
    features = frozen.features(model, pixels, precision)
    return _probabilities(model.head, features, at_once(pixels.shape[-1]), precision)


def _probabilities(
    scores: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor, size: int, precision: str
) -> torch.Tensor:
    """Of rows that are scored in batches of a size."""
    parts = []
    for batch in rows.split(size):
        runtime.stop_if_cancelled()
        with runtime.autocast(rows.device, precision):
            scored = scores(filled(batch, size))
        parts.append(scored[: len(batch)].double().softmax(1).cpu())
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
