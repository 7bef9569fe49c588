"""detect finds what good photos do not show, by a threshold that no test photo has a part in."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import detect
from common.errors import StageError


@pytest.fixture(scope="module")
def stripes(tmp_path_factory) -> list[dict]:
    """Twenty striped pictures and six more with a blot, as entries of a test list."""
    folder, rng, entries = tmp_path_factory.mktemp("stripes"), np.random.default_rng(0), []
    for number in range(26):
        pixels = 120 + 40 * np.sin(np.arange(64) / 3 + rng.uniform(0, 6))[None, :, None]
        pixels = pixels + rng.normal(0, 6, (64, 64, 3))
        if number >= 20:
            pixels[20:34, 30:44] = rng.normal(120, 60, (14, 14, 1))
        path = folder / f"{number:02}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        entries.append({"path": str(path), "class": int(number >= 20), "name": f"photo/{number}"})
    return entries


@pytest.fixture
def spec(stripes, tmp_path):
    def build(name: str = "detector", **changes) -> dict:
        (tmp_path / name).mkdir()
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "seed": 3,
            "method": "patchcore",
            "model": "efficientnet_b0",
            "weights": "lite0",
            "resolution": 64,
            "precision": "fp32",
            "coreset": 0.1,
            "folds": 2,
            "false_alarms": 0.2,
            "classes": ["good", "blot"],
            "train": [e | {"fold": i % 2 + 1} for i, e in enumerate(stripes[:8])],
            "test": stripes[14:],
        } | changes

    return build


def read(spec: dict, name: str) -> list[dict[str, str]]:
    with open(Path(spec["out"], name), newline="") as file:
        return list(csv.DictReader(file))


def test_it_finds_blots_it_never_saw(spec):
    wanted = spec()
    result = detect.run(wanted)
    rows = read(wanted, "predictions.csv")
    assert [row["image"] for row in rows] == [entry["name"] for entry in wanted["test"]]
    assert [row["label"] for row in rows] == ["good"] * 6 + ["blot"] * 6
    scores = [float(row["score"]) for row in rows]
    assert max(scores[:6]) < min(scores[6:])
    assert all(score >= result["threshold"] for score in scores[6:])
    held = {row["image"]: float(row["score"]) for row in read(wanted, "out_of_fold.csv")}
    assert set(held) == {entry["name"] for entry in wanted["train"]}
    # A fifth of eight is one.
    assert sum(score >= result["threshold"] for score in held.values()) == 1
    assert result["held_out_false_alarms"] == 1 / 8
    assert (result["patches"], result["remembered"]) == (8 * 64, 51)
    summary = json.loads(Path(wanted["out"], "detector.json").read_text())
    assert (summary["train_images"], summary["remembered"]) == (8, 51)


def test_seeds_decide_and_nothing_else(spec):
    runs = [spec(str(number), seed=seed) for number, seed in enumerate((1, 1, 2))]
    for number, one in enumerate(runs):
        torch.manual_seed(number)  # must not matter
        detect.run(one)
    first, again, other = (
        {file.name: file.read_bytes() for file in Path(one["out"]).iterdir()} for one in runs
    )
    assert set(first) == {"predictions.csv", "out_of_fold.csv", "detector.json"}
    assert first == again
    assert first["predictions.csv"] != other["predictions.csv"]


def test_test_photos_do_not_depend_on_each_other_or_on_batches(spec, stripes):
    whole, one, pieces = spec("whole"), spec("one", test=stripes[20:21]), spec("pieces", parts=64)
    thresholds = [detect.run(wanted)["threshold"] for wanted in (whole, one, pieces)]
    assert thresholds[0] == thresholds[1] == pytest.approx(thresholds[2], rel=1e-4)
    scores = {row["image"]: float(row["score"]) for row in read(whole, "predictions.csv")}
    for other in (one, pieces):
        for row in read(other, "predictions.csv"):
            assert float(row["score"]) == pytest.approx(scores[row["image"]], rel=1e-4)


def test_the_worst_tile_answers(spec, stripes):
    tiled = [
        {"path": e["path"] + f"#xywh={x},0,32,32", "class": e["class"], "name": e["name"]}
        for e in (stripes[14], stripes[22])
        for x in (0, 32)
    ]
    single = [tile | {"name": f"{tile['name']}/{i}"} for i, tile in enumerate(tiled)]
    found = []
    for name, test in (("tiled", tiled), ("single", single)):
        wanted = spec(name, test=test)
        detect.run(wanted)
        found.append([float(row["score"]) for row in read(wanted, "predictions.csv")])
    assert found[0] == [max(found[1][:2]), max(found[1][2:])]


@pytest.mark.parametrize(
    ("good", "false_alarms", "wanted"),
    [
        ([1, 2, 3, 4], 0.25, 3.5),  # one of four
        ([1, 2, 3, 4], 0.49, 3.5),
        ([1, 2, 3, 4], 0.5, 2.5),
        ([1, 2, 4, 4], 0.25, np.nextafter(4, 5)),  # both or neither
        ([1, 2, 3, 4], 0, np.nextafter(4, 5)),
        ([0] * 71 + [1] * 29, 0.29, 0.5),  # 0.29 × 100 is a little less than 29
    ],
)
def test_thresholds(good, false_alarms, wanted):
    assert detect.threshold(torch.tensor(good, dtype=torch.float64), false_alarms) == wanted


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "other"}, "'other' is unknown; use patchcore"),
        ({"test": []}, "the list of test images is empty"),
        ({"folds": 1}, "each held out of one fold"),
    ],
)
def test_mistakes(spec, changes, message):
    with pytest.raises(StageError, match=message):
        detect.run(spec(**changes))


def test_defects_and_single_folds_are_refused(spec, stripes):
    good = spec("good")["train"]
    with pytest.raises(StageError, match="good photos alone"):
        detect.run(spec("defects", train=[*good, stripes[21] | {"fold": 1}]))
    with pytest.raises(StageError, match="two folds or more"):
        detect.run(spec("one", train=[entry | {"fold": 1} for entry in good]))
