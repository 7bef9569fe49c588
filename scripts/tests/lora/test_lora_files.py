"""The two files of a LoRA: layers under the names that kohya gives them, and the same pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers.integrations.peft
from diffusers import (
    DiffusionPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionXLImg2ImgPipeline,
)
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

import generate
import train_lora

pytestmark = pytest.mark.slow

DIFFUSERS = "pytorch_lora_weights.safetensors"
KOHYA = "kohya_lora.safetensors"


def kohya_names(model: torch.nn.Module, prefix: str, inside: tuple[str, ...]) -> set[str]:
    """Names of LoRA layers by the rule of kohya-ss/sd-scripts, networks/lora.py.

    Every Linear and Conv2d in a module of one of the classes `inside` is called by `prefix` and its
    path, all points being underscores. Resnets count where convolutions are trained too.
    """
    names = set()
    for path, module in model.named_modules():
        if type(module).__name__ in inside:
            for child_path, child in module.named_modules():
                if type(child).__name__ in ("Linear", "Conv2d"):
                    names.add(f"{prefix}.{path}.{child_path}".replace(".", "_"))
    return names


def trained(train_spec, **changes) -> dict:
    spec = train_spec(learning_rate=0.02, alpha=3.0, **changes)
    train_lora.run(spec)
    return spec


def picture(base: Path, photo: str, lora: Path | None = None) -> np.ndarray:
    """What stock diffusers makes with a LoRA file, as it is documented, of 255 and in float64."""
    xl = "XL" in json.loads((base / "model_index.json").read_text())["_class_name"]
    kind = StableDiffusionXLImg2ImgPipeline if xl else StableDiffusionImg2ImgPipeline
    options = {"dtype": torch.float64} | ({} if xl else {"safety_checker": None})
    pipeline = kind.from_pretrained(base, **options)
    pipeline.set_progress_bar_config(disable=True)
    if lora is not None:
        pipeline.load_lora_weights(lora.parent, weight_name=lora.name)
    source = Image.open(photo).resize((32, 32))
    generator = torch.Generator("cpu").manual_seed(0)
    made = pipeline(
        "shs cell",
        image=source,
        strength=0.8,
        num_inference_steps=5,
        guidance_scale=7.5,
        generator=generator,
        output_type="np",
    )
    return made.images[0] * 255


@pytest.mark.parametrize("target", ["attention", "attention+conv"])
def test_layers_have_the_names_of_kohyas_networks(train_spec, base, target, stock_loading):
    """SD 1.x, key by key: nothing that kohya's loader would not know, nothing left out."""
    spec = trained(train_spec, target=target, text_encoder=True)
    tensors = load_file(Path(spec["out"], KOHYA))
    suffixes = {"lora_down.weight", "lora_up.weight", "alpha"}
    layers = {key.split(".")[0] for key in tensors}
    assert set(tensors) == {f"{layer}.{suffix}" for layer in layers for suffix in suffixes}

    pipeline = DiffusionPipeline.from_pretrained(base, safety_checker=None)
    unet_classes = ("Transformer2DModel",) + (("ResnetBlock2D",) if "conv" in target else ())
    known = kohya_names(pipeline.unet, "lora_unet", unet_classes)
    ends = ("to_q", "to_k", "to_v", "to_out_0", "conv1", "conv2", "conv_shortcut")
    wanted = {name for name in known if name.endswith(ends)}
    # kohya calls the text encoder's layers by transformers' name for CLIPTextModel before version
    # 5: text_model.encoder.layers.0.self_attn.q_proj.
    encoder = torch.nn.ModuleDict({"text_model": pipeline.text_encoder})
    known_te = kohya_names(encoder, "lora_te", ("CLIPAttention", "CLIPSdpaAttention", "CLIPMLP"))
    wanted |= {name for name in known_te if name.endswith("_proj")}
    assert layers == wanted
    assert "lora_te_text_model_encoder_layers_0_self_attn_q_proj" in layers
    assert "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_out_0" in layers
    assert ("lora_unet_mid_block_resnets_0_conv1" in layers) == ("conv" in target)

    for key, tensor in tensors.items():
        if key.endswith(".alpha"):
            assert tensor.shape == () and tensor.item() == 3.0
        elif key.endswith(".lora_down.weight"):
            assert tensor.shape[0] == spec["rank"]
        else:
            assert tensor.shape[1] == spec["rank"]


