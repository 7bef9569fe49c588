"""Base models that learn by flow matching: Stable Diffusion 3 and Z-Image."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    FlowMatchHeunDiscreteScheduler,
    StableDiffusion3Img2ImgPipeline,
    ZImageImg2ImgPipeline,
)
from PIL import Image
from safetensors.torch import load_file

import generate
import host
import train_lora
from common.errors import Cancelled, StageError
from conftest import sd3_pipeline
from diffusion import base_model
from diffusion.noising import LogitNormalFlow
from lora_artifact import contents, losses, weights
from noise_floor import EXACT, LEAST, MULTIPLE, relative_difference
from test_generate import pictures

pytestmark = pytest.mark.slow

OF_TEXT = ["add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"]
PIPELINES = {
    "sd3_base": StableDiffusion3Img2ImgPipeline,
    "z_image_base": ZImageImg2ImgPipeline,
}
EACH = pytest.mark.parametrize("which", PIPELINES)
LONG = "shs photo of a cell with a crack in it"  # over one of Z-Image's blocks of 32 tokens


@pytest.fixture
def train(train_spec, request):
    """Builds a spec of a training on a base model of a fixture's name."""

    def build(name: str, which: str, **changes) -> dict:
        settings = {"base": str(request.getfixturevalue(which)), "target": "attention"}
        return train_spec(name, **{**settings, "precision": "fp64", **changes})

    return build


@EACH
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_every_precision_trains_and_generates(train, generate_spec, which, precision):
    spec = train("lora", which, precision=precision, steps=2, gradient_checkpointing=True)
    assert np.isfinite(train_lora.run(spec)["final_loss"])
    made = generate_spec(base=spec["base"], lora=spec["out"], precision=precision)
    made["images"] = made["images"][:2]
    assert generate.run(made) == {"images": 2, "blank": 0, "saturated": 0, "nan": 0}


def test_t5_may_be_missing_and_no_encoder_stays(train, tmp_path):
    base = tmp_path / "without"
    sd3_pipeline(tmp_path, t5=False).save_pretrained(base)
    for name in ("text_encoder_3", "tokenizer_3"):
        assert not (base / name).exists()
    spec = train("lora", "sd3_base", steps=1, base=str(base))
    train_lora.run(spec)
    with base_model.borrow(str(base), torch.device("cpu"), torch.float64) as pipeline:
        assert pipeline.text_encoder is pipeline.text_encoder_2 is pipeline.text_encoder_3 is None


@EACH
def test_members_of_a_group_end_as_they_do_alone(train, photos, which, monkeypatch):
    changes = [
        {"steps": 3},
        {"steps": 2, "rank": 2, "alpha": 3.0, "instance": {"prompt": LONG, "images": photos[2:7]}},
        {"steps": 3, "class": {"prompt": "cell", "images": []}, "seed": 11},
    ]
    done = {}
    monkeypatch.setattr(host, "done", lambda place, result, _: done.update({place: result}))

    def one(name: str, precision: str, change: dict) -> dict:
        return train(name + precision, which, precision=precision, **change)

    for precision in ("fp64", "fp32"):
        alone, parts, group = (
            [one(f"{tag}{i}", precision, change) for i, change in enumerate(changes)]
            for tag in ("alone", "parts", "group")
        )
        for spec in alone:
            train_lora.run(spec)
        train_lora.run_together(group)
        if precision == "fp32":  # what rounding alone does, in steps of two parts
            for spec in parts:
                train_lora.run(spec | {"gradient_accumulation": 2})
            exact = MULTIPLE * max(LEAST, *map(relative_difference, parts, alone))
        else:
            exact = EXACT
        assert sorted(done) == [0, 1, 2]
        assert max(map(relative_difference, group, alone)) <= exact


