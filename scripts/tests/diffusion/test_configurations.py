"""The built-in configurations are those of the real models, and load checkpoints without files."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

import conftest
import generate
import ldm_checkpoint
import train_lora
from common import allocations
from common.errors import StageError
from diffusion import base_files, base_model, clip_words
from diffusion.base_files import BaseFiles

CPU = torch.device("cpu")

# Parameters, by the models' cards and papers; orchestrator/model/checkpoint.go goes by the
# UNet's and the autoencoder's.
SIZES = {
    "sd1": {"unet": 859_520_964, "text_encoder": 123_060_480},
    "sd2": {"unet": 865_910_724, "text_encoder": 340_387_840},
    "sdxl": {
        "unet": 2_567_463_684,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    },
}
HEADERS = Path(__file__).resolve().parents[3] / "orchestrator" / "model" / "testdata"


def networks(kind: str) -> dict[str, torch.nn.Module]:
    """The networks of a built-in configuration in full size, without memory."""
    folder = base_files.CONFIGURATIONS / kind
    with torch.device("meta"):
        built = {}
        for name, network in (("unet", UNet2DConditionModel), ("vae", AutoencoderKL)):
            built[name] = network.from_config(network.load_config(folder / name))
        for name, network in (
            ("text_encoder", CLIPTextModel),
            ("text_encoder_2", CLIPTextModelWithProjection),
        ):
            if (folder / name).exists():
                built[name] = network(CLIPTextConfig.from_pretrained(folder / name))
    return built


@pytest.mark.parametrize("kind", SIZES)
def test_sizes_are_those_of_the_real_models(kind):
    sizes = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in networks(kind).items()
    }
    assert sizes == SIZES[kind] | {"vae": 83_653_863}


@pytest.mark.parametrize("kind", SIZES)
def test_real_sized_checkpoints_fit(kind):
    """The names and shapes of a whole checkpoint are converted to just those of the networks."""
    built = networks(kind)
    tensors = ldm_checkpoint.tensors_of(built)
    for name, convert in (
        ("unet", convert_ldm_unet_checkpoint),
        ("vae", convert_ldm_vae_checkpoint),
    ):
        converted = convert(dict(tensors), dict(built[name].config))
        shapes = {key: tuple(tensor.shape) for key, tensor in converted.items()}
        wanted = {key: tuple(tensor.shape) for key, tensor in built[name].state_dict().items()}
        # The autoencoder's 1x1 convolutions are made linear layers while they are loaded.
        assert {k: v[:2] if len(wanted[k]) == 2 else v for k, v in shapes.items()} == wanted


@pytest.mark.parametrize("kind", SIZES)
def test_headers_that_the_host_is_tested_with_are_these(kind):
    """To write them anew: ldm_checkpoint's shapes as JSON, gzipped without a time."""
    tensors = ldm_checkpoint.tensors_of(networks(kind))
    shapes = {name: list(tensor.shape) for name, tensor in sorted(tensors.items())}
    text = gzip.decompress((HEADERS / f"{kind}.json.gz").read_bytes())
    assert json.loads(text) == shapes


