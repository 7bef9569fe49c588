"""A trained classifier as files: model.safetensors and model.json, all that it takes to use it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from classifier import network
from common import safetensors_file
from common.errors import StageError

WEIGHTS_FILE = "model.safetensors"  # the network's, all of them, under torchvision's names
CARD_FILE = "model.json"


@dataclass(frozen=True)
class Card:
    """What model.json says; an image is scaled to resolution x resolution pixels, RGB, and then
    as (pixel / 255 - mean) / std, by channel."""

    model: str  # as torchvision calls it
    classes: list[str]  # of the outputs, the good one first
    resolution: int
    mean: list[float]
    std: list[float]


def write(folder: Path, model: network.Classifier, name: str, classes: list[str], side: int):
    """Keep a trained classifier."""
    safetensors_file.write(model.network.state_dict(), folder / WEIGHTS_FILE, {"model": name})
    card = Card(name, classes, side, list(model.mean), list(model.std))
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False)
    (folder / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> tuple[network.Classifier, Card]:
    """The classifier that a folder keeps, in evaluation mode; StageError if it keeps none."""
    try:
        card = Card(**json.loads((folder / CARD_FILE).read_text(encoding="utf-8")))
        state = load_file(folder / WEIGHTS_FILE)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise StageError(f"{folder} has no classifier that can be read ({error})") from error
    built = network.build(card.model, "none", len(card.classes), seed=0)
    try:
        built.network.load_state_dict(state)
    except RuntimeError as error:
        raise StageError(f"{folder / WEIGHTS_FILE} does not fit {card.model} ({error})") from error
    built.network.eval()
    mean, std = tuple(card.mean), tuple(card.std)
    kept = network.Classifier(built.network, built.head, mean, std, needs_batch_norm_estimate=False)
    return kept, card