@EACH
@pytest.mark.parametrize("guidance", [0.0, 3.0])
def test_a_batch_may_mix_loras_and_prompts(
    train, generate_spec, photos, which, guidance, monkeypatch
):
    """Within a level of 255: schedulers compute in float32."""
    trained = train("lora", which, learning_rate=0.05, steps=2)
    train_lora.run(trained)
    monkeypatch.setattr(host, "done", lambda *_: None)

    def specs(tag: str) -> list[dict]:
        shared = {"base": trained["base"], "precision": "fp64", "steps": 4, "guidance": guidance}
        entries = [{"name": f"{i}.png", "source": photos[i], "seed": 7 + i} for i in range(2)]
        kinds = [{"lora": trained["out"], "prompt": LONG}, {"prompt": "cell"}]
        return [
            generate_spec(f"{tag}{i}", images=entries, **shared, **kind)
            for i, kind in enumerate(kinds)
        ]

    alone, group = specs("alone"), specs("group")
    for spec in alone:
        generate.run(spec)
    generate.run_together(group)
    for one, other in zip(alone, group, strict=True):
        for name, picture in pictures(one).items():
            assert np.abs(picture - pictures(other)[name]).max() <= 1
    assert np.abs(pictures(alone[0])["0.png"] - pictures(alone[1])["0.png"]).max() > 1


@EACH
def test_an_interrupted_training_ends_in_the_same_bytes(train, which, tmp_path, monkeypatch):
    whole = train("whole", which, steps=6, precision="fp32")
    train_lora.run(whole)
    kept, seen = {"checkpoint": str(tmp_path / "kept"), "precision": "fp32", "steps": 6}, []
    with monkeypatch.context() as patch:
        patch.setattr(host, "progress", lambda number, *_: seen.append(number))
        patch.setattr(host, "cancelled", lambda: 3 in seen)
        with pytest.raises(Cancelled):
            train_lora.run(train("cut", which, **kept))
    again = train("again", which, **kept)
    train_lora.run(again)
    assert contents(again) == contents(whole)
    longer = train("longer", which, steps=8, precision="fp32", resume=whole["out"])
    train_lora.run(longer)
    assert losses(longer)[:6] == losses(whole)


@pytest.mark.parametrize(
    ("which", "sampler"),
    [("sd3_base", "base"), ("sd3_base", "flow-heun"), ("z_image_base", "flow-euler")],
)
def test_stock_diffusers_makes_the_same_pictures_with_the_saved_lora(
    train, generate_spec, photos, which, sampler
):
    """In latents and float64, but schedulers compute in float32."""
    trained = train("lora", which, learning_rate=0.05)
    train_lora.run(trained)
    entries = [{"name": f"{i}.png", "source": photos[i], "seed": 7 + i} for i in range(3)]
    shared = {"base": trained["base"], "precision": "fp64", "images": entries, "sampler": sampler}
    spec = generate_spec(lora=trained["out"], negative_prompt="cell", prompt=LONG, **shared)
    steps = set()
    generate.run(spec)
    plain = generate_spec("plain", negative_prompt="cell", prompt=LONG, **shared)
    generate.run(plain)
    pipeline = PIPELINES[which].from_pretrained(trained["base"], dtype=torch.float64)
    pipeline.set_progress_bar_config(disable=True)
    if sampler == "flow-heun":
        config = pipeline.scheduler.config
        pipeline.scheduler = FlowMatchHeunDiscreteScheduler.from_config(config)
    pipeline.load_lora_weights(trained["out"])
    for entry in entries:
        source = Image.open(entry["source"]).resize((35, 32), Image.Resampling.BILINEAR)
        made = pipeline(
            prompt=LONG,
            image=source.crop((2, 0, 34, 32)),
            negative_prompt="cell",
            height=32,
            width=32,
            strength=0.6,
            num_inference_steps=8,
            guidance_scale=5.0,
            generator=torch.Generator("cpu").manual_seed(entry["seed"]),
            callback_on_step_end=lambda _, step, __, kept: steps.add(step) or kept,
        )
        difference = np.abs(pictures(spec)[entry["name"]] - np.array(made.images[0], dtype=int))
        assert difference.max() <= 1
        assert difference.mean() < 0.01
        assert np.abs(pictures(spec)[entry["name"]] - pictures(plain)[entry["name"]]).max() > 1
    assert len(steps) == (9 if sampler == "flow-heun" else 5)  # 8 - int(8 - 8 * 0.6), Heun's twice


