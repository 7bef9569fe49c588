"""Stable Diffusion XL: two text encoders, and a UNet that is told sizes."""

from diffusers import AutoencoderKL, StableDiffusionXLImg2ImgPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from diffusion.condition import Condition
from diffusion.families import unet
from diffusion.families.family import Family
from diffusion.from_latents import FromLatents
from diffusion.noising import Diffusion


class LatentImg2ImgXL(FromLatents, StableDiffusionXLImg2ImgPipeline):
    """img2img that starts from latents; the UNet is told the sizes of the picture made."""


def encode(pipeline: StableDiffusionXLImg2ImgPipeline, prompts: list[str]) -> Condition:
    """Both text encoders' outputs for each prompt, and the pooled one of the second."""
    embedding, _, pooled, _ = pipeline.encode_prompt(
        prompts, device=pipeline.device, do_classifier_free_guidance=False
    )
    return Condition(embedding, pooled)


def versions(pipeline: StableDiffusionXLImg2ImgPipeline) -> tuple[str, str]:
    """There is one."""
    return "sdxl_base_v1-0", "stable-diffusion-xl-v1-base"


FAMILY = Family(
    name="sdxl",
    indexed_as=(
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusionXLInpaintPipeline",
    ),
    pipeline=StableDiffusionXLImg2ImgPipeline,
    loading={"add_watermarker": False},
    from_latents=LatentImg2ImgXL,
    sharing={"add_watermarker": False},
    denoiser="unet",
    encoders=("text_encoder", "text_encoder_2"),
    modules={
        "unet": UNet2DConditionModel,
        "vae": AutoencoderKL,
        "text_encoder": CLIPTextModel,
        "text_encoder_2": CLIPTextModelWithProjection,
    },
    others=("tokenizer", "scheduler", "tokenizer_2"),
    noising=Diffusion,
    samplers=unet.SAMPLERS,
    targets=unet.TARGETS,
    encode=encode,
    guided=unet.guided,
    predict=unet.predict,
    load_lora=unet.load_lora,
    kohya_names={},
    versions=versions,
)
