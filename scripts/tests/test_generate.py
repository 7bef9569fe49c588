"""generate makes the pictures of plain diffusers, one seed each, and counts the bad ones."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image
from safetensors.torch import load_file, save_file

import generate
import host
import train_lora
from common.errors import Cancelled, StageError
from diffusion import base_model, samplers
from diffusion.families import unet
from lora import files as lora_files


def pictures(spec: dict) -> dict[str, np.ndarray]:
    """Pixels by file name."""
    folder = Path(spec["out"], "images")
    return {file.name: np.array(Image.open(file), dtype=int) for file in sorted(folder.iterdir())}


def rows(spec: dict) -> list[dict[str, str]]:
    with open(Path(spec["out"], "images.csv"), newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def lora(train_spec) -> str:
    """Folder of a LoRA that changes pictures plainly."""
    spec = train_spec(learning_rate=0.05)
    train_lora.run(spec)
    return spec["out"]


def test_batch_size_changes_nothing(generate_spec):
    one = generate_spec("one", batch_size=1, precision="fp64")
    eight = generate_spec("eight", batch_size=8, precision="fp64")
    assert generate.run(one) == generate.run(eight)
    assert all(np.array_equal(pictures(eight)[n], pixels) for n, pixels in pictures(one).items())


def test_plain_diffusers_makes_the_same_pictures(generate_spec, lora):
    spec = generate_spec(lora=lora, negative_prompt="cell", precision="fp64")
    generate.run(spec)
    assert_plain_diffusers_agrees(spec)


@pytest.mark.parametrize("sampler", unet.SAMPLERS)
def test_every_sampler_makes_the_pictures_of_its_scheduler(generate_spec, sampler):
    spec = generate_spec(sampler=sampler, negative_prompt="cell", precision="fp64")
    generate.run(spec)
    assert_plain_diffusers_agrees(spec)


def test_a_sampler_leaves_the_base_model_as_it_is(generate_spec):
    before, again = generate_spec("before"), generate_spec("again")
    generate.run(before)
    generate.run(generate_spec("euler", sampler="euler_a"))
    generate.run(again)
    assert all(np.array_equal(pictures(before)[n], p) for n, p in pictures(again).items())


def test_an_unknown_sampler_is_named(generate_spec):
    with pytest.raises(StageError, match=r"sampler 'ddmi' is none .*; use base, ddim, ddpm, "):
        generate.run(generate_spec(sampler="ddmi"))


def test_latents_may_have_more_than_four_channels(generate_spec, wide_base):
    spec = generate_spec(base=str(wide_base), negative_prompt="cell", precision="fp64")
    generate.run(spec)
    assert_plain_diffusers_agrees(spec)
    generate.run(generate_spec("half", base=str(wide_base), precision="bf16"))


def assert_plain_diffusers_agrees(spec: dict) -> None:
    """The first three pictures are those of the documented pipeline.

    In float64, but diffusers rounds them to 8 bits another way, so that a value at the edge may be
    one grey level off.
    """
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
        spec["base"], safety_checker=None, dtype=torch.float64
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = samplers.build(spec.get("sampler", "base"), pipeline)
    if spec["lora"]:
        pipeline.load_lora_weights(spec["lora"])
    for entry in spec["images"][:3]:
        source = Image.open(entry["source"]).resize((35, 32), Image.Resampling.BILINEAR)
        made = pipeline(
            "shs cell",
            source.crop((2, 0, 34, 32)),
            negative_prompt="cell",
            strength=0.6,
            num_inference_steps=8,
            guidance_scale=5.0,
            generator=torch.Generator("cpu").manual_seed(entry["seed"]),
        )
        expected = np.array(made.images[0], dtype=int)
        difference = np.abs(pictures(spec)[entry["name"]] - expected)
        assert difference.max() <= 1
        assert difference.mean() < 0.001


def test_a_picture_depends_on_its_own_seed_only(generate_spec, photos):
    def entry(name, seed):
        return {"name": name, "source": photos[0], "seed": seed}

    entries = [entry("a.png", 5), entry("b.png", 6), entry("c.png", 5)]
    spec = generate_spec(images=entries, precision="fp64")
    generate.run(spec)
    made = pictures(spec)
    assert np.array_equal(made["a.png"], made["c.png"])
    assert np.abs(made["a.png"] - made["b.png"]).max() > 1


def test_a_lora_changes_pictures_and_is_taken_off(generate_spec, lora, base):
    plain, with_lora, again = (generate_spec(name) for name in ("plain", "changed", "again"))
    generate.run(plain)
    generate.run(with_lora | {"lora": lora})
    generate.run(again)
    assert np.abs(pictures(plain)["0000.png"] - pictures(with_lora)["0000.png"]).max() > 1
    assert all(np.array_equal(pictures(plain)[n], p) for n, p in pictures(again).items())
    with base_model.borrow(str(base), torch.device("cpu"), torch.float32) as pipeline:
        assert not any("lora" in name for name in pipeline.unet.state_dict())


def test_images_csv_describes_every_picture(generate_spec):
    spec = generate_spec()
    result = generate.run(spec)
    assert result == {"images": 12, "blank": 0, "saturated": 0, "nan": 0}
    assert [row["name"] for row in rows(spec)] == [f"{i:04}.png" for i in range(12)]
    for row, entry in zip(rows(spec), spec["images"], strict=True):
        pixels = pictures(spec)[row["name"]]
        assert row["source_name"] == Path(entry["source"]).name
        assert int(row["seed"]) == entry["seed"]
        assert float(row["mean"]) == pytest.approx(pixels.mean(), abs=0.01)
        assert float(row["std"]) == pytest.approx(pixels.std(), abs=0.05)
        assert (row["blank"], row["saturated"], row["nan"]) == ("0", "0", "0")


@pytest.mark.parametrize(
    ("bias", "counted"),
    [(float("nan"), {"blank", "nan"}), (0.0, {"blank"}), (9.0, {"blank", "saturated"})],
)
def test_bad_pictures_are_kept_and_counted(generate_spec, base, tmp_path, bias, counted):
    """A base model whose decoder gives one value everywhere."""
    broken = shutil.copytree(base, tmp_path / "broken")
    file = broken / "vae" / "diffusion_pytorch_model.safetensors"
    state = load_file(file)
    state["decoder.conv_out.weight"].zero_()
    state["decoder.conv_out.bias"].fill_(bias)
    save_file(state, file)
    spec = generate_spec(base=str(broken))
    result = generate.run(spec)
    assert result == {"images": 12} | {
        flag: 12 if flag in counted else 0 for flag in ("blank", "saturated", "nan")
    }
    assert len(pictures(spec)) == 12
    assert {row["nan"] for row in rows(spec)} == {str(int("nan" in counted))}


@pytest.mark.parametrize(("steps", "strength"), [(1, 0.9), (3, 0.3), (20, 0.0), (20, 1.5)])
def test_too_few_denoising_steps_are_refused(generate_spec, steps, strength):
    with pytest.raises(StageError, match="strength"):
        generate.run(generate_spec(steps=steps, strength=strength))


def test_cancellation_stops_between_steps(generate_spec, monkeypatch):
    calls = []
    monkeypatch.setattr(host, "progress", lambda *args: calls.append(args))
    monkeypatch.setattr(host, "cancelled", lambda: len(calls) >= 2)
    with pytest.raises(Cancelled):
        generate.run(generate_spec())
    assert len(calls) == 2


def test_a_lora_that_is_missing_damaged_or_for_another_model_is_named(
    generate_spec, lora, tmp_path
):
    with pytest.raises(StageError, match=r"pytorch_lora_weights\.safetensors does not exist"):
        generate.run(generate_spec("a", lora=str(tmp_path)))
    file = Path(lora, lora_files.FILE_NAME)
    tensors = load_file(file)
    content = file.read_bytes()
    file.write_bytes(content[:-100])
    with pytest.raises(StageError, match=r"pytorch_lora_weights\.safetensors cannot be loaded"):
        generate.run(generate_spec("b", lora=lora))
    tensors["unet.another.layer.lora_A.weight"] = torch.zeros(4, 8)
    tensors["unet.another.layer.lora_B.weight"] = torch.zeros(8, 4)
    save_file(tensors, file)
    with pytest.raises(StageError, match=f"has {len(tensors)} tensors, but {len(tensors) - 2} fit"):
        generate.run(generate_spec("c", lora=lora))


def test_missing_source_is_named(generate_spec, tmp_path):
    gone = [{"name": "0000.png", "source": str(tmp_path / "gone.png"), "seed": 1}]
    with pytest.raises(StageError, match=r"gone\.png does not exist"):
        generate.run(generate_spec(images=gone))
