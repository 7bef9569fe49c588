"""A base model in a single .safetensors file, as trainers and user interfaces share them.

Such a file has weights only. The configuration and the tokenizer are those of the folder beside
it with its name (model.safetensors: model/), a diffusers folder that needs no weights; without
one, diffusers takes those of the model that the weights are a version of from the Hugging Face
hub or its local cache.
"""

from pathlib import Path

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from diffusers.loaders.single_file_utils import CHECKPOINT_KEY_NAMES
from safetensors import SafetensorError, safe_open

from base_folder import Pipeline, class_of, unaltered
from errors import StageError


def load(file: Path, dtype: torch.dtype) -> Pipeline:
    """The pipeline of a file; all but the autoencoder, which stays float32, in `dtype`."""
    config = file.with_suffix("")
    if not (config / "model_index.json").is_file():
        config = None
    pipeline_class = class_of(str(config)) if config else class_of_weights(file)
    try:
        pipeline = pipeline_class.from_single_file(
            str(file),
            config=str(config) if config else None,
            dtype=torch.float32,
            **unaltered(pipeline_class),
        )
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        where = config or "the Hugging Face hub or its cache"
        raise StageError(
            f"base model {file} cannot be loaded with the configuration of {where} ({reason});"
            f" put the model's diffusers folder, without its weights, at {file.with_suffix('')}"
        ) from error
    for name, module in pipeline.components.items():
        if isinstance(module, torch.nn.Module) and name != "vae":
            module.to(dtype)
    return pipeline


def class_of_weights(file: Path) -> type[Pipeline]:
    """The pipeline class that the names of a file's tensors are of."""
    try:
        with safe_open(file, framework="pt") as tensors:
            names = set(tensors.keys())
    except (SafetensorError, OSError) as error:
        raise StageError(f"{file} is damaged ({error}); copy the base model again") from error
    if CHECKPOINT_KEY_NAMES["xl_base"] in names:
        return StableDiffusionXLImg2ImgPipeline
    return StableDiffusionImg2ImgPipeline
