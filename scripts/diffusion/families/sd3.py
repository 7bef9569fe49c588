"""Stable Diffusion 3 and 3.5: a transformer that attends to text and image jointly, two CLIP text
encoders and, where the folder has it, T5."""

import torch
from diffusers import AutoencoderKL, SD3Transformer2DModel, StableDiffusion3Img2ImgPipeline
from transformers import CLIPTextModelWithProjection, T5EncoderModel

from diffusion import lent
from diffusion.condition import Condition
from diffusion.families import transformer
from diffusion.families.family import Family
from diffusion.from_latents import SizedFromLatents
from diffusion.noising import LogitNormalFlow


class LatentImg2Img3(SizedFromLatents, StableDiffusion3Img2ImgPipeline):
    """img2img that starts from latents."""


def encode(pipeline: StableDiffusion3Img2ImgPipeline, prompts: list[str]) -> Condition:
    """What the text encoders make of each prompt: 77 tokens of CLIP, of both models beside each
    other, and 256 of T5, zero without it."""

    def one(prompt: str) -> Condition:
        embedding, _, pooled, _ = pipeline.encode_prompt(
            prompt, None, None, pipeline.device, do_classifier_free_guidance=False
        )
        return Condition(embedding, pooled)

    return lent.encode(pipeline, prompts, one)


def guided(
    pipeline: StableDiffusion3Img2ImgPipeline, prompt: str, negative: str
) -> dict[str, torch.Tensor]:
    """Embeddings and pooled ones."""
    both = encode(pipeline, [prompt, negative])
    return {
        "prompt_embeds": both.embedding[:1],
        "negative_prompt_embeds": both.embedding[1:],
        "pooled_prompt_embeds": both.pooled[:1],
        "negative_pooled_prompt_embeds": both.pooled[1:],
    }


def predict(
    denoiser: SD3Transformer2DModel,
    noisy: torch.Tensor,
    steps: torch.Tensor,
    condition: Condition,
    _: torch.Tensor,
) -> torch.Tensor:
    """The transformer's output."""
    return denoiser(noisy, condition.embedding, condition.pooled, steps).sample


def versions(_: StableDiffusion3Img2ImgPipeline) -> tuple[str, str]:
    """3 and 3.5 have one name."""
    return "sd3", "stable-diffusion-3"


FAMILY = Family(
    name="sd3",
    indexed_as=(
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        "StableDiffusion3InpaintPipeline",
    ),
    pipeline=StableDiffusion3Img2ImgPipeline,
    loading={},
    from_latents=LatentImg2Img3,
    sharing={},
    denoiser="transformer",
    encoders=(),
    lent=("text_encoder", "text_encoder_2", "text_encoder_3"),
    modules={
        "transformer": SD3Transformer2DModel,
        "vae": AutoencoderKL,
        "text_encoder": CLIPTextModelWithProjection,
        "text_encoder_2": CLIPTextModelWithProjection,
        "text_encoder_3": T5EncoderModel,
    },
    others=("tokenizer", "scheduler", "tokenizer_2", "tokenizer_3"),
    optional=("text_encoder_3", "tokenizer_3"),
    noising=LogitNormalFlow,
    samplers=("flow-euler", "flow-heun"),
    # Those of the text's stream too, and the second attention that 3.5 medium has in some blocks.
    targets={
        "attention": [
            *("to_q", "to_k", "to_v", "to_out.0"),
            *("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"),
        ]
    },
    encode=encode,
    guided=guided,
    predict=predict,
    load_lora=transformer.load_lora,
    kohya_names=None,
    versions=versions,
)
