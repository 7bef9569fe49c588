"""Prompts in the form that a denoiser is conditioned on them."""

import torch

from diffusion import families
from diffusion.base_model import Pipeline
from diffusion.condition import Condition, joined


def encode(pipeline: Pipeline, prompts: list[str]) -> Condition:
    """Encode prompts for a forward pass; the graph reaches a text encoder that is trained."""
    return families.of(pipeline).encode(pipeline, prompts)


# A prompt and a negative prompt, encoded once for any number of images, as Family.guided has them.
Guided = dict[str, torch.Tensor | list]


@torch.no_grad()
def guided(pipeline: Pipeline, prompt: str, negative: str) -> Guided:
    """Encode both."""
    return families.of(pipeline).guided(pipeline, prompt, negative)


def arguments(each: list[Guided]) -> Guided:
    """Arguments of an img2img pipeline's call for one image of each prompt."""
    return {name: joined([one[name] for one in each]) for name in each[0]}