def test_both_files_have_the_same_values(train_spec):
    spec = trained(train_spec, text_encoder=True)
    ours, kohyas = (load_file(Path(spec["out"], name)) for name in (DIFFUSERS, KOHYA))
    down = {k: v for k, v in kohyas.items() if k.endswith("lora_down.weight")}
    assert 2 * len(down) == len(ours)
    for key, tensor in ours.items():
        layer, role = key.removesuffix(".weight").rsplit(".", 1)
        part, path = layer.split(".", 1)
        prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_"}[part]
        name = {"lora_A": "lora_down", "lora_B": "lora_up"}[role]
        assert torch.equal(tensor, kohyas[f"{prefix}{path.replace('.', '_')}.{name}.weight"])


@pytest.fixture
def stock_loading(monkeypatch):
    """Lets transformers load a text encoder's LoRA with the peft of requirements.txt.

    transformers 5.24 refuses a peft before 0.22, though its loading works with 0.21.
    """
    monkeypatch.setattr(transformers.integrations.peft, "MIN_PEFT_VERSION", "0.21.0")


@pytest.mark.parametrize("text_encoder", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize(
    "which", ["base", "v_base", pytest.param("xl_base", marks=pytest.mark.slow)]
)
def test_stock_diffusers_makes_the_same_picture_from_both_files(
    train_spec, photos, request, which, text_encoder, stock_loading
):
    base = request.getfixturevalue(which)
    target = "attention" if which == "xl_base" else "attention+conv"
    spec = trained(train_spec, base=str(base), target=target, text_encoder=text_encoder)
    ours = picture(base, photos[0], lora=Path(spec["out"], DIFFUSERS))
    kohyas = picture(base, photos[0], lora=Path(spec["out"], KOHYA))
    without = picture(base, photos[0])
    assert np.abs(ours - kohyas).max() < 1e-4  # diffusers hands pixels over in float32
    assert np.abs(ours - without).max() > 1


def test_generate_makes_stock_diffusers_picture(
    train_spec, generate_spec, photos, base, stock_loading
):
    """The text encoder's LoRA too arrives in generate as it does in load_lora_weights."""
    spec = trained(train_spec, text_encoder=True)
    made = generate_spec(
        lora=spec["out"],
        strength=0.8,
        steps=5,
        guidance=7.5,
        images=[{"name": "a.png", "source": photos[0], "seed": 0}],
        precision="fp64",
    )
    # The pipeline of `picture` resizes without cropping; so does generate for a square photo.
    square = Path(made["out"], "square.png")
    Image.open(photos[0]).resize((32, 32)).save(square)
    made["images"][0]["source"] = str(square)
    generate.run(made)
    pixels = np.array(Image.open(Path(made["out"], "images", "a.png")), dtype=int)
    stock = picture(base, photos[0], lora=Path(spec["out"], DIFFUSERS))
    assert np.abs(pixels - stock).max() < 0.501  # pixels are rounded to whole grey levels
    assert np.abs(pixels - picture(base, photos[0])).max() > 2


def test_kohya_metadata_says_the_recipe_and_no_place(train_spec, xl_base, base, tmp_path):
    for name, folder, version in (("sd", base, "sd_v1"), ("xl", xl_base, "sdxl_base_v1-0")):
        spec = train_spec(name, base=str(folder), steps=1, target="attention", alpha=2.0)
        train_lora.run(spec)
        with safe_open(Path(spec["out"], KOHYA), "pt") as file:
            metadata = file.metadata()
        assert metadata["ss_base_model_version"] == version
        assert (metadata["ss_network_dim"], metadata["ss_network_alpha"]) == ("4", "2.0")
        assert metadata["ss_v2"] == "False"
        assert metadata["modelspec.prediction_type"] == "epsilon"
        assert json.loads(metadata["kizu_recipe"])["instance"]["prompt"] == "shs cell"
        assert str(tmp_path.parent) not in json.dumps(metadata)


def test_adapters_of_every_part_come_off(train_spec, generate_spec):
    spec = trained(train_spec, text_encoder=True)
    plain, again = generate_spec("plain"), generate_spec("again")
    generate.run(plain)
    generate.run(generate_spec("with", lora=spec["out"]))
    generate.run(again)
    for one, other in zip(
        sorted(Path(plain["out"], "images").iterdir()),
        sorted(Path(again["out"], "images").iterdir()),
        strict=True,
    ):
        assert one.read_bytes() == other.read_bytes()
