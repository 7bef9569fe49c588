"""What of a classifier is trained."""

import dataclasses

import pytest
import torch

from classifier import network, training
from common.errors import StageError
from noise_floor import assert_rounding_alone

SETTINGS = training.Settings(
    steps=2,
    sampling="plain",
    batch_size=4,
    learning_rate=1e-2,
    weight_decay=0.1,
    precision="fp32",
    seed=0,
)


def trained(**changes) -> tuple[network.Classifier, dict[str, torch.Tensor]]:
    """A classifier after two steps on noise, and its state before."""
    model = network.build("efficientnet_b0", "none", 3, 0)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (9, 3, 32, 32), dtype=torch.uint8, generator=generator)
    settings = dataclasses.replace(SETTINGS, **changes)
    training.train(settings, model, pixels, torch.arange(9) % 3)
    return model, before


def test_a_head_is_trained_alone():
    model, before = trained(trained="head")
    head = {f"classifier.1.{name}" for name in ("weight", "bias")}
    for name, value in model.network.state_dict().items():
        assert torch.equal(value, before[name]) == (name not in head), name


def test_all_is_trained_otherwise():
    model, before = trained()
    changed = [n for n, value in model.network.state_dict().items() if not value.equal(before[n])]
    assert set(changed) == set(before)


@pytest.mark.parametrize("kind", ["none", "trivial", "cutmix"])
def test_every_augmentation_trains(kind):
    model, before = trained(augment=kind)
    weight = model.network.state_dict()["classifier.1.weight"]
    assert weight.isfinite().all() and not weight.equal(before["classifier.1.weight"])


def test_an_unknown_part_is_refused():
    with pytest.raises(StageError, match="use all or head"):
        trained(trained="tail")


def test_features_that_stay_are_worked_out_once(monkeypatch):
    """A head learns from them what it learns with the network below it run at every step."""
    changes = {"trained": "head", "augment": "none", "steps": 4}
    once = flat_head(**changes)
    monkeypatch.setattr(training, "fixed_features", lambda *_: None)
    every_step = flat_head(**changes)
    torch.set_default_dtype(torch.float64)
    try:
        exact = flat_head(**changes)
    finally:
        torch.set_default_dtype(torch.float32)
    assert exact.dtype == torch.float64
    assert_rounding_alone(once, every_step, exact)


def flat_head(**changes) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in trained(**changes)[0].head.parameters()])
