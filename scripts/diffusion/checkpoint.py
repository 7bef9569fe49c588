"""A base model in a single .safetensors file, as trainers and user interfaces share them.

Such a file has weights only. The configuration and the tokenizers are built in for Stable Diffusion
1.x, 2.x and XL, or those of a diffusers folder that needs no weights.
"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL

from common import runtime
from common.errors import StageError
from common.loading import explained
from diffusion import clip_words
from diffusion.base_files import BaseFiles, require_whole
from diffusion.base_folder import Pipeline, family_of


def load(file: Path, dtype: torch.dtype, files: BaseFiles) -> Pipeline:
    """The pipeline of a file; in `dtype`, the autoencoder at least in float32."""
    config = files.configuration_of(file)
    family = family_of(config)
    if family.lent:
        raise StageError(f"{file} is of the family {family.name}: give its diffusers folder")
    require_whole(file)
    beside = file.with_suffix("")
    remedy = f"; put the model's diffusers folder, without its weights, at {beside}"
    failed = f"base model {file} cannot be loaded with the configuration of {config}"
    with explained(failed, remedy, KeyError, AttributeError):
        vae = AutoencoderKL.from_single_file(
            str(file), config=str(config), subfolder="vae", dtype=runtime.whole(dtype)
        )
        pipeline = family.pipeline.from_single_file(
            str(file),
            config=str(config),
            dtype=dtype,
            vae=vae,
            local_files_only=True,
            **(tokenizers(config) if files.built_in else {}),
            **family.loading,
        )
        require_weights(pipeline)
    if files.built_in:
        pipeline.scheduler.register_to_config(prediction_type=files.prediction)
    return pipeline


def tokenizers(config: Path) -> dict:
    """The tokenizers of a built-in configuration, by their names in the pipeline."""
    return {folder.name: clip_words.tokenizer(folder) for folder in config.glob("tokenizer*")}


def require_weights(pipeline: Pipeline) -> None:
    """ValueError for a network of which the file has not all weights."""
    for part, module in pipeline.components.items():
        if isinstance(module, torch.nn.Module):
            for name, parameter in module.named_parameters():
                if parameter.is_meta:
                    raise ValueError(f"the file has no weights for {name} of {part}")
