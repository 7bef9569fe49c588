"""What a LoRA can be trained with: each option does what it says, and defaults change nothing."""

import json
from pathlib import Path

import pytest
import torch

import train_lora
from diffusion import base_model
from lora_artifact import contents, weights
from noise_floor import EXACT, relative_difference

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("regularization", ["exact", "kohya", "diffusers"])
@pytest.mark.parametrize("text_encoder", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_step_in_parts_equals_a_step_at_once(
    train_spec, monkeypatch, regularization, text_encoder
):
    """Whatever the number of parts, up to one sample in each and beyond.

    Gradients are compared, since AdamW moves a weight by its whole rate however small its gradient,
    and so enlarges differences in rounding.
    """
    clip, gradients = torch.nn.utils.clip_grad_norm_, []

    def watch(parameters, *arguments):
        parameters = list(parameters)
        gradients.append(torch.cat([p.grad.flatten() for p in parameters]))
        return clip(parameters, *arguments)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", watch)
    for parts in (1, 2, 3, 50):
        spec = train_spec(
            f"parts{parts}",
            gradient_accumulation=parts,
            batch_size=4,
            steps=3,
            regularization=regularization,
            text_encoder=text_encoder,
            min_snr_gamma=5.0,
            precision="fp64",
        )
        train_lora.run(spec)
        for whole, other in zip(gradients[:3], gradients[-3:], strict=True):
            assert (whole - other).abs().max() / whole.abs().max() < EXACT
    assert len(gradients) == 4 * 3
    assert all(g.abs().max() > 0 for g in gradients)


def test_a_training_in_parts_continues_one_at_once(train_spec):
    """How a step is computed is no part of the recipe."""
    first = train_spec("first", steps=2)
    train_lora.run(first)
    more = {"steps": 4, "gradient_accumulation": 2, "gradient_checkpointing": True}
    train_lora.run(train_spec("more", resume=first["out"], **more))


@pytest.mark.parametrize("which", ["base", pytest.param("xl_base", marks=pytest.mark.slow)])
def test_gradient_checkpointing_changes_nothing_but_memory(train_spec, request, which):
    base = str(request.getfixturevalue(which))
    plain, again = (
        train_spec(name, base=base, text_encoder=True, precision="fp64", steps=3, **more)
        for name, more in (("plain", {}), ("again", {"gradient_checkpointing": True}))
    )
    train_lora.run(plain)
    train_lora.run(again)
    assert relative_difference(again, plain) < EXACT
    with base_model.borrow(base, torch.device("cpu"), torch.float64) as pipeline:
        for model in (pipeline.unet, *base_model.text_encoders(pipeline).values()):
            assert not any(getattr(m, "gradient_checkpointing", False) for m in model.modules())


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"regularization": "kohya", "repeats": 2},
        {"regularization": "diffusers"},
        {"schedule": "constant_with_warmup", "warmup_steps": 7},
        {"text_encoder": True, "text_encoder_learning_rate": 1e-5},
        {"min_snr_gamma": 5.0, "gradient_accumulation": 2},
    ],
)
def test_a_chain_equals_one_run_to_the_byte_with_other_options(train_spec, options):
    folder, chain = "", {}
    for steps in (5, 10, 20):
        spec = train_spec(f"chain{steps}", steps=steps, resume=folder, **options)
        folder = spec["out"]
        chain[steps] = train_lora.run(spec), contents(spec)
    for steps in (10, 20):
        spec = train_spec(f"whole{steps}", steps=steps, **options)
        assert train_lora.run(spec) == chain[steps][0]
        assert contents(spec) == chain[steps][1]


def test_layers_may_be_named(train_spec):
    spec = train_spec(target="to_q+ff.net.2", steps=1)
    train_lora.run(spec)
    layers = {name.rsplit(".lora_", 1)[0] for name in weights(spec)}
    assert {layer.rsplit(".", 1)[1] for layer in layers} == {"to_q", "2"}
    assert all(layer.endswith(("to_q", "ff.net.2")) for layer in layers)
    both = train_spec("both", target="conv+attention", steps=1)
    train_lora.run(both)
    swapped = train_spec("swapped", target="attention+conv", steps=1)
    train_lora.run(swapped)
    assert weights(both).keys() == weights(swapped).keys()


def test_the_text_encoder_is_trained_only_on_request(train_spec):
    without, with_it = train_spec("without", steps=2), train_spec("with", text_encoder=True)
    train_lora.run(without)
    train_lora.run(with_it)
    assert not any(name.startswith("text_encoder") for name in weights(without))
    learnt = {n: w for n, w in weights(with_it).items() if n.startswith("text_encoder.")}
    assert len(learnt) == 2 * 2 * 4  # A and B of four projections in two layers
    assert all(w.abs().max() > 0 for w in learnt.values())


def test_summary_has_the_whole_recipe(train_spec):
    spec = train_spec(steps=1, regularization="kohya", repeats=3, min_snr_gamma=5.0)
    train_lora.run(spec)
    recipe = json.loads(Path(spec["out"], "training.json").read_text())["recipe"]
    assert (recipe["regularization"], recipe["repeats"]) == ("kohya", 3)
    assert (recipe["min_snr_gamma"], recipe["schedule"]) == (5.0, "constant")
