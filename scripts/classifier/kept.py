"""A trained classifier as files: model.safetensors and model.json, all that it takes to use it."""

import json
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from classifier import network
from common import safetensors_file
from common.errors import StageError
from common.framing import Rendered

WEIGHTS_FILE = "model.safetensors"  # the network's, all of them, under torchvision's names
CARD_FILE = "model.json"


@dataclass(frozen=True)
class Card(Rendered):
    """What model.json says; an image is rendered (framing.square, bilinear) to resolution x
    resolution pixels, RGB, and then as (pixel / 255 - mean) / std, by channel."""

    model: str  # as torchvision calls it, or transformers
    classes: list[str]  # of the outputs, the good one first
    resolution: int
    mean: list[float]
    std: list[float]
    tiles: int = 0  # the side of those that a photo is seen in; -1 for its shorter side, 0 for none
    precision: str = "fp32"
    # Of a photo whose probability of the good class is 1 less this, or smaller, the part is to be
    # sorted out; None where no folds chose one.
    threshold: float | None = None
    trained_on: list[str] = field(default_factory=list)  # SHA-256 of the photos' files
    study: str = ""  # that it comes from, where it was exported
    key: str = ""  # of its artifact
    reproducible: bool | None = None  # whether it was trained so; only exports say
    config: dict[str, Any] | None = None  # of a transformer, as transformers writes it


def card_of(model: network.Classifier, name: str, classes: list[str], side: int) -> Card:
    """The card of a network for plain squares, with no threshold."""
    card = Card(name, classes, side, list(model.mean), list(model.std))
    if name == network.TRANSFORMERS:
        return replace(card, config=model.network.transformer.config.to_diff_dict())
    return card


def write(folder: Path, model: network.Classifier, card: Card):
    """Keep a trained classifier."""
    safetensors_file.write(model.network.state_dict(), folder / WEIGHTS_FILE, {"model": card.model})
    only_some = ("reproducible", "config")
    told = {n: v for n, v in asdict(card).items() if v is not None or n not in only_some}
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[network.Classifier, Card]:
    """The classifier that a folder keeps, in evaluation mode; StageError if it keeps none."""
    try:
        card = Card(**json.loads((folder / CARD_FILE).read_text(encoding="utf-8")))
        state = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise StageError(f"{folder} has no classifier that can be read ({error})") from error
    built = network.build(card.model, "none", len(card.classes), seed=0, config=card.config)
    try:
        built.network.load_state_dict(state)
    except RuntimeError as error:
        raise StageError(
            f"{folder / WEIGHTS_FILE} does not fit {card.model} with {len(card.classes)}"
            " classes: it is of another network, or model.json is"
        ) from error
    built.network.eval()
    mean, std = tuple(card.mean), tuple(card.std)
    kept = network.Classifier(built.network, built.head, mean, std, needs_batch_norm_estimate=False)
    return kept, card


@lru_cache(maxsize=1)
def loaded(folder: str, device: torch.device) -> tuple[network.Classifier, Card]:
    """As `read`, on a device; it stays there for who asks next. What is in an artifact's or an
    export's folder does not change."""
    model, card = read(Path(folder))
    model.network.to(device)
    return model, card
