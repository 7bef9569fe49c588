"""Stable Diffusion 1.x and 2.x."""

from diffusers import AutoencoderKL, StableDiffusionImg2ImgPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

from diffusion.condition import Condition
from diffusion.families import unet
from diffusion.families.family import Family
from diffusion.from_latents import FromLatents
from diffusion.noising import Diffusion


class LatentImg2Img(FromLatents, StableDiffusionImg2ImgPipeline):
    """img2img that starts from latents."""


def encode(pipeline: StableDiffusionImg2ImgPipeline, prompts: list[str]) -> Condition:
    """The text encoder's output for each prompt."""
    embedding, _ = pipeline.encode_prompt(
        prompts, pipeline.device, 1, do_classifier_free_guidance=False
    )
    return Condition(embedding)


def versions(pipeline: StableDiffusionImg2ImgPipeline) -> tuple[str, str]:
    """1 and 2 are told apart by the text encoder's width, 2's versions by what they predict."""
    if pipeline.unet.config.cross_attention_dim != 1024:  # the width of SD 2's OpenCLIP
        return "sd_v1", "stable-diffusion-v1"
    if pipeline.scheduler.config.prediction_type == "v_prediction":
        return "sd_v2_v", "stable-diffusion-v2-768-v"
    return "sd_v2", "stable-diffusion-v2-512"


FAMILY = Family(
    name="sd",
    indexed_as=(
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
    ),
    pipeline=StableDiffusionImg2ImgPipeline,
    loading={"safety_checker": None, "requires_safety_checker": False},
    from_latents=LatentImg2Img,
    sharing={"requires_safety_checker": False},
    denoiser="unet",
    encoders=("text_encoder",),
    modules={"unet": UNet2DConditionModel, "vae": AutoencoderKL, "text_encoder": CLIPTextModel},
    others=("tokenizer", "scheduler"),
    noising=Diffusion,
    samplers=unet.SAMPLERS,
    targets=unet.TARGETS,
    encode=encode,
    guided=unet.guided,
    predict=unet.predict,
    load_lora=unet.load_lora,
    kohya_names={"lora_te1_": "lora_te_"},  # its one text encoder; SDXL's first is lora_te1
    versions=versions,
)
