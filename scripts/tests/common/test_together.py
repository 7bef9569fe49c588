"""Tasks of a group agree in what their stage takes from the first of them for all."""

from dataclasses import fields

import pytest

import generate
import train_lora
from lora import spec as lora_spec

# Settings in which the members of a group may differ. A new one is in a stage's SHARED or here.
FREE = {
    train_lora: {
        *(
            "out",
            "seed",
            "instance",
            "class_",
            "steps",
            "rank",
            "alpha",
            "target",
            "flip",
            "fit",
            "levels",
        ),
        *("learning_rate", "text_encoder_learning_rate", "schedule", "warmup_steps", "optimizer"),
        *("batch_size", "prior_weight", "regularization", "repeats", "min_snr_gamma", "outside"),
        "regularization_repeats",
        *("gradient_accumulation", "resume", "checkpoint", "checkpoint_seconds"),
    },
    generate: {"out", "lora", "prompt", "negative_prompt", "images", "good"},
}


@pytest.mark.parametrize(
    ("stage", "spec"), [(train_lora, lora_spec.Spec), (generate, generate.Spec)]
)
def test_every_setting_is_shared_or_free(stage, spec):
    names = [entry.name for entry in fields(spec)]
    assert sorted([*stage.SHARED, *FREE[stage]]) == sorted(names)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("strength", 0.9), ("steps", 7), ("guidance", 1.5), ("sampler", "ddim")],
        *[("resolution", 64), ("batch_size", 3), ("precision", "bf16"), ("levels", [0, 9])],
        ("fit", "stretch"),
    ],
)
def test_images_of_unlike_settings_are_refused(generate_spec, name, value):
    one, other = generate_spec("one"), generate_spec("other")
    assert other.get(name) != value
    with pytest.raises(ValueError, match=f"differ in {name}$"):
        generate.run_together([one, other | {name: value}])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("resolution", 64), ("precision", "bf16"), ("text_encoder", True)],
        ("gradient_checkpointing", True),
    ],
)
def test_trainings_of_unlike_settings_are_refused(train_spec, name, value):
    one, other = train_spec("one"), train_spec("other")
    assert other.get(name) != value
    with pytest.raises(ValueError, match=f"differ in {name}$"):
        train_lora.run_together([one, other | {name: value}])
