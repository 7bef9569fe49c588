"""Learning rates by the step alone, and optimizers that need not be installed."""

import sys

import pytest
import torch

import train_lora
from common.errors import StageError
from lora.optimizers import Optimizer, ParameterGroup
from lora_artifact import contents, weights


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_schedule_over_all_steps_continues_nothing(train_spec, schedule):
    first = train_spec("first", steps=2, schedule=schedule)
    train_lora.run(first)
    with pytest.raises(StageError, match=f"with the {schedule} schedule continues no shorter one"):
        train_lora.run(train_spec("more", steps=4, schedule=schedule, resume=first["out"]))


@pytest.mark.parametrize(
    ("schedule", "warmup", "expected"),
    [
        ("constant", 0, [1, 1, 1, 1, 1, 1, 1, 1]),
        ("constant_with_warmup", 4, [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]),
        ("linear", 0, [1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]),
        ("linear", 4, [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25]),
        ("cosine", 4, [0, 0.25, 0.5, 0.75, 1, 0.8535534, 0.5, 0.1464466]),
    ],
)
def test_learning_rates_follow_the_schedule(schedule, warmup, expected):
    """By hand: the cosine after the warm-up is 0.5 + 0.5 cos(0, 45, 90 and 135 degrees)."""
    parameters = [torch.nn.Parameter(torch.zeros(2)) for _ in range(2)]
    groups = [ParameterGroup([parameters[0]], 2e-3), ParameterGroup([parameters[1]], 1e-4)]
    optimizer = Optimizer("adamw", groups, schedule, warmup, steps=8)
    for step in (*range(8), 3):  # the last shows that nothing is kept from one step to the next
        optimizer.set_rate(step)
        rates = [group["lr"] for group in optimizer.inner.param_groups]
        assert rates == pytest.approx([2e-3 * expected[step], 1e-4 * expected[step]], rel=1e-6)


def test_schedules_and_rates_reach_the_training(train_spec):
    """With a warm-up of two steps the first moves nothing, and the text encoder has its own."""
    spec = train_spec(
        "one", steps=1, schedule="cosine", warmup_steps=2, text_encoder=True, target="attention"
    )
    train_lora.run(spec)
    assert all((w == 0).all() for name, w in weights(spec).items() if "lora_B" in name)
    fast, slow = (
        train_spec(name, steps=1, text_encoder=True, text_encoder_learning_rate=rate)
        for name, rate in (("fast", 0.0), ("slow", 1e-5))
    )
    train_lora.run(fast)
    train_lora.run(slow)
    for name, weight in weights(fast).items():
        if "lora_B" in name:  # AdamW's first step moves each weight by its rate
            ratio = weight.abs().max() / weights(slow)[name].abs().max()
            expected = 1 if name.startswith("unet.") else 100
            assert ratio.item() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("optimizer", "package"), [("adamw8bit", "bitsandbytes"), ("prodigy", "prodigyopt")]
)
def test_an_optimizer_that_is_not_installed_is_one_sentence(
    train_spec, monkeypatch, optimizer, package
):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(StageError, match=f"{optimizer} needs the package {package}.*pip install"):
        train_lora.run(train_spec(optimizer=optimizer))


@pytest.mark.parametrize(
    ("optimizer", "package", "rate"),
    [("adamw8bit", "bitsandbytes", 1e-3), ("prodigy", "prodigyopt", 1.0)],
)
def test_optional_optimizers_train_and_continue(train_spec, optimizer, package, rate):
    """At a rank at which 8-bit AdamW quantizes, which it does from 4,096 weights a tensor."""
    pytest.importorskip(package)
    options = {"optimizer": optimizer, "learning_rate": rate, "text_encoder": True, "rank": 128}
    first = train_spec("first", steps=3, **options)
    train_lora.run(first)
    more = train_spec("more", steps=6, resume=first["out"], **options)
    whole = train_spec("whole", steps=6, **options)
    train_lora.run(more)
    train_lora.run(whole)
    assert contents(more) == contents(whole)
    assert any(w.abs().max() > 0 for name, w in weights(whole).items() if "lora_B" in name)


def test_prodigy_has_one_learning_rate(train_spec):
    rates = {"learning_rate": 1.0, "text_encoder_learning_rate": 0.5}
    with pytest.raises(StageError, match="prodigy has one learning rate"):
        train_lora.run(train_spec(optimizer="prodigy", text_encoder=True, **rates))
