"""What a family of base models is: models that are loaded, trained and sampled alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DiffusionPipeline

from diffusion.condition import Condition
from diffusion.noising import Noising


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
    encoders: tuple[str, ...]  # the text encoders that are loaded with it, and may be trained
    modules: dict[str, type[torch.nn.Module]]  # all components with weights, by their folders
    others: tuple[str, ...]  # components without weights, by their folders

    noising: Callable[[Any], Noising]  # how it is trained, made of its scheduler's configuration
    samplers: tuple[str, ...]  # of those in samplers.py; "base" is one for all
    targets: dict[str, list[str]]  # layers of the denoiser, by experiment files' words for them

    # Encode B prompts; the graph reaches a text encoder that is trained.
    encode: Callable[[DiffusionPipeline, list[str]], Condition]
    # A prompt and a negative one, "" for none, as arguments of the pipeline's call for one image:
    # tensors (1, ...), or lists of one.
    guided: Callable[[DiffusionPipeline, str, str], dict[str, torch.Tensor | list]]
    # What the denoiser predicts, (S, C, h, w), of noisy latents and what it is told of their steps,
    # (S,), by the condition of S samples and their (S, 6) sizes, which are height and width of the
    # photo, top and left of the crop, height and width of the square.
    predict: Callable[
        [torch.nn.Module, torch.Tensor, torch.Tensor, Condition, torch.Tensor], torch.Tensor
    ]

    # Put the denoiser's part of a LoRA on it, of what the pipeline's lora_state_dict returns of the
    # file, as an adapter of a name.
    load_lora: Callable[..., None]
    # What diffusers' converter to kohya's names begins a layer with, and what it is called there;
    # None where programs that read kohya's files know the layers by diffusers' names.
    kohya_names: dict[str, str] | None
    # A base model's names in sd-scripts' ss_base_model_version, and in Stability AI's ModelSpec.
    versions: Callable[[DiffusionPipeline], tuple[str, str]]

    # Text encoders that are never trained, and in memory only while they encode; lent.py.
    lent: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()  # components that a folder may be without

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
