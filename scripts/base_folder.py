"""Base models on disk: which pipelines are supported, and what may be wrong with a folder."""

import json
from pathlib import Path

from diffusers import (
    DiffusionPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionXLImg2ImgPipeline,
)
from safetensors import SafetensorError, safe_open

from errors import StageError

# What a model_index.json may call a pipeline, and the class that it is loaded as.
SUPPORTED = {
    "StableDiffusionPipeline": StableDiffusionImg2ImgPipeline,
    "StableDiffusionImg2ImgPipeline": StableDiffusionImg2ImgPipeline,
    "StableDiffusionXLPipeline": StableDiffusionXLImg2ImgPipeline,
    "StableDiffusionXLImg2ImgPipeline": StableDiffusionXLImg2ImgPipeline,
}
Pipeline = StableDiffusionImg2ImgPipeline | StableDiffusionXLImg2ImgPipeline

MODULES = ("unet", "vae", "text_encoder")  # with weights
COMPONENTS = (*MODULES, "tokenizer", "scheduler")
MODULES_OF_XL = (*MODULES, "text_encoder_2")
COMPONENTS_OF_XL = (*MODULES_OF_XL, "tokenizer", "tokenizer_2", "scheduler")


def class_of(base: str) -> type[Pipeline]:
    """The pipeline class of a folder or model id; StageError for one that is not supported."""
    name = DiffusionPipeline.load_config(base)["_class_name"]
    if name not in SUPPORTED:
        raise StageError(f"base model {base} is a {name}; supported are {', '.join(SUPPORTED)}")
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
    index = folder / "model_index.json"
    if not index.is_file():
        raise StageError(
            f"base model {folder} is not a diffusers folder: it has no model_index.json;"
            " point `base` at the folder that holds unet/, vae/, text_encoder/ and tokenizer/"
        )
    try:
        class_name = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
    except (ValueError, AttributeError) as error:
        raise StageError(f"{index} is damaged ({error}); copy the base model again") from error
    if class_name not in SUPPORTED:
        raise StageError(
            f"base model {folder} is a {class_name}; supported are {', '.join(SUPPORTED)}"
        )
    xl = SUPPORTED[class_name] is StableDiffusionXLImg2ImgPipeline
    for component in COMPONENTS_OF_XL if xl else COMPONENTS:
        if not (folder / component).is_dir():
            raise StageError(f"base model {folder} has no {component}/; copy the base model again")
    for component in MODULES_OF_XL if xl else MODULES:
        if not list((folder / component).glob("*.safetensors")):
            raise StageError(
                f"base model {folder / component} has no .safetensors file; convert the base model"
                " to safetensors (pickled weights are not loaded)"
            )
    for file in sorted(folder.glob("*/*.safetensors")):
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise StageError(f"{file} is damaged ({error}); copy the base model again") from error


def variant_of(folder: Path) -> str | None:
    """ "fp16" when the weights are only there as *.fp16.safetensors, as some downloads have it."""
    names = [file.name for file in (folder / "unet").glob("*.safetensors")]
    return "fp16" if names and all(".fp16" in name for name in names) else None


def state_of(base: str) -> tuple:
    """Changes when a file of the base model does, so that an edited one is loaded again."""
    files = sorted(Path(base).rglob("*.*")) if Path(base).is_dir() else [Path(base)]
    stats = [(str(file), file.stat()) for file in files if file.is_file()]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
