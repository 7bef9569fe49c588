"""The trainable LoRA layers of a UNet: where they go, how they start, how they are saved."""

import json
from pathlib import Path

import torch
from diffusers import StableDiffusionImg2ImgPipeline, UNet2DConditionModel
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file

import randomness
import safetensors_file
from errors import StageError

FILE_NAME = "pytorch_lora_weights.safetensors"
ADAPTER = "default"  # peft's name for the one LoRA on a model

_ATTENTION = ["to_q", "to_k", "to_v", "to_out.0"]
TARGETS = {
    "attention": _ATTENTION,
    "attention+conv": [*_ATTENTION, "conv1", "conv2", "conv_shortcut"],
}


def add(
    unet: UNet2DConditionModel, target: str, rank: int, alpha: float, seed: int
) -> dict[str, torch.nn.Parameter]:
    """Add a LoRA to the frozen UNet; returns its float32 parameters by name, in a fixed order.

    Starts as peft's init_lora_weights="gaussian" does, A ~ N(0, 1/rank) and B = 0, but draws each
    A from (seed, its name), so the start does not depend on torch's global generator.
    """
    if target not in TARGETS:
        raise StageError(f"LoRA target {target!r} is unknown; use one of {', '.join(TARGETS)}")
    config = LoraConfig(
        r=rank, lora_alpha=alpha, init_lora_weights="gaussian", target_modules=TARGETS[target]
    )
    unet.add_adapter(config, ADAPTER)
    parameters = {}
    for name, parameter in sorted(unet.named_parameters()):
        if not parameter.requires_grad:
            continue
        # Half-precision updates of 1e-4 would be rounded away.
        parameter.data = parameter.data.float()
        if ".lora_A." in name:
            generator = randomness.generator(seed, "adapter", name)
            start = torch.randn(parameter.shape, generator=generator) / rank
            parameter.data.copy_(start)
        parameters[name] = parameter
    return parameters


def load(pipeline: StableDiffusionImg2ImgPipeline, folder: Path) -> None:
    """Load the LoRA that `save` wrote; StageError when it is damaged or does not fit."""
    file = folder / FILE_NAME
    if not file.is_file():
        raise StageError(f"LoRA file {file} does not exist; train the LoRA first")
    try:
        saved = load_file(file)
        pipeline.load_lora_weights(folder, weight_name=FILE_NAME, adapter_name=ADAPTER)
    except (SafetensorError, ValueError, RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise StageError(f"LoRA {file} cannot be loaded into this base model ({reason})") from error
    # diffusers only logs tensors that found no layer.
    loaded = len(get_peft_model_state_dict(pipeline.unet, adapter_name=ADAPTER))
    if loaded != len(saved):
        raise StageError(f"LoRA {file} has {len(saved)} tensors, but {loaded} fit this base model")


def save(unet: UNet2DConditionModel, folder: Path, recipe: dict) -> None:
    """Write the LoRA as diffusers' `load_lora_weights` reads it, with the recipe as metadata.

    Keys stay in peft's form (lora_A, lora_B). diffusers' `convert_state_dict_to_diffusers` renames
    those of attention layers only, and `load_lora_weights`, judging by the first key, would then
    drop either these or the convolutions without an error.
    """
    config = unet.peft_config[ADAPTER].to_dict()
    config["target_modules"] = sorted(config["target_modules"])
    StableDiffusionImg2ImgPipeline.save_lora_weights(
        folder,
        unet_lora_layers=get_peft_model_state_dict(unet, adapter_name=ADAPTER),
        unet_lora_adapter_metadata=config,  # carries alpha, which the weights do not
    )
    safetensors_file.add_metadata(
        folder / FILE_NAME, {"kizu_recipe": json.dumps(recipe, sort_keys=True)}
    )
