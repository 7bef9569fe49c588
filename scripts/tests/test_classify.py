"""classify learns, writes every prediction, and repeats itself exactly."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torchvision.models import EfficientNet_B0_Weights, efficientnet_b0

import classify
import host
from classifier import network as classifier
from common import images
from common.errors import Cancelled, StageError
from torch_roots import Roots

CLASSES = ["reddish", "bluish", "grey"]


@pytest.fixture
def spec(classify_spec):
    return classify_spec


def read(spec: dict, name: str) -> list[dict[str, str]]:
    with open(Path(spec["out"], name), newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_it_learns_colours_and_predicts_every_test_image(spec):
    # At 32 pixels the last layers see one value an image, too few for batch-norm statistics.
    wanted = spec(weights="lite0", resolution=64, batch_size=9, steps=25, learning_rate=3e-3)
    result = classify.run(wanted)
    assert result["n_test"] == 12
    assert result["accuracy"] >= 0.9
    rows = read(wanted, "predictions.csv")
    assert [row["image"] for row in rows] == [entry["name"] for entry in wanted["test"]]
    assert [row["label"] for row in rows] == [CLASSES[e["class"]] for e in wanted["test"]]
    for row in rows:
        p = {name: float(row[f"p_{name}"]) for name in CLASSES}
        assert sum(p.values()) == pytest.approx(1, abs=1e-5)
        assert row["predicted"] == max(p, key=p.get)
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert result["accuracy"] == right / 12


def test_it_repeats_itself_to_the_byte_and_seeds_differ(spec):
    runs = [spec(str(number), seed=seed) for number, seed in enumerate((1, 1, 2))]
    for number, one in enumerate(runs):
        torch.manual_seed(number)  # must not matter
        classify.run(one)
    first, again, other = (
        {file.name: file.read_bytes() for file in Path(one["out"]).iterdir()} for one in runs
    )
    assert set(first) == {"predictions.csv", "training.csv", "training.json"}
    assert first == again
    assert first["predictions.csv"] != other["predictions.csv"]


def test_sampling_is_as_asked_for(spec):
    """Two of three classes have one picture: balanced, each is a third of what is drawn."""
    few = spec("few")["train"]
    few = [entry for i, entry in enumerate(few) if entry["class"] == 0 or i % 6 == 0]
    runs = {}
    for sampling in ("plain", "balanced"):
        wanted = spec(sampling, train=few, sampling=sampling)
        classify.run(wanted)
        runs[sampling] = Path(wanted["out"], "predictions.csv").read_bytes()
        summary = json.loads(Path(wanted["out"], "training.json").read_text())
        assert summary["sampling"] == sampling
    assert runs["plain"] != runs["balanced"]
    with pytest.raises(StageError, match="'even' is unknown; use plain, balanced, real_share"):
        classify.run(spec("even", sampling="even"))


def test_features_of_test_and_held_out_images(spec, colours):
    wanted = spec(held_out=colours[:2])
    classify.run(wanted)
    stored = load_file(Path(wanted["out"], "features.safetensors"))
    assert {name: tuple(t.shape) for name, t in stored.items()} == {
        "held_out": (2, 1280),
        "test": (12, 1280),
    }
    # Unlike the start's, they are the trained network's: other seeds train other ones.
    other = spec("other", held_out=colours[:2], seed=4)
    classify.run(other)
    again = load_file(Path(other["out"], "features.safetensors"))
    assert not torch.allclose(stored["held_out"], again["held_out"])
    # A held-out image that is also tested on has the same features.
    same = spec("same", held_out=wanted["test"])
    classify.run(same)
    both = load_file(Path(same["out"], "features.safetensors"))
    torch.testing.assert_close(both["held_out"], both["test"])


def test_features_before_training_are_those_of_the_weights(spec, colours):
    """With what is autoencoded beside, and untouched by how long the training then is."""
    looked_at = {"held_out": colours[:2], "autoencoded": colours[2:5]}
    short, long = spec("short", steps=1, **looked_at), spec("long", steps=3, **looked_at)
    for one in (short, long):
        classify.run(one)
    before, again, after = (
        load_file(Path(one["out"], name))
        for one, name in (
            (short, "features_before.safetensors"),
            (long, "features_before.safetensors"),
            (long, "features.safetensors"),
        )
    )
    assert {name: len(t) for name, t in before.items()} == {
        "autoencoded": 3,
        "held_out": 2,
        "test": 12,
    }
    assert {name: t.shape for name, t in before.items()} == {n: t.shape for n, t in after.items()}
    model = classifier.build("efficientnet_b0", "none", 3, 3)
    pixels = images.read_images([e["path"] for e in colours[2:5]], 32)
    torch.testing.assert_close(
        before["autoencoded"], classifier.features(eval_of(model), pixels), rtol=1e-4, atol=1e-5
    )
    for name in before:
        assert torch.equal(before[name], again[name])
        assert not torch.allclose(before[name], after[name])


def eval_of(model: classifier.Classifier) -> classifier.Classifier:
    model.network.eval()
    return model


def test_looking_changes_no_prediction(spec, colours):
    """Features that are stored on the way leave the training as it is."""
    runs = [spec("looked", held_out=colours[:2], autoencoded=colours[:2]), spec("plain")]
    for one in runs:
        classify.run(one)
    looked, plain = (Path(one["out"], "predictions.csv").read_bytes() for one in runs)
    assert looked == plain


def test_epochs_are_passes_over_the_training_images(spec):
    wanted = spec(steps=0, epochs=2)
    classify.run(wanted)  # 18 images in batches of 8: 36 samples are 4.5 batches
    assert json.loads(Path(wanted["out"], "training.json").read_text())["steps"] == 5
    assert [row["epoch"] for row in read(wanted, "training.csv")] == ["1", "2"]


def test_summary_counts_training_images_without_paths(spec, tmp_path):
    wanted = spec(steps=1)
    classify.run(wanted)
    text = Path(wanted["out"], "training.json").read_text()
    assert json.loads(text)["train_images"] == dict.fromkeys(CLASSES, 6)
    assert "/" not in text


def test_weights_from_a_file(spec, tmp_path):
    torch.manual_seed(5)
    network = efficientnet_b0(weights=None)
    save_file(network.state_dict(), tmp_path / "start.safetensors")
    built = classifier.build("efficientnet_b0", str(tmp_path / "start.safetensors"), 3, seed=1)
    assert torch.equal(built.network.features[0][0].weight, network.features[0][0].weight)
    assert built.network.classifier[1].out_features == 3
    state = network.state_dict()
    del state["features.0.0.weight"]
    save_file(state, tmp_path / "less.safetensors")
    with pytest.raises(StageError, match=r"less\.safetensors does not fit.*features\.0\.0\.weight"):
        classifier.build("efficientnet_b0", str(tmp_path / "less.safetensors"), 3, seed=1)


def test_imagenet_weights_come_from_torch_hubs_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    network = efficientnet_b0(weights=None)
    name = EfficientNet_B0_Weights.IMAGENET1K_V1.url.rsplit("/", 1)[-1]
    torch.save(network.state_dict(), checkpoints / name)
    built = classifier.build("efficientnet_b0", "imagenet", 2, seed=1)
    assert torch.equal(built.network.features[8][0].weight, network.features[8][0].weight)


def test_imagenet_weights_that_cannot_be_downloaded_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(StageError, match=r"not in .*checkpoints and cannot be downloaded"):
        classifier.build("efficientnet_b0", "imagenet", 2, seed=1)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision(spec, precision):
    assert np.isfinite(classify.run(spec(precision=precision))["train_loss"])


def test_cancellation(spec, monkeypatch):
    steps = []
    monkeypatch.setattr(host, "progress", lambda done, *_: steps.append(done))
    monkeypatch.setattr(host, "cancelled", lambda: len(steps) >= 2)
    with pytest.raises(Cancelled):
        classify.run(spec(steps=50))
    assert steps == [1, 2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 3}, "exactly one of epochs and steps"),
        ({"steps": 0}, "exactly one of epochs and steps"),
        ({"test": []}, "list of test images is empty"),
        ({"classes": [*CLASSES, "green"]}, "class 'green' has no training image"),
        ({"classes": CLASSES[:2]}, "class index beyond the list of classes"),
        ({"model": "no_such_network"}, "model 'no_such_network' is unknown"),
        ({"weights": "best"}, "weights 'best' are unknown"),
        ({"weights": "gone.safetensors"}, r"weights gone\.safetensors cannot be read"),
        ({"steps": 20, "learning_rate": 1e30}, "loss became nan .* smaller learning rate"),
    ],
)
def test_bad_specs_are_refused(spec, changes, message):
    with pytest.raises(StageError, match=message):
        classify.run(spec(**changes))


def test_no_root_is_torchs_own(spec):
    with Roots() as roots:
        classify.run(spec())
    assert roots.taken == 0


def test_folds_choose_a_threshold_and_change_nothing_else(spec):
    plain = spec()
    classify.run(plain)
    train = [e | {"fold": i % 3 + 1} for i, e in enumerate(plain["train"])]
    folded = spec("folded", train=train, folds=3)
    result = classify.run(folded)
    rows = read(folded, "out_of_fold.csv")
    assert len(rows) == len(train)
    assert sum(int(row["defective"]) for row in rows) == sum(e["class"] != 0 for e in train)
    scores = [float(row["score"]) for row in rows]
    assert min(scores) - 1e-6 <= result["threshold"] <= max(scores) + 1e-6
    for name in ("predictions.csv", "training.csv"):
        assert Path(folded["out"], name).read_bytes() == Path(plain["out"], name).read_bytes()


def test_a_fold_is_scored_by_a_classifier_that_has_not_seen_it(spec):
    train = [e | {"fold": i % 2 + 1} for i, e in enumerate(spec()["train"])]
    whole = spec("whole", train=train, folds=2)
    classify.run(whole)
    rest = [e for e in train if e["fold"] != 2]
    held = [
        {"path": e["path"], "class": e["class"], "name": e["path"]} for e in train if e["fold"] == 2
    ]
    alone = spec("alone", train=rest, test=held)
    classify.run(alone)
    wanted = [1 - float(row["p_reddish"]) for row in read(alone, "predictions.csv")]
    got = [float(row["score"]) for row in read(whole, "out_of_fold.csv")][-len(held) :]
    assert got == pytest.approx(wanted, abs=2e-6)
