"""Fixtures: a tiny Stable Diffusion pipeline of the real classes, and small photographs."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    PNDMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from PIL import Image
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

SCRIPTS = Path(__file__).resolve().parents[1]
TINY_SD = SCRIPTS.parent / "experiments/models/tiny-sd"
sys.path[:0] = [str(SCRIPTS), str(TINY_SD / "make")]

if "OMP_NUM_THREADS" not in os.environ:
    # The models are so small that a second thread only waits for the first.
    torch.set_num_threads(1)


def pytest_configure(config: pytest.Config) -> None:
    """Name the marker of what `.ci/run` leaves out where it runs the tests once more."""
    config.addinivalue_line("markers", "slow: a test, or a file of tests, of some seconds")


def tokenizer(folder: Path) -> CLIPTokenizer:
    """A CLIP tokenizer whose vocabulary is single characters, with and without end of word."""
    characters = [chr(c) for c in range(33, 127)]
    words = characters + [c + "</w>" for c in characters] + ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77
    )


def autoencoder(latent_channels: int = 4, **changes: float) -> AutoencoderKL:
    """A random autoencoder with latents at 1/4 of the pixels."""
    return AutoencoderKL(
        block_out_channels=(16, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=latent_channels,
        norm_num_groups=8,
        sample_size=32,
        **changes,
    )


def text_config(words: int, width: int = 32) -> CLIPTextConfig:
    """Of a CLIP text encoder for a vocabulary of so many words."""
    return CLIPTextConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=24,
        bos_token_id=words - 2,
        eos_token_id=words - 1,
        pad_token_id=words - 1,
    )


def pipeline(
    folder: Path, prediction_type: str = "epsilon", latent_channels: int = 4
) -> StableDiffusionPipeline:
    """A random Stable Diffusion pipeline of about 1 M parameters, latents at 1/4 of the pixels."""
    torch.manual_seed(0)
    words = tokenizer(folder / "words")
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=latent_channels,
        out_channels=latent_channels,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
        norm_num_groups=8,
    )
    vae = autoencoder(latent_channels)
    text_encoder = CLIPTextModel(text_config(len(words)))
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
        prediction_type=prediction_type,
    )
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=words,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def xl_pipeline(folder: Path, second_width: int = 32) -> StableDiffusionXLPipeline:
    """A random Stable Diffusion XL pipeline: two text encoders, a UNet that is told sizes."""
    torch.manual_seed(0)
    words = tokenizer(folder / "words")
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2),
        cross_attention_dim=32 + second_width,
        attention_head_dim=(2, 4),
        norm_num_groups=8,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 24,
    )
    return StableDiffusionXLPipeline(
        vae=autoencoder(),
        text_encoder=CLIPTextModel(text_config(len(words))),
        text_encoder_2=CLIPTextModelWithProjection(text_config(len(words), second_width)),
        tokenizer=words,
        tokenizer_2=words,
        unet=unet,
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        add_watermarker=False,
    )


def sd3_pipeline(folder: Path, t5: bool = True) -> StableDiffusion3Pipeline:
    """A random Stable Diffusion 3.5 pipeline: its first block has a second attention, and its
    latents are shifted."""
    torch.manual_seed(0)
    words = tokenizer(folder / "words")
    network = SD3Transformer2DModel(
        sample_size=8,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=64,
        caption_projection_dim=32,
        pooled_projection_dim=48,
        pos_embed_max_size=16,
        dual_attention_layers=(0,),
        qk_norm="rms_norm",
    )
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(chr(c), -1.0) for c in range(97, 123)] + [("\u2581", -1.0)]
    encoder = T5Config(
        vocab_size=len(pieces) + 100, d_model=64, d_kv=8, d_ff=64, num_layers=2, num_heads=2
    )
    return StableDiffusion3Pipeline(
        transformer=network,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(16, scaling_factor=1.5, shift_factor=0.06),
        text_encoder=CLIPTextModelWithProjection(text_config(len(words))),
        tokenizer=words,
        text_encoder_2=CLIPTextModelWithProjection(text_config(len(words))),
        tokenizer_2=words,
        text_encoder_3=T5EncoderModel(encoder) if t5 else None,
        tokenizer_3=T5Tokenizer(pieces) if t5 else None,
    )


def z_image_pipeline() -> ZImagePipeline:
    """A random Z-Image pipeline."""
    torch.manual_seed(0)
    words = Qwen2Tokenizer(
        vocab={c: i for i, c in enumerate([*map(chr, range(33, 127)), "\u0120", "<|endoftext|>"])},
        merges=[],
    )
    words.chat_template = "{% for message in messages %}user: {{ message.content }}{% endfor %}"
    network = ZImageTransformer2DModel(
        in_channels=16,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[8, 4, 4],
        axes_lens=[256, 32, 32],
    )
    text_config = Qwen3Config(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
    )
    return ZImagePipeline(
        transformer=network,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=autoencoder(16, scaling_factor=1.5, shift_factor=0.06),
        text_encoder=Qwen3Model(text_config),
        tokenizer=words,
    )


def saved(
    factory: pytest.TempPathFactory, name: str, build: Callable[[Path], DiffusionPipeline]
) -> Path:
    """The folder of a base model that was saved, built beside it."""
    folder = factory.mktemp(name)
    build(folder).save_pretrained(folder / "model")
    return folder / "model"


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a base model that predicts epsilon."""
    return saved(tmp_path_factory, "base", pipeline)


