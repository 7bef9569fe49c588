"""What a family of base models is: models that are loaded, trained and sampled alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DiffusionPipeline

from diffusion.condition import Condition


@dataclass(frozen=True)
class Family:
    """Values and functions in which families differ; a further one is the FAMILY of a file beside
    this."""

    name: str
    indexed_as: tuple[str, ...]  # what a model_index.json may call its pipeline
    pipeline: type[DiffusionPipeline]  # that it is loaded as
    loading: dict[str, Any]  # arguments without which pictures may be blacked out, or marked
    from_latents: type[DiffusionPipeline]  # that makes images, as from_latents.FromLatents does
    sharing: dict[str, Any]  # its arguments besides the components of a loaded pipeline

    denoiser: str  # the component that predicts noise, a LoRA's own
    encoders: tuple[str, ...]  # the text encoders
    modules: dict[str, type[torch.nn.Module]]  # all components with weights, by their folders
    others: tuple[str, ...]  # components without weights, by their folders

    # Encode B prompts; the graph reaches a text encoder that is trained.
    encode: Callable[[DiffusionPipeline, list[str]], Condition]
    # What the denoiser takes besides: from the condition of S samples and their (S, 6) sizes, which
    # are height and width of the photo, top and left of the crop, height and width of the square.
    added: Callable[[Condition, torch.Tensor], dict[str, torch.Tensor] | None]

    # Put the denoiser's part of a LoRA's tensors, alphas and metadata on it, as an adapter.
    load_lora: Callable[[DiffusionPipeline, dict, dict, dict | None, str], None]
    # What diffusers' converter to kohya's names begins a layer with, and what it is called there.
    kohya_names: dict[str, str]
    # A base model's names in sd-scripts' ss_base_model_version, and in Stability AI's ModelSpec.
    versions: Callable[[DiffusionPipeline], tuple[str, str]]

    def starting_from_latents(self, pipeline: DiffusionPipeline) -> DiffusionPipeline:
        """A pipeline of the same modules, and so the same adapters, that starts from latents."""
        shared = self.from_latents(**pipeline.components, **self.sharing)
        shared.image_processor.register_to_config(
            vae_latent_channels=pipeline.vae.config.latent_channels
        )
        shared.set_progress_bar_config(disable=True)
        return shared

    def denoiser_of(self, pipeline: DiffusionPipeline) -> torch.nn.Module:
        """The network that predicts."""
        return getattr(pipeline, self.denoiser)

    def encoders_of(self, pipeline: DiffusionPipeline) -> dict[str, torch.nn.Module]:
        """The text encoders by their names in the pipeline."""
        return {name: getattr(pipeline, name) for name in self.encoders}