def test_vocabulary_is_clips():
    """Numbers that OpenAI's tokenizer gives; SDXL's second and SD 2's fill up with 0."""
    folder = base_files.CONFIGURATIONS
    first = clip_words.tokenizer(folder / "sd1" / "tokenizer")
    assert first("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    for part, fill in (("sd1", 49407), ("sd2", 0), ("sdxl", 49407)):
        words = clip_words.tokenizer(folder / part / "tokenizer")
        ids = words("scratch", padding="max_length", truncation=True).input_ids
        assert (len(words), len(ids), ids[-1]) == (49408, 77, fill)
    assert clip_words.tokenizer(folder / "sdxl" / "tokenizer_2").pad_token_id == 0


def sd2_pipeline(folder: Path) -> StableDiffusionPipeline:
    """A tiny pipeline with a text encoder as OpenCLIP's, whose activation is another."""
    pipeline = conftest.pipeline(folder)
    config = pipeline.text_encoder.config
    config.hidden_act = "gelu"
    return StableDiffusionPipeline(
        **{**pipeline.components, "text_encoder": CLIPTextModel(config)},
        requires_safety_checker=False,
    )


def xl_pipeline(folder: Path) -> StableDiffusionXLPipeline:
    """A tiny pipeline whose text encoders differ in width, by which they are told apart."""
    return conftest.xl_pipeline(folder, second_width=48)


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Writes a tiny pipeline as a checkpoint, and its configuration as a built-in one.

    Everything but the sizes is as with the real ones: CLIP's words, and no file beside it.
    """
    monkeypatch.setattr(base_files, "CONFIGURATIONS", tmp_path / "configurations")

    def write(pipeline, kind: str) -> Path:
        file = tmp_path / f"{kind}.safetensors"
        for name in ("text_encoder", "text_encoder_2"):
            if encoder := getattr(pipeline, name, None):
                encoder.resize_token_embeddings(clip_words.WORDS)
        ldm_checkpoint.write(pipeline, file)
        pipeline.save_pretrained(tmp_path / kind)
        built_in = Path(base_files.__file__).parent / "configurations" / kind
        target = tmp_path / "configurations" / kind
        shutil.copytree(built_in, target)
        for part in [p for p in (tmp_path / kind).glob("*/config.json")]:
            shutil.copy(part, target / part.parent.name / "config.json")
        return file

    return write


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "make", "prediction"),
    [
        ("sd1", conftest.pipeline, "epsilon"),
        ("sd2", sd2_pipeline, "epsilon"),
        ("sd2", sd2_pipeline, "v_prediction"),
        ("sdxl", xl_pipeline, "epsilon"),
        ("sdxl", xl_pipeline, "v_prediction"),
    ],
)
def test_a_file_alone_is_the_same_model(configured, tmp_path, kind, make, prediction):
    pipeline = make(tmp_path / "made")
    file = configured(pipeline, kind)
    files = BaseFiles(configuration=kind, prediction=prediction)
    with base_model.borrow(str(file), CPU, torch.float32, files) as loaded:
        for name in ("unet", "vae", *base_model.text_encoders(pipeline)):
            assert ldm_checkpoint.same_weights(getattr(pipeline, name), getattr(loaded, name))
        assert loaded.scheduler.config.prediction_type == prediction
        assert len(loaded.tokenizer) == clip_words.WORDS
    with base_model.borrow(str(file), CPU, torch.bfloat16, files) as loaded:
        assert loaded.unet.dtype == loaded.text_encoder.dtype == torch.bfloat16
        assert torch.equal(loaded.unet.conv_in.weight, pipeline.unet.conv_in.weight.bfloat16())
        assert ldm_checkpoint.same_weights(pipeline.vae, loaded.vae), "fp32, not rounded"


@pytest.mark.slow
def test_a_file_is_never_in_memory_in_two_types(configured, tmp_path):
    """Beside the file, which is mapped, there are the weights in the type that is wanted, and now
    and then one more tensor."""
    pipeline = conftest.pipeline(tmp_path / "made")
    file, weights = configured(pipeline, "sd1"), []

    def load() -> None:
        with base_model.borrow(str(file), CPU, torch.bfloat16, BaseFiles("sd1")) as loaded:
            for module in (loaded.unet, loaded.vae, loaded.text_encoder):
                weights.extend(tensor.nbytes for tensor in module.state_dict().values())

    base_model.forget()
    assert max(allocations.trace_of(load, CPU)) < file.stat().st_size + 1.5 * sum(weights)


@pytest.mark.slow
def test_training_and_images_from_a_file_alone(configured, tmp_path, train_spec, generate_spec):
    pipeline = conftest.pipeline(tmp_path / "made")
    base = {"base": str(configured(pipeline, "sd1")), "base_files": {"configuration": "sd1"}}
    spec = train_spec(**base, steps=1)
    train_lora.run(spec)
    assert generate.run(generate_spec(**base, lora=spec["out"]))["images"] == 12


def test_a_file_without_a_network_is_one_sentence(configured, tmp_path):
    file = configured(conftest.pipeline(tmp_path / "made"), "sd1")
    tensors = {k: v for k, v in load_file(file).items() if "layers.1.mlp" not in k}
    save_file(tensors, file)
    missing = pytest.raises(
        StageError, match=r"the file has no weights for .*mlp.* of text_encoder"
    )
    with missing, base_model.borrow(str(file), CPU, torch.float32, BaseFiles("sd1")):
        pass