@pytest.fixture(scope="session")
def v_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a base model that predicts velocity."""
    return saved(tmp_path_factory, "v_base", lambda folder: pipeline(folder, "v_prediction"))


@pytest.fixture(scope="session")
def wide_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a base model whose latents have 8 channels."""
    return saved(tmp_path_factory, "wide_base", lambda folder: pipeline(folder, latent_channels=8))


@pytest.fixture(scope="session")
def xl_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a Stable Diffusion XL base model."""
    return saved(tmp_path_factory, "xl_base", xl_pipeline)


@pytest.fixture(scope="session")
def sd3_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a Stable Diffusion 3.5 base model."""
    return saved(tmp_path_factory, "sd3_base", sd3_pipeline)


@pytest.fixture(scope="session")
def z_image_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a Z-Image base model."""
    return saved(tmp_path_factory, "z_image_base", lambda _: z_image_pipeline())


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Twelve 40x36 pictures: smooth shades with a bright blot, no two alike."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    paths = []
    for number in range(12):
        y, x = np.mgrid[0:36, 0:40]
        shade = 60 + x * rng.uniform(1, 3) + y * rng.uniform(0, 2)
        row, column = rng.integers(4, 28, 2)
        shade[row : row + 6, column : column + 6] += 80
        pixels = np.stack([shade, shade * 0.8, shade * 0.6], -1).clip(0, 255).astype(np.uint8)
        path = folder / f"{number:02}.png"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
    return paths


@pytest.fixture
def mask(tmp_path: Path) -> str:
    """The file of a mask of 8 x 8 pixels of photos."""
    pixels = np.zeros((36, 40), np.uint8)
    pixels[12:20, 8:16] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    return str(tmp_path / "mask.png")


@pytest.fixture
def train_spec(base: Path, photos: list[str], tmp_path: Path):
    """Builds a spec for train_lora with a fresh empty `out`; keyword arguments replace keys."""

    def build(name: str = "lora", **changes) -> dict:
        (tmp_path / name).mkdir()
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "base": str(base),
            "seed": 7,
            "resolution": 32,
            "instance": {"prompt": "shs cell", "images": photos[:5]},
            "class": {"prompt": "cell", "images": photos[5:]},
            "steps": 4,
            "resume": "",
            "rank": 4,
            "alpha": 8.0,
            "learning_rate": 1e-3,
            "batch_size": 2,
            "prior_weight": 1.0,
            "regularization": "exact",
            "target": "attention+conv",
            "flip": True,
            "precision": "fp32",
        } | changes

    return build


@pytest.fixture
def generate_spec(base: Path, photos: list[str], tmp_path: Path):
    """Builds a spec for generate with a fresh empty `out`; keyword arguments replace keys."""

    def build(name: str = "generated", **changes) -> dict:
        (tmp_path / name).mkdir()
        pictures = [
            {"name": f"{i:04}.png", "source": path, "seed": 1000 + i}
            for i, path in enumerate(photos)
        ]
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "base": str(base),
            "lora": "",
            "prompt": "shs cell",
            "negative_prompt": "",
            "resolution": 32,
            "strength": 0.6,
            "steps": 8,
            "guidance": 5.0,
            "batch_size": 8,
            "precision": "fp32",
            "images": pictures,
        } | changes

    return build


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list:
    """The batches of every step of the LoRA trainings that a test runs, as they come."""
    from lora.group import Group  # once SCRIPTS is on the path

    seen = []
    predict = Group.predict

    def watch(group, batch, *others):
        seen.append(batch)
        return predict(group, batch, *others)

    monkeypatch.setattr(Group, "predict", watch)
    return seen


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> list[dict]:
    """Noisy pictures of three colours, ten of each, as entries of a test list."""
    folder = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(0)
    entries = []
    for label, colour in enumerate([(180, 60, 60), (60, 60, 180), (110, 110, 110)]):
        for number in range(10):
            pixels = rng.normal(colour, 25, (64, 64, 3)).clip(0, 255).astype(np.uint8)
            path = folder / f"{label}-{number}.png"
            Image.fromarray(pixels).save(path)
            entries.append({"path": str(path), "class": label, "name": f"test/{path.name}"})
    return entries


@pytest.fixture
def stage_specs(base, photos, tmp_path):
    """Builds small specs, each with a fresh `out`, of the stages that only look at images, and of
    autoencode; keyword arguments replace keys."""

    def build(stage: str, **changes) -> dict:
        from classifier import kept, network  # once SCRIPTS is on the path

        out = tmp_path / f"{stage}{len(list(tmp_path.iterdir()))}"
        out.mkdir()
        looks = {"model": "efficientnet_b0", "weights": "none", "resolution": 64}
        entries = [{"path": path, "class": 0, "name": path} for path in photos]
        specs = {
            "autoencode": {
                **{"base": str(base), "resolution": 16, "precision": "bf16"},
                **{"images": photos[:2], "mirrored": photos[:1]},
            },
            "measure": looks
            | {"images": photos, "mirrored": photos[:1], "calibration": photos[:2]},
            "choose": {
                **looks,
                **{"by": "nearest", "photos": photos[:3], "others": photos[3:6]},
                **{"calibration": photos[:2], "images": [], "candidates": []},
            },
            "detect": {
                **looks,
                **{"seed": 3, "method": "patchcore", "precision": "fp32", "coreset": 0.5},
                **{"folds": 2, "false_alarms": 0.2, "classes": ["good", "bad"]},
                "train": [entry | {"fold": i % 2 + 1} for i, entry in enumerate(entries[:8])],
                "test": entries[8:],
            },
            "judge": {"classifier": str(out / "classifier"), "label": "bad", "images": photos},
        }
        if stage == "judge":
            (out / "classifier").mkdir()
            model = network.build("efficientnet_b0", "none", 2, 1)
            card = kept.card_of(model, "efficientnet_b0", ["good", "bad"], 64)
            kept.write(out / "classifier", model, card)
        return {"out": str(out), "device": "cpu"} | specs[stage] | changes

    return build


@pytest.fixture
def classify_spec(colours, tmp_path):
    """Builds a spec with a fresh `out`: six training and four test pictures of each colour."""

    def build(name: str = "classifier", **changes) -> dict:
        (tmp_path / name).mkdir()
        train = [e for i, e in enumerate(colours) if i % 10 < 6]
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "seed": 3,
            "model": "efficientnet_b0",
            "weights": "none",
            "resolution": 32,
            "steps": 3,
            "batch_size": 8,
            "learning_rate": 1e-3,
            "weight_decay": 1e-2,
            "precision": "fp32",
            "classes": ["reddish", "bluish", "grey"],
            "train": [{"path": e["path"], "class": e["class"]} for e in train],
            "test": [e for i, e in enumerate(colours) if i % 10 >= 6],
        } | changes

    return build
