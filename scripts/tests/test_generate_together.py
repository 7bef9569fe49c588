"""Images that are made together are those that each task makes alone."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import generate
import host
import train_lora
from common.together import ApartError
from noise_floor import MULTIPLE
from test_generate import pictures, rows


@pytest.fixture
def done(monkeypatch):
    """Results that the host is told of, by place; failures are texts."""
    told = {}
    monkeypatch.setattr(host, "done", lambda place, result, _: told.update({place: result}))
    monkeypatch.setattr(host, "failed", lambda place, text: told.update({place: text}))
    monkeypatch.setattr(host, "progress_of", lambda *_: None)
    return told


@pytest.fixture
def mixed(train_spec, generate_spec, photos, request):
    """Builds specs, by a tag, of four tasks with two LoRAs, one and none, and other prompts."""

    def build(which: str, precision: str):
        base = {"base": str(request.getfixturevalue(which)), "precision": precision}
        loras = []
        for seed, options in (
            (1, {}),
            (2, {"rank": 2, "target": "attention", "text_encoder": True}),
        ):
            spec = train_spec(f"lora{seed}", learning_rate=0.03, seed=seed, **options, **base)
            train_lora.run(spec)
            loras.append(spec["out"])

        def entries(count: int, first: int) -> list[dict]:
            return [
                {"name": f"{i:04}.png", "source": photos[i], "seed": first + i}
                for i in range(count)
            ]

        def specs(tag: str) -> list[dict]:
            return [
                generate_spec(tag + "a", lora=loras[0], images=entries(3, 50), **base),
                generate_spec(tag + "b", lora="", images=entries(2, 60), prompt="cell", **base),
                generate_spec(tag + "c", lora=loras[1], images=entries(5, 70), **base),
                generate_spec(tag + "d", lora=loras[0], images=entries(1, 80), **base),
            ]

        return specs

    return build


@pytest.mark.parametrize("which", ["base", pytest.param("xl_base", marks=pytest.mark.slow)])
def test_tasks_with_other_loras_and_prompts_share_batches(mixed, done, which):
    """Shown in float64, where rounding changes no grey level."""
    specs = mixed(which, "fp64")
    alone, group = specs("alone"), specs("group")
    results = [generate.run({**spec, "batch_size": 2}) for spec in alone]
    generate.run_together([{**spec, "batch_size": 4} for spec in group])
    assert [done[place] for place in range(4)] == results
    for one, other in zip(group, alone, strict=True):
        assert [row["seed"] for row in rows(one)] == [row["seed"] for row in rows(other)]
        assert grey_levels(one, other) < 1e-3
    assert np.abs(pictures(group[0])["0000.png"] - pictures(alone[1])["0000.png"]).max() > 3


@pytest.mark.parametrize(
    ("which", "precision"),
    [
        ("base", "fp32"),
        ("base", "bf16"),
        pytest.param("base", "fp16", marks=pytest.mark.slow),
        pytest.param("xl_base", "bf16", marks=pytest.mark.slow),
    ],
)
def test_shared_batches_differ_by_rounding_in_every_precision(mixed, done, which, precision):
    """No more than other batches of the same task do."""
    specs = mixed(which, precision)
    alone, other, group = specs("alone"), specs("other"), specs("group")
    for spec in alone:
        generate.run({**spec, "batch_size": 2})
    for spec in other:
        generate.run({**spec, "batch_size": 5})
    generate.run_together([{**spec, "batch_size": 4} for spec in group])
    assert sorted(done) == [0, 1, 2, 3]
    floor = max(map(grey_levels, other, alone))
    # A value at the edge of a grey level falls to either side: one in a hundred may.
    assert max(map(grey_levels, group, alone)) <= MULTIPLE * floor + 0.01


def grey_levels(one: dict, other: dict) -> float:
    """How far the pictures of two specs lie apart: the mean over all values, of 255."""
    ours, others = pictures(one), pictures(other)
    assert ours.keys() == others.keys()
    return float(np.mean([np.abs(ours[name] - others[name]).mean() for name in ours]))


def test_a_task_that_fails_leaves_the_others_alone(generate_spec, done):
    good, bad = generate_spec("good"), generate_spec("bad", lora="nowhere")
    generate.run_together([bad, good])
    assert "nowhere" in done[0]
    assert done[1]["images"] == len(pictures(good)) == len(good["images"])


def test_a_lora_of_no_numbers_is_not_let_into_a_batch(train_spec, generate_spec, done):
    spec = train_spec()
    train_lora.run(spec)
    file = Path(spec["out"], "pytorch_lora_weights.safetensors")
    weights = {name: torch.full_like(tensor, torch.nan) for name, tensor in load_file(file).items()}
    save_file(weights, file)
    with pytest.raises(ApartError):
        generate.run_together([generate_spec("one", lora=spec["out"]), generate_spec("other")])
    assert not done
    assert generate.run(generate_spec("alone", lora=spec["out"]))["nan"] > 0
