"""Prompts in the form that a UNet is conditioned on them."""

from dataclasses import dataclass

import torch

import base_model
from base_model import Pipeline

# What encode_prompt returns, by the names that a pipeline's call has for it.
ENCODED = (
    "prompt_embeds",
    "negative_prompt_embeds",
    "pooled_prompt_embeds",
    "negative_pooled_prompt_embeds",
)


@dataclass(frozen=True)
class Condition:
    """Encoded prompts: embedding (B, 77, D), and SDXL's pooled embedding (B, P), else None."""

    embedding: torch.Tensor
    pooled: torch.Tensor | None = None

    def __getitem__(self, rows: torch.Tensor) -> "Condition":
        """The conditions of some rows, repeated as the index repeats them."""
        return Condition(self.embedding[rows], None if self.pooled is None else self.pooled[rows])


def stack(conditions: list[Condition]) -> Condition:
    """The rows of all, one after another."""
    pooled = [condition.pooled for condition in conditions]
    return Condition(
        torch.cat([condition.embedding for condition in conditions]),
        None if pooled[0] is None else torch.cat(pooled),
    )


def encode(pipeline: Pipeline, prompts: list[str]) -> Condition:
    """Encode prompts for a forward pass; the graph reaches a text encoder that is trained."""
    if base_model.is_xl(pipeline):
        embedding, _, pooled, _ = pipeline.encode_prompt(
            prompts, device=pipeline.device, do_classifier_free_guidance=False
        )
        return Condition(embedding, pooled)
    embedding, _ = pipeline.encode_prompt(
        prompts, pipeline.device, 1, do_classifier_free_guidance=False
    )
    return Condition(embedding)


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
        """The type that the UNet takes."""
        return self.tensors["prompt_embeds"].dtype


def arguments(guided: list[GuidedPrompt]) -> dict[str, torch.Tensor]:
    """Arguments of an img2img pipeline's call for one image of each prompt."""
    names = guided[0].tensors
    return {name: torch.cat([one.tensors[name] for one in guided]) for name in names}
