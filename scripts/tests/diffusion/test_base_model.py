"""The base model is checked before it is loaded, loaded once, and lent out pristine."""

import json
import shutil

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

import ldm_checkpoint
from common.errors import StageError
from diffusion import base_model
from diffusion.base_files import BaseFiles

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


def borrow(base) -> None:
    with base_model.borrow(str(base), CPU, torch.float32):
        pass


@pytest.fixture
def copy(base, tmp_path):
    """A copy of the base model's folder, to be damaged."""
    return shutil.copytree(base, tmp_path / "copy")


def test_one_base_model_is_kept_and_reloaded_when_its_files_change(base, copy):
    with base_model.borrow(str(base), CPU, torch.float32) as first:
        pass
    with base_model.borrow(str(base), CPU, torch.float32) as second:
        assert second is first
    with base_model.borrow(str(copy), CPU, torch.float32) as third:
        assert third is not first
    (copy / "model_index.json").touch()
    with base_model.borrow(str(copy), CPU, torch.float32) as fourth:
        assert fourth is not third


def test_autoencoder_stays_float32(base):
    with base_model.borrow(str(base), CPU, torch.bfloat16) as pipeline:
        assert pipeline.unet.dtype == torch.bfloat16
        assert pipeline.vae.dtype == torch.float32
        assert pipeline.safety_checker is None


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(StageError, match="gone does not exist"):
        borrow(tmp_path / "gone")


def test_folder_that_is_no_base_model(tmp_path):
    with pytest.raises(StageError, match=r"not a diffusers folder: it has no model_index\.json"):
        borrow(tmp_path)


def test_another_kind_of_pipeline(copy):
    index = copy / "model_index.json"
    index.write_text(json.dumps({"_class_name": "FluxPipeline"}))
    with pytest.raises(StageError, match="is a FluxPipeline; supported are StableDiffusion"):
        borrow(copy)
    index.write_text("{")
    with pytest.raises(StageError, match=r"model_index\.json is damaged"):
        borrow(copy)


def test_missing_parts(copy):
    (copy / "unet" / "diffusion_pytorch_model.safetensors").rename(copy / "unet" / "model.bin")
    with pytest.raises(StageError, match=r"unet has no \.safetensors file.*pickled"):
        borrow(copy)
    shutil.rmtree(copy / "unet")
    with pytest.raises(StageError, match="has no unet/"):
        borrow(copy)


def test_truncated_weights_are_named(copy):
    file = copy / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(StageError, match=r"vae/diffusion_pytorch_model\.safetensors is damaged"):
        borrow(copy)


@pytest.mark.parametrize(
    ("component", "setting"),
    [
        ("text_encoder", "num_hidden_layers"),
        ("unet", "transformer_layers_per_block"),
        ("vae", "layers_per_block"),
    ],
)
def test_weights_that_are_not_there_are_not_made_up(copy, component, setting):
    """The libraries fill them with random numbers."""
    file = copy / component / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {setting: config[setting] + 1}))
    with pytest.raises(
        StageError, match=f"base model .*/{component} has no weights for .*copy the"
    ):
        borrow(copy)


def test_a_scheduler_of_another_kind_is_refused(copy, sd3_base, tmp_path):
    flow = shutil.copytree(sd3_base, tmp_path / "flow")
    place = "scheduler/scheduler_config.json"
    ours, theirs = (copy / place).read_text(), (flow / place).read_text()
    (copy / place).write_text(theirs)
    (flow / place).write_text(ours)
    for folder in (copy, flow):
        with pytest.raises(StageError, match=r"scheduler_config\.json is of a .*do not learn"):
            borrow(folder)


def test_damaged_configuration_is_one_sentence(copy):
    (copy / "unet" / "config.json").write_text("[")
    with pytest.raises(StageError, match="cannot be loaded"):
        borrow(copy)


PARTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}


