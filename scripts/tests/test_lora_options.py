"""What a LoRA can be trained with: each option does what it says, and defaults change nothing."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from PIL import Image
from safetensors.torch import load_file

import base_model
import dreambooth
import generate
import train_lora
from errors import StageError
from lora_spec import Spec
from lora_training import Training, order_of
from optimizers import Group, Optimizer
from stage_spec import read_spec


def weights(spec: dict) -> dict[str, torch.Tensor]:
    return load_file(Path(spec["out"], "pytorch_lora_weights.safetensors"))


def losses(spec: dict) -> list[dict[str, str]]:
    with open(Path(spec["out"], "losses.csv"), newline="") as file:
        return list(csv.DictReader(file))


def contents(spec: dict) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(spec["out"]).iterdir()}


def assert_close(one: dict, other: dict, atol: float = 1e-6) -> None:
    """The same losses and weights, up to the order of sums."""
    for a, b in zip(losses(one), losses(other), strict=True):
        assert float(a["loss"]) == pytest.approx(float(b["loss"]), abs=atol)
    ours, others = weights(one), weights(other)
    assert ours.keys() == others.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, others[name], rtol=0, atol=atol)


@pytest.mark.parametrize("regularization", ["exact", "kohya", "diffusers"])
@pytest.mark.parametrize("text_encoder", [False, True])
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
        )
        train_lora.run(spec)
        for step, (whole, other) in enumerate(zip(gradients[:3], gradients[-3:], strict=True)):
            difference = (whole - other).abs().max() / whole.abs().max()
            assert difference < (1e-5, 1e-3, 1e-3)[step]
    assert len(gradients) == 4 * 3
    assert all(g.abs().max() > 0 for g in gradients)


def test_a_training_in_parts_continues_one_at_once(train_spec):
    """How a step is computed is no part of the recipe."""
    first = train_spec("first", steps=2)
    train_lora.run(first)
    more = {"steps": 4, "gradient_accumulation": 2, "gradient_checkpointing": True}
    train_lora.run(train_spec("more", resume=first["out"], **more))


@pytest.mark.parametrize("which", ["base", "xl_base"])
def test_gradient_checkpointing_changes_nothing_but_memory(train_spec, request, which):
    base = str(request.getfixturevalue(which))
    plain, again = (
        train_spec(name, base=base, text_encoder=True, learning_rate=1e-4, steps=3, **more)
        for name, more in (("plain", {}), ("again", {"gradient_checkpointing": True}))
    )
    train_lora.run(plain)
    train_lora.run(again)
    assert_close(plain, again)
    with base_model.borrow(base, torch.device("cpu"), torch.float32) as pipeline:
        for model in (pipeline.unet, *base_model.text_encoders(pipeline).values()):
            assert not any(getattr(m, "gradient_checkpointing", False) for m in model.modules())


def test_kohya_weighs_class_samples_in_mixed_batches(train_spec):
    """The loss of a step is the mean over its samples, class samples times the prior weight."""
    spec = train_spec(regularization="kohya", repeats=2, batch_size=3, prior_weight=0.25, steps=14)
    result = train_lora.run(spec)
    # An epoch is 5 * 2 instance samples and as many class samples: the first three of seven
    # images are used twice in it. 14 steps are two epochs of 7 batches.
    assert result["instance_exposures"] == {"distinct": 5, "min": 4, "max": 4}
    assert result["class_exposures"] == {"distinct": 7, "min": 2, "max": 4}
    mixed = set()
    for number, row in enumerate(losses(spec)):
        instance, class_ = order(spec).step(number)
        mixed.add((len(instance), len(class_)))
        means = [(instance, row["instance_loss"], 1), (class_, row["prior_loss"], 0.25)]
        total = sum(len(samples) * float(mean) * w for samples, mean, w in means if samples)
        count = len(instance) + len(class_)
        assert float(row["loss"]) == pytest.approx(total / count, rel=1e-5)
        assert [mean == "" for _, mean, _ in means] == [not samples for samples, _, _ in means]
    assert {(3, 0), (0, 3)} & mixed
    assert {(2, 1), (1, 2)} & mixed


def order(spec: dict):
    """The order of a spec's images."""
    read = read_spec(Spec, spec)
    counts = [len(concept.images) for concept in read.concepts().values()]
    return order_of(read.settings(), counts)


