"""Prompts in the form that a denoiser is conditioned on them."""

import torch

from diffusion import families
from diffusion.base_model import Pipeline
from diffusion.condition import Condition, joined


def encode(pipeline: Pipeline, prompts: list[str]) -> Condition:
    """Encode prompts for a forward pass; the graph reaches a text encoder that is trained."""
    return families.of(pipeline).encode(pipeline, prompts)


class GuidedPrompt:
    """A prompt and a negative prompt, encoded once for any number of images, as Family.guided."""

    @torch.no_grad()
    def __init__(self, pipeline: Pipeline, prompt: str, negative: str):
        self.encoded = families.of(pipeline).guided(pipeline, prompt, negative)


def arguments(guided: list[GuidedPrompt]) -> dict[str, torch.Tensor | list]:
    """Arguments of an img2img pipeline's call for one image of each prompt."""
    return {name: joined([one.encoded[name] for one in guided]) for name in guided[0].encoded}