def test_heun_does_not_know_a_shift_by_resolution(sd3_base, generate_spec, photos, tmp_path):
    base = shutil.copytree(sd3_base, tmp_path / "shifting")
    file = base / "scheduler/scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"use_dynamic_shifting": True}))
    with pytest.raises(
        StageError, match=r"flow-heun does not know the shift .* use base or flow-euler"
    ):
        generate.run(generate_spec(base=str(base), sampler="flow-heun", lora=""))


@EACH
def test_comfyui_knows_the_second_files_layers(train, which):
    """Its map (comfy/lora.py, model_lora_keys_unet) has "transformer." and diffusers' path of every
    linear layer of these models; comfy/weight_adapter/lora.py looks there for lora_A, lora_B and
    alpha."""
    spec = train("lora", which, steps=1, alpha=3.0)
    train_lora.run(spec)
    tensors = load_file(Path(spec["out"], "kohya_lora.safetensors"))
    names = {name.removesuffix(".alpha") for name in tensors if name.endswith(".alpha")}
    with base_model.borrow(spec["base"], torch.device("cpu"), torch.float64) as pipeline:
        linear = {
            f"transformer.{name}"
            for name, module in pipeline.transformer.named_modules()
            if isinstance(module, torch.nn.Linear)
        }
    assert names <= linear
    ends = {name.rsplit(".", 1)[-1] for name in names}
    assert ends == {"to_q", "to_k", "to_v", "0", *(OF_TEXT if which == "sd3_base" else [])}
    assert ("transformer.transformer_blocks.0.attn2.to_q" in names) == (which == "sd3_base")
    for name in names:
        assert tensors[f"{name}.alpha"] == 3.0
        for part in ("lora_A.weight", "lora_B.weight"):
            assert torch.equal(tensors[f"{name}.{part}"], weights(spec)[f"{name}.{part}"])


@EACH
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"min_snr_gamma": 5.0}, "leave lora.min_snr_gamma out"),
        ({"text_encoder": True}, "leave lora.text_encoder out"),
        ({"target": "attention+conv"}, "target 'conv' is no .* use attention or the end"),
    ],
)
def test_settings_of_others_are_refused_in_training(train, which, changes, words):
    with pytest.raises(StageError, match=words):
        train_lora.run(train("lora", which, **changes))


@EACH
def test_settings_of_others_are_refused_in_generation(generate_spec, request, photos, which):
    base = str(request.getfixturevalue(which))
    with pytest.raises(StageError, match=r"'ddim' is none .*; use base, flow-euler"):
        generate.run(generate_spec("ddim", base=base, sampler="ddim"))
    options = {"weight": 1.0, "style_fidelity": 0.5, "adain": False}
    entries = [{"name": "0.png", "source": photos[0], "seed": 1, "defect": photos[1]}]
    refers = {"method": "reference", "options": options, "images": entries}
    with pytest.raises(StageError, match="method reference works in a UNet's attention"):
        generate.run(generate_spec("refers", base=base, **refers))


def test_steps_of_stable_diffusion_3_are_mostly_in_the_middle(sd3_base):
    config = json.loads(Path(sd3_base, "scheduler", "scheduler_config.json").read_text())
    noising, generator = LogitNormalFlow(config), torch.Generator().manual_seed(0)
    steps = torch.stack([noising.draw(generator) for _ in range(4000)])
    middle = ((steps >= 250) & (steps < 750)).float().mean()
    assert middle == pytest.approx(0.728, abs=0.03)  # of a normal number below logit(0.75)
    assert steps.min() >= 0 and steps.max() <= 999


@EACH
def test_a_single_file_is_refused(train, which, tmp_path):
    spec = train("lora", which)
    (tmp_path / "base").symlink_to(spec["base"])
    (tmp_path / "base.safetensors").write_bytes(b"")
    with pytest.raises(StageError, match="give its diffusers folder"):
        train_lora.run(spec | {"base": str(tmp_path / "base.safetensors")})
