"""judge says of images what the classifier that was kept says of them."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import judge
from classifier import kept, network, training
from common import images
from common.errors import StageError

CLASSES = ["good", "crack"]


@pytest.fixture
def spec(tmp_path):
    """A classifier that tells dark from bright, and five pictures."""
    model = network.build("efficientnet_b0", "none", len(CLASSES), 1)
    folder = tmp_path / "classifier"
    folder.mkdir()
    kept.write(folder, model, kept.card_of(model, "efficientnet_b0", CLASSES, 32))
    rng, paths = np.random.default_rng(0), []
    for number in range(5):
        paths.append(str(tmp_path / f"{number:04d}.png"))
        Image.fromarray(rng.integers(256, size=(40, 40, 3), dtype=np.uint8)).save(paths[-1])
    (tmp_path / "out").mkdir()
    return {
        "out": str(tmp_path / "out"),
        "device": "cpu",
        "classifier": str(folder),
        "label": "crack",
        "images": paths,
    }


def test_every_image_is_judged(spec):
    done = judge.run(spec)
    model, _ = kept.read(Path(spec["classifier"]))
    wanted = training.predict(model, images.read_images(spec["images"], 32), "fp32")
    with open(Path(spec["out"]) / "predictions.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["image"] for row in rows] == [Path(path).name for path in spec["images"]]
    assert {row["label"] for row in rows} == {"crack"}
    given = torch.tensor([[float(row[f"p_{name}"]) for name in CLASSES] for row in rows])
    assert torch.allclose(given.double(), wanted, atol=1e-6)
    shown = sum(row["predicted"] == "crack" for row in rows)
    assert done == {"images": 5, "shown": shown} and shown == int(wanted.argmax(1).sum())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": []}, "the list of images is empty"),
        ({"label": "hole"}, "knows no class 'hole': good, crack"),
    ],
)
def test_mistakes(spec, change, message):
    with pytest.raises(StageError, match=message):
        judge.run(spec | change)
