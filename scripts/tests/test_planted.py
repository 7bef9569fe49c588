"""A trace that generated images carry misleads a classifier, and the settings against it help.

Photos show a grey, grainy surface; a defect is a small bright spot. What is generated carries a
faint checkerboard of 2 pixels, as what an autoencoder gives back may carry a grid.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import classify

SIDE, SPOT = 64, 14
CLASSES = ["good", "spot"]


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Draws the next photo of a class: `seen` whether it shows its spot, `traced` whether it
    carries the trace."""
    folder, rng = tmp_path_factory.mktemp("planted"), np.random.default_rng(5)
    checks = np.indices((SIDE, SIDE)).sum(0) // 2 % 2 * 2 - 1

    def draw(seen: bool, traced: bool) -> str:
        shades = Image.fromarray(rng.normal(110, 25, (5, 5)).clip(0, 255).astype(np.uint8))
        pixels = np.asarray(shades.resize((SIDE, SIDE), Image.Resampling.BICUBIC)).astype(float)
        pixels += rng.normal(0, 6, pixels.shape)
        if seen:
            top, left = rng.integers(4, SIDE - SPOT - 4, 2)
            pixels[top : top + SPOT, left : left + SPOT] += 90
        if traced:
            pixels += 16 * checks
        path = folder / f"{len(list(folder.iterdir()))}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).convert("RGB").save(path)
        return str(path)

    return draw


@pytest.fixture(scope="module")
def tested(picture) -> list[dict]:
    """Sixty photos, half of them of spots; none is generated, so none carries the trace."""
    return [{"path": picture(i % 2 == 1, False), "class": i % 2, "name": str(i)} for i in range(60)]


@pytest.fixture
def found(tested, tmp_path):
    """Trains on images, (class, path, generated), and gives the share of tested spots that are
    found and of good photos that are called so."""

    def train(images: list[tuple[int, str, bool]], **changes) -> tuple[float, float]:
        out = tmp_path / str(len(list(tmp_path.iterdir())))
        out.mkdir()
        classify.run(
            {
                "out": str(out),
                "device": "cpu",
                "seed": 0,
                "model": "efficientnet_lite0",
                "weights": "lite0",
                "resolution": 96,
                "steps": 150,
                "batch_size": 16,
                "learning_rate": 1e-2,
                "weight_decay": 1e-2,
                "precision": "fp32",
                "trained": "head",
                "augment": "none",
                "classes": CLASSES,
                "train": [{"class": c, "path": p, "generated": g} for c, p, g in images],
                "test": tested,
            }
            | changes
        )
        with open(Path(out, "predictions.csv"), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        right = {
            name: [r["predicted"] == name for r in rows if r["label"] == name] for name in CLASSES
        }
        return np.mean(right["spot"]), np.mean(right["good"])

    return train


def test_a_trace_misleads_and_decoded_photos_mend_it(picture, found):
    """Generated spots beside photos of good parts: the trace tells them apart as well as the spot
    does, and better for this network. Where the good photos carry it too, the spot is left."""
    spots = [(1, picture(True, True), True) for _ in range(40)]
    photos = [(0, picture(False, False), False) for _ in range(40)]
    decoded = [(0, picture(False, True), False) for _ in range(40)]
    misled, mended = found(photos + spots), found(decoded + spots)
    assert misled[0] < 0.3 and mended[0] > 0.5
    assert misled[1] > 0.8 and mended[1] > 0.8


def test_images_without_their_defect_do_less_harm_where_photos_have_their_share(picture, found):
    """Generated images of spots that show none swamp six photos, so that good ones are called
    spots; not so where these photos have most of the draws."""
    images = [(0, picture(False, False), False) for _ in range(40)]
    images += [(1, picture(True, False), False) for _ in range(6)]
    images += [(1, picture(False, False), True) for _ in range(60)]
    plain = found(images)
    shared = found(images, sampling="real_share", real_share=0.8)
    assert plain[1] < 0.5 and shared[1] > plain[1] + 0.3
    assert plain[0] > 0.8 and shared[0] > 0.8
