"""Base models in diffusers' layout: which are supported, loading them, and what may be wrong."""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionXLImg2ImgPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel, CLIPTextModelWithProjection

import runtime
from base_files import class_name_of, require_whole
from errors import StageError

# What a model_index.json may call a pipeline, and the class that it is loaded as.
SUPPORTED = {
    "StableDiffusionPipeline": StableDiffusionImg2ImgPipeline,
    "StableDiffusionImg2ImgPipeline": StableDiffusionImg2ImgPipeline,
    "StableDiffusionXLPipeline": StableDiffusionXLImg2ImgPipeline,
    "StableDiffusionXLImg2ImgPipeline": StableDiffusionXLImg2ImgPipeline,
}
Pipeline = StableDiffusionImg2ImgPipeline | StableDiffusionXLImg2ImgPipeline

# The components with weights.
MODULES = {
    "unet": UNet2DConditionModel,
    "vae": AutoencoderKL,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
}
COMPONENTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
COMPONENTS_OF_XL = (*COMPONENTS, "text_encoder_2", "tokenizer_2")


def load(folder: Path, dtype: torch.dtype, variants: dict[str, str]) -> Pipeline:
    """The pipeline of a folder; in `dtype`, the autoencoder at least in float32.

    `variants` names the components whose weights are in files of a variant, such as fp16.
    """
    check(folder)
    pipeline_class = class_of(folder)
    of_variants = {
        name: _load_module(folder, name, runtime.whole(dtype) if name == "vae" else dtype, variant)
        for name, variant in variants.items()
    }
    return pipeline_class.from_pretrained(
        str(folder),
        dtype={"default": dtype, "vae": runtime.whole(dtype)},
        use_safetensors=True,  # never a pickle
        low_cpu_mem_usage=False,
        local_files_only=True,
        **of_variants,
        **unaltered(pipeline_class),
    )


def _load_module(folder: Path, name: str, dtype: torch.dtype, variant: str) -> torch.nn.Module:
    if name not in MODULES:
        raise StageError(f"base_files.variants: {name} is none of {', '.join(MODULES)}")
    return MODULES[name].from_pretrained(
        str(folder / name), variant=variant, dtype=dtype, use_safetensors=True
    )


def class_of(folder: Path) -> type[Pipeline]:
    """The pipeline class of a folder; StageError for one that is not supported."""
    name = class_name_of(folder)
    if name not in SUPPORTED:
        raise StageError(f"base model {folder} is a {name}; supported are {', '.join(SUPPORTED)}")
    return SUPPORTED[name]


def unaltered(pipeline_class: type[Pipeline]) -> dict:
    """Arguments without which a pipeline may black out its pictures, or mark them."""
    if pipeline_class is StableDiffusionXLImg2ImgPipeline:
        return {"add_watermarker": False}
    return {"safety_checker": None, "requires_safety_checker": False}


def check(folder: Path) -> None:
    """Raise a StageError that names what is wrong with a base model folder, if anything is.

    Opening a safetensors file checks its header against its length, so truncated files are found
    here without reading the weights.
    """
    if not folder.is_dir():
        raise StageError(
            f"base model folder {folder} does not exist; check `base` (for a model of the Hugging"
            " Face hub it is the folder of its snapshot)"
        )
    if not (folder / "model_index.json").is_file():
        raise StageError(
            f"base model {folder} is not a diffusers folder: it has no model_index.json;"
            " point `base` at the folder that holds unet/, vae/, text_encoder/ and tokenizer/"
        )
    xl = class_of(folder) is StableDiffusionXLImg2ImgPipeline
    for component in COMPONENTS_OF_XL if xl else COMPONENTS:
        if not (folder / component).is_dir():
            raise StageError(f"base model {folder} has no {component}/; copy the base model again")
        if component in MODULES and not list((folder / component).glob("*.safetensors")):
            raise StageError(
                f"base model {folder / component} has no .safetensors file; convert the base model"
                " to safetensors (pickled weights are not loaded)"
            )
    for file in sorted(folder.glob("*/*.safetensors")):
        require_whole(file)


def state_of(base: str) -> tuple:
    """Changes when a file of the base model does, so that an edited one is loaded again."""
    files = sorted(Path(base).rglob("*.*")) if Path(base).is_dir() else [Path(base)]
    stats = [(str(file), file.stat()) for file in files if file.is_file()]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
