"""What families whose denoiser is a UNet have in common."""

import torch
from diffusers import DiffusionPipeline

from diffusion.condition import Condition

SAMPLERS = ("ddim", "ddpm", "pndm", "euler", "euler_a", "dpm++", "dpm++_karras", "unipc")

TARGETS = {
    "attention": ["to_q", "to_k", "to_v", "to_out.0"],
    "conv": ["conv1", "conv2", "conv_shortcut"],
}


def guided(pipeline: DiffusionPipeline, prompt: str, negative: str) -> dict[str, torch.Tensor]:
    """Embeddings, and where there is a second text encoder pooled ones."""
    encoded = pipeline.encode_prompt(
        prompt,
        device=pipeline.device,
        num_images_per_prompt=1,
        do_classifier_free_guidance=True,
        negative_prompt=negative or None,  # SDXL has a start of its own for none
    )
    names = ("prompt_embeds", "negative_prompt_embeds")
    pooled = ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")
    return dict(zip(names + pooled, encoded, strict=False))


def predict(
    unet: torch.nn.Module,
    noisy: torch.Tensor,
    steps: torch.Tensor,
    condition: Condition,
    sizes: torch.Tensor,
) -> torch.Tensor:
    """The UNet's output; one that has pooled embeddings is told sizes too."""
    told = {"text_embeds": condition.pooled, "time_ids": sizes}
    added = None if condition.pooled is None else told
    return unet(noisy, steps, condition.embedding, added_cond_kwargs=added).sample


def load_lora(
    pipeline: DiffusionPipeline, tensors: dict, alphas: dict, metadata: dict | None, adapter: str
) -> None:
    """Put the UNet's part of a LoRA on it."""
    pipeline.load_lora_into_unet(tensors, alphas, pipeline.unet, adapter, metadata=metadata)