def test_diffusers_pairs_and_adds_means(train_spec):
    spec = train_spec(regularization="diffusers", batch_size=3, prior_weight=0.5, steps=6)
    result = train_lora.run(spec)  # two epochs of 7 pairs in batches of 3, 3 and 1
    assert result["class_exposures"] == {"distinct": 7, "min": 2, "max": 2}
    assert result["instance_exposures"] == {"distinct": 5, "min": 2, "max": 4}
    for row in losses(spec):
        total = float(row["instance_loss"]) + 0.5 * float(row["prior_loss"])
        assert float(row["loss"]) == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"regularization": "kohya", "repeats": 2},
        {"regularization": "diffusers"},
        {"schedule": "constant_with_warmup", "warmup_steps": 7},
        {"text_encoder": True, "text_encoder_learning_rate": 1e-5},
        {"min_snr_gamma": 5.0, "gradient_accumulation": 2},
    ],
)
def test_a_chain_equals_one_run_to_the_byte(train_spec, options):
    folder, chain = "", {}
    for steps in (5, 10, 20):
        spec = train_spec(f"chain{steps}", steps=steps, resume=folder, **options)
        folder = spec["out"]
        chain[steps] = train_lora.run(spec), contents(spec)
    for steps in (10, 20):
        spec = train_spec(f"whole{steps}", steps=steps, **options)
        assert train_lora.run(spec) == chain[steps][0]
        assert contents(spec) == chain[steps][1]


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
    groups = [Group([parameters[0]], 2e-3), Group([parameters[1]], 1e-4)]
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


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_min_snr_weights_by_the_papers_formula(prediction):
    scheduler = DDPMScheduler(beta_schedule="scaled_linear", prediction_type=prediction)
    timesteps = torch.tensor([0, 100, 400, 999])
    snr = scheduler.alphas_cumprod[timesteps] / (1 - scheduler.alphas_cumprod[timesteps])
    least = torch.minimum(snr, torch.tensor(5.0))
    expected = least / (snr + 1) if prediction == "v_prediction" else least / snr
    got = dreambooth.min_snr_weights(scheduler, timesteps, 5.0)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-7)
    assert got[0] < 0.01  # hardly any noise
    assert dreambooth.min_snr_weights(scheduler, timesteps, 0.0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("which", ["base", "v_base"])
def test_min_snr_weighs_each_samples_error(train_spec, request, which):
    base = str(request.getfixturevalue(which))
    plain, weighed = (
        train_spec(name, base=base, steps=1, batch_size=1, min_snr_gamma=gamma)
        for name, gamma in (("plain", 0.0), ("weighed", 0.01))
    )
    for spec in (plain, weighed):
        train_lora.run(spec)
    one, other = losses(plain)[0], losses(weighed)[0]
    assert one["instance_loss"] == other["instance_loss"]  # the mean is not weighed
    scheduler = DDPMScheduler.from_pretrained(base, subfolder="scheduler")
    total = 0.0
    for role in ("instance", "class"):
        drawn = dreambooth.draw(7, role, 1, 0, (4, 8, 8), 1000, True)
        weight = dreambooth.min_snr_weights(scheduler, drawn.timesteps, 0.01).item()
        name = {"instance": "instance_loss", "class": "prior_loss"}[role]
        total += weight * float(one[name])
    assert float(other["loss"]) == pytest.approx(total, rel=1e-5)
    assert float(other["loss"]) != pytest.approx(float(one["loss"]), rel=1e-2)


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


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("which", ["v_base", "xl_base", "wide_base"])
def test_other_base_models_train_and_generate(train_spec, generate_spec, request, which, precision):
    base = str(request.getfixturevalue(which))
    spec = train_spec(base=base, text_encoder=True, steps=3, precision=precision)
    assert np.isfinite(train_lora.run(spec)["final_loss"])
    made = generate_spec(base=base, lora=spec["out"], precision=precision)
    assert generate.run(made) == {"images": 12, "blank": 0, "saturated": 0, "nan": 0}
    if which == "xl_base":
        parts = {name.split(".")[0] for name in weights(spec)}
        assert parts == {"unet", "text_encoder", "text_encoder_2"}


def test_xl_is_told_the_photos_size_and_crop(train_spec, xl_base, monkeypatch):
    """The photos are 40 x 36: scaled to 35 x 32, 2 (of 1.5) pixels are cut off on the left."""
    told = []
    predict = Training.predict

    def watch(training, batch):
        told.append(batch.sizes)
        return predict(training, batch)

    monkeypatch.setattr(Training, "predict", watch)
    train_lora.run(train_spec(base=str(xl_base), steps=1))
    assert torch.cat(told).unique(dim=0).tolist() == [[36, 40, 0, 2, 32, 32]]


def test_xl_heeds_the_size(train_spec, xl_base, tmp_path):
    """The same pixels from a photo of twice the size give another loss."""
    rows = []
    for side in (32, 64):
        path = tmp_path / f"{side}.png"
        Image.new("RGB", (side, side), (90, 120, 60)).save(path)
        spec = train_spec(
            f"of{side}",
            base=str(xl_base),
            steps=1,
            instance={"prompt": "shs cell", "images": [str(path)]},
            **{"class": {"prompt": "cell", "images": []}},
        )
        train_lora.run(spec)
        rows.append(losses(spec)[0])
    assert rows[0] != rows[1]


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


def test_summary_has_the_whole_recipe(train_spec):
    spec = train_spec(steps=1, regularization="kohya", repeats=3, min_snr_gamma=5.0)
    train_lora.run(spec)
    recipe = json.loads(Path(spec["out"], "training.json").read_text())["recipe"]
    assert (recipe["regularization"], recipe["repeats"]) == ("kohya", 3)
    assert (recipe["min_snr_gamma"], recipe["schedule"]) == (5.0, "constant")
