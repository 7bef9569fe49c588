"""Base models in diffusers' layout: which are supported, loading them, and what may be wrong."""

from functools import partial
from pathlib import Path

import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler, ModelMixin

from common import runtime
from common.errors import StageError
from diffusion import lent
from diffusion.base_files import class_name_of, require_whole
from diffusion.families import INDEXED
from diffusion.families.family import Family

Pipeline = DiffusionPipeline  # of a family's class
FLOW = FlowMatchEulerDiscreteScheduler.__name__  # that of models that learn by flow matching


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
    held = [name for name in family.modules if name not in family.lent and name not in missing]
    pipeline = family.pipeline.from_pretrained(
        str(folder),
        dtype={"default": dtype, "vae": runtime.whole(dtype)},
        use_safetensors=True,  # never a pickle
        local_files_only=True,
        **{name: module(name, variants.get(name)) for name in held},
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
    kind = family.modules[name]
    module, loading = kind.from_pretrained(
        str(folder / name),
        variant=variant,
        dtype=dtype,
        use_safetensors=True,  # never a pickle
        output_loading_info=True,
        **({"low_cpu_mem_usage": False} if issubclass(kind, ModelMixin) else {}),
    )
    if loading["missing_keys"]:  # which are filled with random numbers
        raise StageError(
            f"base model {folder / name} has no weights for {min(loading['missing_keys'])};"
            " copy the base model again"
        )
    return module


def family_of(folder: Path) -> Family:
    """The family of a folder's pipeline; StageError for one that is not supported."""
    name = class_name_of(folder / "model_index.json")
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
    check_scheduler(folder, family)


def check_scheduler(folder: Path, family: Family) -> None:
    """StageError where a folder's scheduler is none by which a model of its family has learnt."""
    file = folder / "scheduler" / "scheduler_config.json"
    kind = class_name_of(file)
    if (kind == FLOW) != ("flow-euler" in family.samplers):
        raise StageError(
            f"{file} is of a {kind}, by which base models of the family {family.name} do not learn;"
            " copy the base model again"
        )


def state_of(base: str) -> tuple:
    """Changes when a file of the base model does, so that an edited one is loaded again."""
    files = sorted(Path(base).rglob("*.*")) if Path(base).is_dir() else [Path(base)]
    stats = [(str(file), file.stat()) for file in files if file.is_file()]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
