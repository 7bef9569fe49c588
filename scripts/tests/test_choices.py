"""The words of an experiment file are those that the stages know."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

import detect
from classifier import augment, lite0, network, training
from common import framing, runtime
from common.errors import StageError
from diffusion import families, noising, samplers
from diffusion.families import unet
from generation import methods, shapes
from generation.methods import copy_paste
from lora import optimizers, regularization

TABLES = Path(__file__).resolve().parents[2] / "orchestrator/experiment"
CHOICES = json.loads((TABLES / "choices.json").read_text(encoding="utf-8"))
FAMILIES = json.loads((TABLES.parent / "model/families.json").read_text(encoding="utf-8"))
OPTIMIZERS = json.loads((TABLES / "optimizers.json").read_text(encoding="utf-8"))
SCHEDULES = json.loads((TABLES / "schedules.json").read_text(encoding="utf-8"))
METHODS = json.loads((TABLES / "methods.json").read_text(encoding="utf-8"))
FOR_THE_PLAN = {"within_mask", "with_lora"}  # options that say what a method is given
BACKBONES = json.loads((TABLES / "backbones.json").read_text(encoding="utf-8"))


def test_words_are_those_of_the_tables_of_the_stages():
    assert CHOICES["generate.sampler"] == ["base", *samplers.SAMPLERS]
    assert CHOICES["generate.mask"] == ["training", *shapes.SHAPES]
    assert CHOICES["generate.blend"] == list(copy_paste.BLENDS)
    assert sorted(CHOICES["lora.regularization"]) == sorted(regularization.MODES)


def test_methods():
    """What a plan gives to a method is what it needs and takes."""
    assert {
        name: (m.needs, m.takes, m.denoises, m.masks) for name, m in methods.METHODS.items()
    } == {
        name: (set(row["needs"]), set(row["takes"]), row["denoises"], row["masks"])
        for name, row in METHODS.items()
    }
    for name, method in methods.METHODS.items():
        options = {field.name for field in dataclasses.fields(method.options)}
        assert options == set(METHODS[name]["options"]) - FOR_THE_PLAN
        # A prompt is for a base model.
        assert "base" in method.needs or not method.denoises


def test_optimizers():
    """The host reckons with as much state of a float32 weight as one keeps, or more."""
    assert sorted(OPTIMIZERS) == sorted(optimizers.OPTIMIZERS)
    assert all(OPTIMIZERS[name] >= 4 * state for name, state in optimizers.STATE.items())


def test_schedules():
    assert {name: name in optimizers.CONTINUABLE for name in optimizers.SCHEDULES} == {
        name: row["continues"] for name, row in SCHEDULES.items()
    }


def test_families():
    """What `kizu check` looks for in a folder is what is loaded from it."""
    assert sorted(FAMILIES) == sorted(family.name for family in families.FAMILIES)
    for family in families.FAMILIES:
        table = FAMILIES[family.name]
        assert table["pipelines"] == list(family.indexed_as)
        folders = table["components"] + table.get("optional", [])
        assert sorted(folders) == sorted([*family.modules, *family.others])
        assert table.get("optional", []) == list(family.optional)
        assert table["components"][0] == family.denoiser
        assert table["samplers"] == list(family.samplers)
        assert table.get("attention", unet.TARGETS["attention"]) == family.targets["attention"]
        flow = issubclass(family.noising, noising.Flow)
        assert table.get("flow", False) == flow == ("conv" not in family.targets)


def test_fits():
    """Every fit but tiles, which are squares, and the usual one, which has no name, is framed."""
    for fit in CHOICES["dataset.fit"]:
        square = framing.frame((40, 20), 16, "" if fit in ("crop", "tiles") else fit)
        assert square.side == 16


@pytest.mark.parametrize("setting", [name for name in CHOICES if name.endswith("precision")])
def test_precisions(setting):
    assert [runtime.dtype_of(name) for name in CHOICES[setting]] == [
        *(torch.float32, torch.bfloat16, torch.float16)
    ]


@pytest.mark.parametrize("model", sorted(set(BACKBONES) - {network.TRANSFORMERS}))
def test_backbones_are_those_of_torchvision(model):
    row = BACKBONES[model]
    if model != lite0.NAME:
        assert network.imagenet_of(model).url.endswith(f"/{row['imagenet']}")
    assert row.get("lite0", False) == (model in network.LITE0)
    built = network.build(model, "none", 3, 0)
    built.network.eval()
    pixels = torch.randint(256, (2, 3, 64, 64), dtype=torch.uint8)
    features = network.features(built, pixels)
    with torch.inference_mode():
        answers = built.network(built.normalize(pixels))
        again = built.head(features)
    assert features.shape == (2, row["features"])
    assert answers.shape == (2, 3)
    assert torch.allclose(again, answers, atol=1e-5)


def test_weights():
    """Every word starts a network or is asked for; another is told which there are."""
    words = CHOICES["classifier.weights"]
    for word in set(words) - {"imagenet"}:  # which would be downloaded
        network.build("efficientnet_b0", word, 2, 0)
    with pytest.raises(StageError, match=f"use {', '.join(words)} or"):
        network.build("efficientnet_b0", "another", 2, 0)


def test_another_backbone_is_refused():
    with pytest.raises(StageError, match="'another' is unknown"):
        network.build("another", "none", 2, 0)


def test_sampling_augmentation_and_detectors():
    assert sorted(CHOICES["classifier.sampling"]) == sorted(training.SAMPLING)
    assert CHOICES["conditions.detectors.method"] == list(detect.METHODS)
    assert sorted(CHOICES["classifier.augment"]) == sorted(augment.KINDS)
    assert sorted(CHOICES["classifier.train"]) == sorted(training.TRAINED)
