"""The files of a trained LoRA: written for diffusers and for kohya's format, and read back.

AUTOMATIC1111's web UI and ComfyUI read the format of kohya-ss/sd-scripts (networks/lora.py): a
layer is called lora_unet_ or lora_te_ and its path with underscores for points, and has three
tensors, lora_down.weight, lora_up.weight and alpha. SDXL's layers have the paths of diffusers'
UNet, which both programs take and which diffusers' own convert_diffusers_sdxl_lora_to_webui.py
writes.
"""

import json
from pathlib import Path

import torch
from diffusers.utils import convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict

from common import safetensors_file
from common.errors import StageError
from common.loading import explained
from diffusion import families
from diffusion.base_model import Pipeline
from lora import adapter as lora_adapter
from lora.adapter import ADAPTER

FILE_NAME = "pytorch_lora_weights.safetensors"
KOHYA_FILE_NAME = "kohya_lora.safetensors"

# CLIP's layers are called so in files, whatever transformers calls them: since version 5 the model
# without a projection has no such prefix.
CLIP = "text_model."


def save(pipeline: Pipeline, folder: Path, recipe: dict) -> None:
    """Write both files of the LoRA on `pipeline`, with the recipe as metadata."""
    metadata = {"kizu_recipe": json.dumps(recipe, sort_keys=True)}
    parts = lora_adapter.parts_of(pipeline)
    layers = {part: _layers(model) for part, model in parts.items()}
    family = families.of(pipeline)
    alpha = family.denoiser_of(pipeline).peft_config[ADAPTER].lora_alpha
    _save_diffusers(pipeline, folder, parts, layers)
    safetensors_file.add_metadata(folder / FILE_NAME, metadata)
    safetensors_file.write(
        kohya_tensors(layers, alpha, family.kohya_names),
        folder / KOHYA_FILE_NAME,
        metadata | kohya_metadata(pipeline, recipe),
    )


def _layers(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A LoRA's tensors by the names that files have for them."""
    tensors = get_peft_model_state_dict(model, adapter_name=ADAPTER)
    return {_prefix(model) + name: tensor for name, tensor in tensors.items()}


def _prefix(model: torch.nn.Module) -> str:
    flat_clip = hasattr(model, "encoder") and not hasattr(model, "text_model")
    return CLIP if flat_clip else ""


def _save_diffusers(pipeline: Pipeline, folder: Path, parts: dict, layers: dict) -> None:
    """Write the file that diffusers' `load_lora_weights` reads.

    Keys stay in peft's form (lora_A, lora_B). diffusers' `convert_state_dict_to_diffusers` renames
    those of attention layers only, and `load_lora_weights`, judging by the first key, would then
    drop either these or the convolutions without an error.
    """
    arguments = {}
    for part, model in parts.items():
        config = model.peft_config[ADAPTER].to_dict()
        config["target_modules"] = sorted(config["target_modules"])
        arguments[f"{part}_lora_layers"] = layers[part]
        arguments[f"{part}_lora_adapter_metadata"] = config  # carries alpha; weights do not
    pipeline.save_lora_weights(folder, **arguments)


def kohya_tensors(
    layers: dict[str, dict[str, torch.Tensor]], alpha: float, names: dict[str, str] | None
) -> dict[str, torch.Tensor]:
    """The LoRA under kohya's names.

    diffusers' converter takes the rank for alpha. `names` has what it begins a layer's name with,
    and what kohya's begins with; without it, layers keep diffusers' names and have an alpha each.
    """
    named = {f"{part}.{k}": tensor for part, ts in layers.items() for k, tensor in ts.items()}
    if names is None:
        alphas = dict.fromkeys(f"{name.rsplit('.lora_', 1)[0]}.alpha" for name in named)
        return named | {name: torch.tensor(float(alpha)) for name in alphas}
    tensors = {}
    for name, tensor in convert_state_dict_to_kohya(named).items():
        if name.endswith(".alpha"):
            tensor = torch.tensor(float(alpha))
        for converted, start in names.items():
            if name.startswith(converted):
                name = start + name.removeprefix(converted)
        tensors[name] = tensor
    return tensors


def kohya_metadata(pipeline: Pipeline, recipe: dict) -> dict[str, str]:
    """What sd-scripts writes (ss_*), and the fields of Stability AI's ModelSpec, as far as known.

    The web UI tells base models apart by ss_base_model_version and ss_v2.
    """
    version, architecture = families.of(pipeline).versions(pipeline)
    side = recipe["resolution"]
    values = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": recipe["rank"],
        "ss_network_alpha": recipe["alpha"],
        "ss_base_model_version": version,
        "ss_v2": version.startswith("sd_v2"),
        "ss_resolution": f"({side}, {side})",
        "ss_steps": recipe["steps"],
        "ss_max_train_steps": recipe["steps"],
        "ss_unet_lr": recipe["learning_rate"],
        "ss_lr_scheduler": recipe["schedule"],
        "ss_lr_warmup_steps": recipe["warmup_steps"],
        "ss_optimizer": recipe["optimizer"],
        "ss_seed": recipe["seed"],
        "ss_prior_loss_weight": recipe["prior_weight"],
        "ss_num_train_images": recipe["instance"]["images"],
        "ss_num_reg_images": recipe.get("class", {"images": 0})["images"],
        "modelspec.sai_model_spec": "1.0.0",
        "modelspec.architecture": f"{architecture}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": recipe["instance"]["prompt"],
        "modelspec.resolution": f"{side}x{side}",
    }
    kind = pipeline.scheduler.config.get("prediction_type")  # flow matching has none
    if kind:
        values["modelspec.prediction_type"] = {"v_prediction": "v"}.get(kind, "epsilon")
    return {name: str(value) for name, value in values.items()}


def load(pipeline: Pipeline, folder: Path) -> None:
    """Load the LoRA that `save` wrote; StageError when it is damaged or does not fit."""
    file = folder / FILE_NAME
    if not file.is_file():
        raise StageError(f"LoRA file {file} does not exist; train the LoRA first")
    with explained(f"LoRA {file} cannot be loaded into this base model"):
        saved, *alphas, metadata = pipeline.lora_state_dict(
            folder, weight_name=FILE_NAME, use_safetensors=True, return_lora_metadata=True
        )
        family = families.of(pipeline)
        family.load_lora(pipeline, saved, *alphas, metadata, ADAPTER)
        for name, encoder in family.encoders_of(pipeline).items():
            _load_into_encoder(encoder, _under(saved, name), _under(metadata or {}, name))
    # diffusers only logs tensors that found no layer.
    loaded = sum(len(_layers(model)) for model in lora_adapter.parts_of(pipeline).values())
    if loaded != len(saved):
        raise StageError(f"LoRA {file} has {len(saved)} tensors, but {loaded} fit this base model")


def _under(values: dict, name: str) -> dict:
    start = f"{name}."
    return {k.removeprefix(start): value for k, value in values.items() if k.startswith(start)}


def _load_into_encoder(encoder: torch.nn.Module, tensors: dict, config: dict) -> None:
    if not tensors:
        return
    lora_adapter.inject(encoder, LoraConfig(**config))
    own = {name.removeprefix(_prefix(encoder)): tensor for name, tensor in tensors.items()}
    set_peft_model_state_dict(encoder, own, adapter_name=ADAPTER)
