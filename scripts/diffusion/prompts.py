"""Prompts in the form that a denoiser is conditioned on them."""

import torch

from diffusion import families
from diffusion.base_model import Pipeline
from diffusion.condition import Condition

# What encode_prompt returns, by the names that a pipeline's call has for it.
ENCODED = (
    "prompt_embeds",
    "negative_prompt_embeds",
    "pooled_prompt_embeds",
    "negative_pooled_prompt_embeds",
)


def encode(pipeline: Pipeline, prompts: list[str]) -> Condition:
    """Encode prompts for a forward pass; the graph reaches a text encoder that is trained."""
    return families.of(pipeline).encode(pipeline, prompts)


class GuidedPrompt:
    """A prompt and a negative prompt, encoded once for any number of images: (1, ...) tensors."""

    @torch.no_grad()
    def __init__(self, pipeline: Pipeline, prompt: str, negative: str):
        encoded = pipeline.encode_prompt(
            prompt,
            device=pipeline.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=True,
            negative_prompt=negative or None,  # SDXL has a start of its own for none
        )
        self.tensors = dict(zip(ENCODED, encoded, strict=False))  # the first two without XL

    @property
    def dtype(self) -> torch.dtype:
        """The type that the denoiser takes."""
        return self.tensors["prompt_embeds"].dtype


def arguments(guided: list[GuidedPrompt]) -> dict[str, torch.Tensor]:
    """Arguments of an img2img pipeline's call for one image of each prompt."""
    names = guided[0].tensors
    return {name: torch.cat([one.tensors[name] for one in guided]) for name in names}
