"""LoRAs that are trained together end as each does alone, and fail alone."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import host
import train_lora
from common import memory
from common.errors import Cancelled
from common.together import ApartError
from diffusion import base_model
from lora import memory as lora_memory
from lora_artifact import losses
from noise_floor import EXACT, LEAST, MULTIPLE, relative_difference

STEPS = 4


@pytest.fixture
def reports(monkeypatch):
    """What the host is told of a group: results and failures by place."""
    told = {"done": {}, "failed": {}, "progress": {}}
    monkeypatch.setattr(host, "done", lambda place, result, _: told["done"].update({place: result}))
    monkeypatch.setattr(host, "failed", lambda place, text: told["failed"].update({place: text}))
    monkeypatch.setattr(
        host,
        "progress_of",
        lambda place, done, *_: told["progress"].setdefault(place, []).append(done),
    )
    return told


def variations(photos: list[str]) -> dict[str, dict]:
    """Changes that make unequal members: counts, images, ranks, rates, layers, steps, modes."""
    none = {"class": {"prompt": "cell", "images": []}}
    return {
        "plain": {},
        "no class": none,
        "other images": {"instance": {"prompt": "shs flaw", "images": photos[2:7]}},
        "rank": {"rank": 2, "alpha": 3.0},
        "rate": {"learning_rate": 2e-4, "seed": 11},
        "layers": {"target": "attention", "batch_size": 3},
        "short": {"steps": STEPS // 2},
        "kohya": {"regularization": "kohya", "prior_weight": 0.5, "min_snr_gamma": 5.0},
    }


@pytest.mark.parametrize("which", ["base", pytest.param("xl_base", marks=pytest.mark.slow)])
def test_members_end_as_they_do_alone(train_spec, photos, request, reports, which):
    """Shown in float64, so that no difference but rounding is left."""
    base = {"base": str(request.getfixturevalue(which)), "precision": "fp64"}
    changes = [{"steps": STEPS} | change | base for change in variations(photos).values()]
    alone = [train_spec(f"alone{i}", **change) for i, change in enumerate(changes)]
    group = [train_spec(f"group{i}", **change) for i, change in enumerate(changes)]
    results = [train_lora.run(spec) for spec in alone]
    train_lora.run_together(group)
    assert reports["failed"] == {}
    for place, (one, other) in enumerate(zip(group, alone, strict=True)):
        assert relative_difference(one, other) < EXACT
        result = reports["done"][place] | {"final_loss": 0}
        assert result == results[place] | {"final_loss": 0}
        assert reports["progress"][place][-1] == one["steps"]
        for row, wanted in zip(losses(one), losses(other), strict=True):
            assert float(row["loss"]) == pytest.approx(float(wanted["loss"]), rel=EXACT)


@pytest.mark.parametrize(
    ("which", "text_encoder", "precision"),
    [
        ("base", False, "fp32"),
        ("base", False, "bf16"),
        pytest.param("base", False, "fp16", marks=pytest.mark.slow),
        pytest.param("base", True, "bf16", marks=pytest.mark.slow),
        pytest.param("xl_base", True, "fp32", marks=pytest.mark.slow),
        pytest.param("xl_base", True, "fp16", marks=pytest.mark.slow),
    ],
)
def test_members_differ_by_rounding_in_every_precision(
    train_spec, request, reports, which, text_encoder, precision
):
    """No more than a training alone does whose steps are computed in two parts."""
    shared = {"base": str(request.getfixturevalue(which)), "precision": precision, "steps": 3}
    shared["text_encoder"] = text_encoder
    changes = [{}, {"rank": 2, "alpha": 3.0}, {"class": {"prompt": "cell", "images": []}}]
    alone, parts, group = (
        [train_spec(f"{tag}{i}", **shared, **change) for i, change in enumerate(changes)]
        for tag in ("alone", "parts", "group")
    )
    for spec in alone:
        train_lora.run(spec)
    for spec in parts:
        train_lora.run(spec | {"gradient_accumulation": 2})
    train_lora.run_together(group)
    assert reports["failed"] == {}
    floor = max(LEAST, *map(relative_difference, parts, alone))
    assert max(map(relative_difference, group, alone)) <= MULTIPLE * floor


@pytest.mark.slow
def test_text_encoders_are_trained_together(train_spec, photos, reports):
    """With gradient checkpointing too, which runs layers again in the backward pass."""
    for more in ({}, {"gradient_checkpointing": True}):
        changes = {"steps": 5, "text_encoder": True, "precision": "fp64", **more}
        other = {"instance": {"prompt": "another cell", "images": photos[:3]}, **changes}
        tag = f"{len(more)}"
        alone = [train_spec("a" + tag, **changes), train_spec("b" + tag, **other)]
        group = [train_spec("c" + tag, **changes), train_spec("d" + tag, **other)]
        for spec in alone:
            train_lora.run(spec)
        train_lora.run_together(group)
        for one, wanted in zip(group, alone, strict=True):
            assert relative_difference(one, wanted) < EXACT


def test_a_member_that_cannot_begin_leaves_the_others_alone(train_spec, reports, base):
    good, wanted = (train_spec(name, precision="fp64") for name in ("good", "wanted"))
    nowhere = {"prompt": "shs", "images": ["nowhere.png"]}
    missing = train_spec("missing", instance=nowhere, precision="fp64")
    train_lora.run_together([missing, good])
    train_lora.run(wanted)
    assert list(reports["done"]) == [1]
    assert "nowhere.png" in reports["failed"][0]
    assert relative_difference(good, wanted) < EXACT
    with base_model.borrow(str(base), torch.device("cpu"), torch.float32) as pipeline:
        assert not any(module._forward_hooks for module in pipeline.unet.modules())


def test_a_member_that_diverges_ends_the_group(train_spec, reports):
    """Numbers that are none spread over a shared batch, so that the rest is left to single runs."""
    good, bad = train_spec("good"), train_spec("bad", learning_rate=float("inf"))
    with pytest.raises(ApartError, match="beside others, the loss became"):
        train_lora.run_together([good, bad])
    assert reports["done"] == reports["failed"] == {}
    assert not list(Path(good["out"]).iterdir())


@pytest.mark.slow
def test_an_interrupted_group_goes_on(train_spec, reports, monkeypatch, tmp_path):
    """Each member from its own checkpoint, also when they are grouped otherwise the next time."""

    def changes(seed: int) -> dict:
        return {"steps": 8, "seed": seed, "precision": "fp64"}

    def specs(tag: str) -> list[dict]:
        return [
            train_spec(f"{tag}{i}", checkpoint=str(tmp_path / f"kept{i}"), **changes(i))
            for i in range(3)
        ]

    with monkeypatch.context() as patch:
        patch.setattr(host, "cancelled", lambda: 3 in reports["progress"].get(2, []))
        with pytest.raises(Cancelled):
            train_lora.run_together(specs("cut"))
    reports["progress"].clear()
    again, wanted = specs("again"), [train_spec(f"w{i}", **changes(i)) for i in range(3)]
    train_lora.run_together(again[:2])
    train_lora.run(again[2])
    assert reports["progress"][0][0] == 4
    for one, spec in zip(again, wanted, strict=True):
        train_lora.run(spec)
        assert relative_difference(one, spec) < EXACT
        summary = json.loads(Path(one["out"], "training.json").read_text())
        assert summary["steps"] == 8


def test_a_batch_that_does_not_fit_is_computed_in_parts(train_spec, reports, monkeypatch):
    """Room for three samples: what is computed at once shrinks, the result does not change."""
    sizes = []
    backward = train_lora.Group.backward

    def watch(group, batch, *arguments):
        sizes.append(len(batch))
        return backward(group, batch, *arguments)

    monkeypatch.setattr(train_lora.Group, "backward", watch)
    wanted, one = (train_spec(name, precision="fp64") for name in ("wanted", "one"))
    other = train_spec("other", seed=2, precision="fp64")
    train_lora.run(wanted)
    free, measure = 10**12, lora_memory.needed

    def needed(*arguments) -> lora_memory.Need:
        most = measure(*arguments).of(3)
        assert most > 3 * 32 * 32
        return lora_memory.Need(frozenset({(int(lora_memory.SHARE * free) - most, most // 3)}), 0)

    monkeypatch.setattr(lora_memory, "needed", needed)
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    sizes.clear()
    train_lora.run_together([one, other])
    assert sizes[0] == 1  # the trial: all were to fit
    assert max(sizes) == 3
    assert sum(sizes[1:]) == 2 * 4 * 4  # members, steps, samples
    assert relative_difference(one, wanted) < EXACT


def test_optimizers_go_on_from_a_group(train_spec, reports):
    """An artifact made in a group is continued alone to what an unbroken training gives."""
    fp64 = {"precision": "fp64"}
    first, beside = train_spec("first", steps=3, **fp64), train_spec("beside", seed=5, **fp64)
    train_lora.run_together([first, beside])
    more = train_spec("more", steps=6, resume=first["out"], **fp64)
    whole = train_spec("whole", steps=6, **fp64)
    train_lora.run(more)
    train_lora.run(whole)
    assert relative_difference(more, whole) < EXACT
    kept = load_file(Path(more["out"], "optimizer.safetensors"))
    assert kept.keys() == load_file(Path(whole["out"], "optimizer.safetensors")).keys()
