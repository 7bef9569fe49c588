"""Z-Image: a transformer that image and text pass through in one sequence, and Qwen3 as text
encoder."""

import torch
from diffusers import AutoencoderKL, ZImageImg2ImgPipeline, ZImageTransformer2DModel
from transformers import AutoModel

from diffusion import lent
from diffusion.condition import Condition
from diffusion.families import transformer
from diffusion.families.family import Family
from diffusion.from_latents import SizedFromLatents
from diffusion.noising import Flow


class LatentImg2ImgZ(SizedFromLatents, ZImageImg2ImgPipeline):
    """img2img that starts from latents."""

    def prepare_latents(
        self, image, timestep, batch_size, channels, height, width, dtype, device, generator, _=None
    ) -> torch.Tensor:
        """The same from what this pipeline says of them."""
        return super().prepare_latents(image, timestep, batch_size, 1, dtype, device, generator)


def encode(pipeline: ZImageImg2ImgPipeline, prompts: list[str]) -> Condition:
    """What the text encoder makes of each prompt, in a chat's form, of its own length."""

    def one(prompt: str) -> Condition:
        embedding, _ = pipeline.encode_prompt(
            [prompt], pipeline.device, do_classifier_free_guidance=False
        )
        return Condition(embedding)

    return lent.encode(pipeline, prompts, one)


def guided(
    pipeline: ZImageImg2ImgPipeline, prompt: str, negative: str
) -> dict[str, list[torch.Tensor]]:
    """An embedding each."""
    positive, negative = encode(pipeline, [prompt, negative]).embedding
    return {"prompt_embeds": [positive], "negative_prompt_embeds": [negative]}


def predict(
    denoiser: ZImageTransformer2DModel,
    noisy: torch.Tensor,
    steps: torch.Tensor,
    condition: Condition,
    _: torch.Tensor,
) -> torch.Tensor:
    """The transformer's output, turned around: its time runs from noise, 0, to image, 1."""
    pictures = [*noisy.unsqueeze(2).unbind()]  # one frame each
    made = denoiser(pictures, (1000 - steps) / 1000, condition.embedding, return_dict=False)[0]
    return -torch.stack(made).squeeze(2)


def versions(_: ZImageImg2ImgPipeline) -> tuple[str, str]:
    """There is one."""
    return "z_image", "z-image"


FAMILY = Family(
    name="z_image",
    indexed_as=("ZImagePipeline", "ZImageImg2ImgPipeline", "ZImageInpaintPipeline"),
    pipeline=ZImageImg2ImgPipeline,
    loading={},
    from_latents=LatentImg2ImgZ,
    sharing={},
    denoiser="transformer",
    encoders=(),
    lent=("text_encoder",),
    modules={
        "transformer": ZImageTransformer2DModel,
        "vae": AutoencoderKL,
        "text_encoder": AutoModel,
    },
    others=("tokenizer", "scheduler"),
    noising=Flow,
    samplers=("flow-euler",),  # diffusers gives it sigmas, which Heun's scheduler does not take
    targets={"attention": ["to_q", "to_k", "to_v", "to_out.0"]},
    encode=encode,
    guided=guided,
    predict=predict,
    load_lora=transformer.load_lora,
    kohya_names=None,
    versions=versions,
)
