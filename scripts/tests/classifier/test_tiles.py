"""Of a photo that is tested on in tiles the worst tile counts, whatever comes in which order."""

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import classify
from classifier import tiles, training
from common.errors import StageError

ROUNDING = 1e-4  # of probabilities, where the batches of a network are others


def test_the_tile_that_is_least_good_answers():
    p = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
    assert tiles.worst(["a", "b", "a", "c", "b"], p) == [2, 4, 3]
    assert tiles.worst(list("abcde"), p) == [0, 1, 2, 3, 4]


def test_it_is_the_least_good_one_though_another_has_a_likelier_defect():
    p = torch.tensor([[0.45, 0.55, 0.0], [0.4, 0.3, 0.3]])
    assert tiles.worst(["a", "a"], p) == [1]


def test_of_equally_bad_tiles_all_orders_choose_the_same():
    rows = [[0.2, 0.5, 0.3], [0.2, 0.4, 0.4], [0.2, 0.3, 0.5], [0.7, 0.2, 0.1]]
    for order in itertools.permutations(rows):
        p = torch.tensor(order, dtype=torch.float64)
        assert p[tiles.worst(["a"] * 4, p)[0]].tolist() == [0.2, 0.3, 0.5]


@pytest.fixture
def spec(tmp_path):
    """Builds a spec of two classes that tests on three photos, each in four tiles."""
    rng = np.random.default_rng(0)
    for name, *shades in (
        ("good", 40, 40, 40, 40),
        ("bad", 200, 200, 200, 200),
        ("0", 0, 20, 40, 60),
        ("1", 200, 100, 0, 150),
        ("2", 50, 90, 130, 255),
    ):
        tone = np.array(shades).reshape(2, 2).repeat(32, 0).repeat(32, 1)[..., None]
        pixels = rng.normal(tone, 20, (64, 64, 3)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")

    def tile(name: str, x: int, y: int) -> str:
        return f"{tmp_path / name}.png#xywh={x},{y},32,32"

    corners = list(itertools.product((0, 32), repeat=2))
    train = [
        {"path": tile(name, *corner), "class": label}
        for label, name in enumerate(("good", "bad"))
        for corner in corners
    ]
    test = [
        {"path": tile(name, *corner), "class": label, "name": f"test/{name}.png"}
        for name, label in (("0", 0), ("1", 1), ("2", 1))
        for corner in corners
    ]

    def build(name: str, **changes) -> dict:
        (tmp_path / name).mkdir()
        settings = {"resolution": 64, "steps": 3, "batch_size": 4, "learning_rate": 1e-3}
        settings |= {"seed": 3, "model": "efficientnet_b0", "weights": "lite0", "precision": "fp32"}
        lists = {"classes": ["good", "bad"], "train": train, "test": test}
        out = {"out": str(tmp_path / name), "device": "cpu", "weight_decay": 0.01}
        return out | settings | lists | changes

    return build


def predictions(spec: dict) -> dict[str, dict[str, str]]:
    result = classify.run(spec)
    with open(Path(spec["out"], "predictions.csv"), newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    assert result["n_test"] == len(rows)
    assert result["accuracy"] == sum(r["label"] == r["predicted"] for r in rows.values()) / len(
        rows
    )
    return rows


def test_all_orders_and_batches_give_a_photo_the_same_row(spec, monkeypatch):
    given = spec("given")
    apart = [e | {"name": f"{e['name']}/{i}"} for i, e in enumerate(given["test"])]
    alone = predictions(spec("alone", test=apart))  # each tile by itself
    rows = predictions(given)
    assert list(rows) == ["test/0.png", "test/1.png", "test/2.png"]
    for name, row in rows.items():
        good = sorted(float(r["p_good"]) for n, r in alone.items() if n.startswith(name))
        assert good[1] - good[0] > 5 * ROUNDING  # so that another tile would be told
        assert float(row["p_good"]) == pytest.approx(good[0], abs=ROUNDING)
    rng = np.random.default_rng(1)
    for at_once in (1, 5, 64):
        monkeypatch.setattr(training, "at_once", lambda _, n=at_once: n)  # of predictions
        shuffled = [given["test"][i] for i in rng.permutation(len(given["test"]))]
        again = predictions(spec(f"{at_once} at once", test=shuffled))
        assert again.keys() == rows.keys()
        for name, row in rows.items():
            assert again[name]["label"] == row["label"]
            for column in ("p_good", "p_bad"):
                assert float(again[name][column]) == pytest.approx(float(row[column]), abs=ROUNDING)


def test_tiles_of_one_photo_are_of_one_class(spec):
    wanted = spec("mixed")
    wanted["test"] = [wanted["test"][0], wanted["test"][1] | {"class": 1}]
    with pytest.raises(
        StageError, match=r"tiles of test image test/0\.png are of different classes"
    ):
        classify.run(wanted)
