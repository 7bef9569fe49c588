"""A pipeline of the size of Stable Diffusion 1.5 with random weights: nothing is to be fetched.

The sizes are those of the model card's config files; the tokenizer is tiny-sd's.
"""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    PNDMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

REPOSITORY = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """The pipeline's folder, made when it is not there (2 GB)."""
    place = REPOSITORY / "build" / "bench-sd15"
    if not (place / "model_index.json").exists():
        torch.manual_seed(0)
        pipeline().to(torch.float16).save_pretrained(place)
    return place


def pipeline() -> StableDiffusionPipeline:
    """Stable Diffusion 1.5's architecture: a UNet of 860 million parameters, CLIP ViT-L/14."""
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        sample_size=512,
    )
    text = CLIPTextConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12
    )
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
    )
    tokenizer = REPOSITORY / "experiments" / "models" / "tiny-sd" / "tokenizer"
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=CLIPTokenizer.from_pretrained(tokenizer, model_max_length=77),
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
