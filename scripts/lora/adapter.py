"""The trainable LoRA layers of a base model: where they go, how they start, how they come off."""

import torch
from peft import LoraConfig, inject_adapter_in_model

from common import randomness, runtime
from common.errors import StageError
from diffusion import families
from diffusion.base_model import Pipeline

ADAPTER = "default"  # peft's name for the one LoRA on a model

# As diffusers' DreamBooth script trains it.
TEXT_ENCODER_TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj"]


def add(
    pipeline: Pipeline, target: str, rank: int, alpha: float, seed: int, text_encoder: bool = False
) -> dict[str, torch.nn.Parameter]:
    """Add a LoRA to the frozen pipeline; returns its parameters by name, in a fixed order.

    A name begins with that of the part, such as unet or text_encoder_2. Starts as peft's
    init_lora_weights="gaussian" does, A ~ N(0, 1/rank) and B = 0, but draws each A from (seed, its
    name), so the start does not depend on torch's global generator.
    """
    family = families.of(pipeline)
    network = family.denoiser_of(pipeline)
    layers = {family.denoiser: layers_of(network, family.targets, target)}
    if text_encoder and not family.encoders:
        raise StageError(
            f"the text encoders of base models of the family {family.name} are not trained: leave"
            " lora.text_encoder out"
        )
    if text_encoder:
        layers |= dict.fromkeys(family.encoders, TEXT_ENCODER_TARGETS)
    parameters = {}
    for part, names in layers.items():
        inject(getattr(pipeline, part), config(names, rank, alpha))
        parameters |= parameters_of(part, getattr(pipeline, part))
    for name, parameter in parameters.items():
        # In float32 at least: half-precision updates of 1e-4 would be rounded away.
        parameter.data = parameter.data.to(runtime.whole(parameter.dtype))
        if ".lora_A." in name:
            generator = randomness.generator(seed, "adapter", name)
            start = torch.randn(parameter.shape, generator=generator) / rank
            parameter.data.copy_(start)
    return parameters


def parts_of(pipeline: Pipeline) -> dict[str, torch.nn.Module]:
    """The models that have a LoRA on them, by their names in the pipeline."""
    models = models_of(pipeline).items()
    return {name: model for name, model in models if hasattr(model, "peft_config")}


def models_of(pipeline: Pipeline) -> dict[str, torch.nn.Module]:
    """The models that may have a LoRA, by their names in the pipeline, the denoiser first."""
    family = families.of(pipeline)
    return {family.denoiser: family.denoiser_of(pipeline)} | family.encoders_of(pipeline)


def parameters_of(part: str, model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The parameters of the LoRA on a model that is called `part`, by name, in a fixed order."""
    named = sorted(model.named_parameters())
    return {f"{part}.{name}": parameter for name, parameter in named if ".lora_" in name}


def config(layers: list[str], rank: int, alpha: float) -> LoraConfig:
    """peft's description of a LoRA on the layers whose names end so."""
    return LoraConfig(r=rank, lora_alpha=alpha, init_lora_weights="gaussian", target_modules=layers)


def inject(model: torch.nn.Module, lora: LoraConfig) -> None:
    """Put a LoRA on a UNet or a text encoder.

    Directly by peft, as diffusers' `add_adapter` does too: transformers' refuses the peft of
    requirements.txt.
    """
    inject_adapter_in_model(lora, model, ADAPTER)
    if hasattr(model, "_hf_peft_config_loaded"):
        model._hf_peft_config_loaded = True  # lets diffusers take the adapter off again


def layers_of(network: torch.nn.Module, words: dict[str, list[str]], target: str) -> list[str]:
    """Ends of the layers' names, as peft takes them, that a target such as "attention+conv" or
    "to_q+to_v" means; `words` has the family's for several."""
    layers = []
    for word in target.split("+"):
        if word not in words and not _has_layer(network, word):
            raise StageError(
                f"LoRA target {word!r} is no linear or convolution layer of this base model's"
                f" denoiser; use {', '.join(words)} or the end of a layer's name such as to_q"
            )
        layers += [name for name in words.get(word, [word]) if name not in layers]
    return layers


def _has_layer(network: torch.nn.Module, end: str) -> bool:
    found = [m for name, m in network.named_modules() if f".{name}".endswith(f".{end}")]
    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    return bool(found) and all(isinstance(module, kinds) for module in found)
