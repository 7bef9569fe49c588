"""Base models in diffusers' layout: which are supported, loading them, and what may be wrong."""

from functools import partial
from pathlib import Path

import torch
from diffusers import DiffusionPipeline

from common import runtime
from common.errors import StageError
from diffusion import lent
from diffusion.base_files import class_name_of, require_whole
from diffusion.families import INDEXED
from diffusion.families.family import Family

Pipeline = DiffusionPipeline  # of a family's class


def load(folder: Path, dtype: torch.dtype, variants: dict[str, str]) -> Pipeline:
    """The pipeline of a folder; in `dtype`, the autoencoder at least in float32.

    `variants` names the components whose weights are in files of a variant, such as fp16.
    """
    check(folder)
    family = family_of(folder)

    def module(name: str, variant: str | None) -> torch.nn.Module:
        kind = runtime.whole(dtype) if name == "vae" else dtype
        return _load_module(family, folder, name, kind, variant)

    missing = [name for name in family.optional if not (folder / name).is_dir()]
    of_variants = {n: module(n, variant) for n, variant in variants.items() if n not in family.lent}
    pipeline = family.pipeline.from_pretrained(
        str(folder),
        dtype={"default": dtype, "vae": runtime.whole(dtype)},
        use_safetensors=True,  # never a pickle
        low_cpu_mem_usage=False,
        local_files_only=True,
        **of_variants,
        **dict.fromkeys([*family.lent, *missing]),
        **family.loading,
    )
    # diffusers leaves some in the type of their file, by that of their first tensor alone.
    family.denoiser_of(pipeline).to(dtype)
    there = [name for name in family.lent if name not in missing]
    lent.remember(pipeline, {name: partial(module, name, variants.get(name)) for name in there})
    return pipeline


def _load_module(
    family: Family, folder: Path, name: str, dtype: torch.dtype, variant: str | None
) -> torch.nn.Module:
    if name not in family.modules:
        raise StageError(f"base_files.variants: {name} is none of {', '.join(family.modules)}")
    return family.modules[name].from_pretrained(
        str(folder / name), variant=variant, dtype=dtype, use_safetensors=True
    )


def family_of(folder: Path) -> Family:
    """The family of a folder's pipeline; StageError for one that is not supported."""
    name = class_name_of(folder)
    if name not in INDEXED:
        raise StageError(f"base model {folder} is a {name}; supported are {', '.join(INDEXED)}")
    return INDEXED[name]


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
    family = family_of(folder)
    for component in (*family.modules, *family.others):
        if not (folder / component).is_dir():
            if component in family.optional:
                continue
            raise StageError(f"base model {folder} has no {component}/; copy the base model again")
        if component in family.modules and not list((folder / component).glob("*.safetensors")):
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