@pytest.mark.parametrize("parts", [list(PARTS), ["vae"], ["text_encoder"]])
def test_parts_that_are_there_in_fp16_only_are_loaded(copy, base, parts):
    for part in parts:
        file = copy / part / f"{PARTS[part]}.safetensors"
        halves = {name: tensor.half() for name, tensor in load_file(file).items()}
        file.unlink()
        save_file(halves, file.with_suffix(".fp16.safetensors"), {"format": "pt"})
    files = BaseFiles(variants=dict.fromkeys(parts, "fp16"))
    with base_model.borrow(str(base), CPU, torch.float32) as pipeline:
        whole = {part: getattr(pipeline, part).state_dict() for part in PARTS}
    with base_model.borrow(str(copy), CPU, torch.float32, files) as pipeline:
        for part, tensors in whole.items():
            for name, tensor in getattr(pipeline, part).state_dict().items():
                was = tensors[name].half().float() if part in parts else tensors[name]
                assert torch.equal(tensor, was), f"{part}.{name}"


def test_the_variant_that_is_asked_for_is_loaded(copy):
    """Beside plain weights there are others of the variant, and only of one component."""
    file = copy / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    other = {name: tensor + 1 for name, tensor in tensors.items()}
    save_file(other, file.with_suffix(".non_ema.safetensors"), {"format": "pt"})
    for variants, plus in (({}, 0), ({"unet": "non_ema"}, 1)):
        files = BaseFiles(variants=variants)
        with base_model.borrow(str(copy), CPU, torch.float32, files) as pipeline:
            assert torch.equal(pipeline.unet.conv_in.weight, tensors["conv_in.weight"] + plus), (
                variants
            )


def test_sharded_weights_are_loaded(copy, base):
    with base_model.borrow(str(base), CPU, torch.float32) as pipeline:
        pipeline.unet.save_pretrained(copy / "unet", max_shard_size="1MB")
        (copy / "unet" / "diffusion_pytorch_model.safetensors").unlink(missing_ok=True)
        assert len(list((copy / "unet").glob("*.safetensors"))) > 1
        tensors = pipeline.unet.state_dict()
    with base_model.borrow(str(copy), CPU, torch.float32) as pipeline:
        for name, tensor in pipeline.unet.state_dict().items():
            assert torch.equal(tensor, tensors[name])


@pytest.fixture
def single_file(base, tmp_path):
    """The base model as one file, and beside it a folder with all but its weights."""
    plain = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    ldm_checkpoint.write(plain, tmp_path / "tiny.safetensors")
    shutil.copytree(base, tmp_path / "tiny", ignore=shutil.ignore_patterns("*.safetensors"))
    return tmp_path / "tiny.safetensors"


def test_a_single_file_is_the_same_model_as_its_folder(single_file, base):
    with base_model.borrow(str(base), CPU, torch.float32) as folder:
        pass
    with base_model.borrow(str(single_file), CPU, torch.float32) as file:
        for name in ("unet", "vae", "text_encoder"):
            assert ldm_checkpoint.same_weights(getattr(folder, name), getattr(file, name))
        assert file.scheduler.config == folder.scheduler.config
        assert file.safety_checker is None
    with base_model.borrow(str(single_file), CPU, torch.bfloat16) as file:
        assert file.unet.dtype == file.text_encoder.dtype == torch.bfloat16
        assert file.vae.dtype == torch.float32


def test_a_single_file_without_configuration_is_one_sentence(single_file):
    shutil.rmtree(single_file.with_suffix(""))
    with pytest.raises(StageError, match=r"no configuration at .*built-in one.*: sd1, sd2, sdxl"):
        borrow(single_file)


def test_a_single_file_that_is_cut_off_is_one_sentence(single_file):
    single_file.write_bytes(single_file.read_bytes()[:-1000])
    with pytest.raises(StageError, match=r"tiny\.safetensors is damaged"):
        borrow(single_file)


def test_a_single_file_of_another_model_is_one_sentence(single_file):
    tensors = load_file(single_file)
    save_file({k: v for k, v in tensors.items() if "middle_block" not in k}, single_file)
    with pytest.raises(StageError, match=r"tiny\.safetensors cannot be loaded"):
        borrow(single_file)
