"""A kept classifier answers as the one that was trained."""

import json

import pytest
import torch

from classifier import kept, lite0, network, training
from common.errors import StageError

CLASSES = ["good", "scratch", "Öl"]


@pytest.mark.parametrize(
    ("name", "weights"),
    [("efficientnet_b0", "none"), ("efficientnet_b0", "lite0"), (lite0.NAME, "lite0")],
)
def test_a_kept_classifier_answers_to_the_bit(tmp_path, name, weights):
    model = network.build(name, weights, 3, 5)
    pixels = torch.randint(256, (6, 3, 32, 32), dtype=torch.uint8)
    if model.needs_batch_norm_estimate:
        lite0.estimate_batch_norm(model.network, [model.normalize(pixels)])
    wanted = training.predict(model, pixels, "fp32")
    kept.write(tmp_path, model, kept.card_of(model, name, CLASSES, 32))
    read, card = kept.read(tmp_path)
    assert torch.equal(training.predict(read, pixels, "fp32"), wanted)
    assert (card.model, card.classes, card.resolution) == (name, CLASSES, 32)


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(StageError, match=f"{tmp_path} has no classifier"):
        kept.read(tmp_path)
    model = network.build("efficientnet_b0", "none", 3, 5)
    kept.write(tmp_path, model, kept.card_of(model, "efficientnet_b0", CLASSES, 32))
    card = json.loads((tmp_path / kept.CARD_FILE).read_text())
    card["model"] = "resnet18"
    (tmp_path / kept.CARD_FILE).write_text(json.dumps(card))
    with pytest.raises(StageError, match="does not fit resnet18"):
        kept.read(tmp_path)
