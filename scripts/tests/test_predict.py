"""predict says of photos what the classifier said of them in its own experiment."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import classify
import predict
from classifier import kept, tiles
from common.errors import StageError


@pytest.fixture
def trained(classify_spec):
    """The spec of a classifier that was kept, with what it predicted, by photo."""

    def build(**changes) -> tuple[dict, dict[str, list[str]]]:
        spec = classify_spec(keep=True, **changes)
        classify.run(spec)
        with open(Path(spec["out"], "predictions.csv"), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return spec, {r["image"]: [r[f"p_{name}"] for name in spec["classes"]] for r in rows}

    return build


def asked(spec: dict, photos: list[str]) -> list[dict]:
    request = {"device": "cpu", "classifier": spec["out"], "photos": photos}
    return predict.run(request)["answers"]


def printed(answer: dict) -> list[str]:
    return [f"{p:.6f}" for p in answer["probabilities"]]


HEAD = {"trained": "head", "augment": "none"}  # predicts from features that it keeps


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"precision": "bf16"}, marks=pytest.mark.slow),
        {"fit": "pad"},
        HEAD,
        pytest.param(HEAD | {"precision": "bf16"}, marks=pytest.mark.slow),
    ],
)
def test_the_same_to_the_last_digit_in_any_company(trained, changes):
    spec, wanted = trained(**changes)
    photos = {entry["path"]: wanted[entry["name"]] for entry in spec["test"]}
    backwards = list(photos)[::-1]
    answers = [printed(answer) for answer in asked(spec, backwards)]
    assert answers == [photos[path] for path in backwards]
    alone = [printed(asked(spec, [path])[0]) for path in photos]
    assert alone == list(photos.values())


def test_photos_in_tiles(trained, tmp_path):
    rng, path = np.random.default_rng(1), tmp_path / "wide.png"
    Image.fromarray(rng.integers(256, size=(48, 110, 3), dtype=np.uint8)).save(path)
    parts = [
        {"path": f"{path}#xywh={x},{y},{right - x},{bottom - y}", "class": 1, "name": "wide"}
        for x, y, right, bottom in tiles.boxes((110, 48), 48)
    ]
    spec, wanted = trained(test=parts, tiles=-1)
    assert len(parts) == 3
    assert printed(asked(spec, [str(path)])[0]) == wanted["wide"]


def test_what_cannot_be_read_is_said_and_the_rest_answered(trained, tmp_path):
    spec, _ = trained()
    (tmp_path / "broken.png").write_bytes(b"no picture")
    good = spec["test"][0]["path"]
    broken, missing, answer = asked(spec, [str(tmp_path / "broken.png"), "missing.png", good])
    assert "broken.png cannot be read" in broken["error"]
    assert "missing.png does not exist" in missing["error"]
    assert len(answer["probabilities"]) == 3
    with pytest.raises(StageError, match="has no classifier"):
        predict.run({"device": "cpu", "classifier": str(tmp_path), "photos": [good]})


def test_the_card_says_what_was_trained_on(trained):
    spec, _ = trained()
    card = json.loads(Path(spec["out"], kept.CARD_FILE).read_text())
    assert len(card["trained_on"]) == 18
    assert card["threshold"] is None


@pytest.mark.parametrize(
    ("size", "side", "boxes"),
    [  # the host's own, of plan/region_test.go
        ((640, 200), 0, 4),
        ((4, 2), 0, 2),
        ((100, 100), 256, 1),
    ],
)
def test_tiles_cover_a_photo(size, side, boxes):
    found = tiles.boxes(size, side)
    assert len(found) == boxes
    covered = np.zeros(size[::-1], bool)
    for left, top, right, bottom in found:
        covered[top:bottom, left:right] = True
    assert covered.all()
    if size == (640, 200):
        assert found[1] == (147, 0, 347, 200)
