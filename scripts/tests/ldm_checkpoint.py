"""Writes a pipeline as one file, in the layout of Stable Diffusion's first releases.

Names are those of huggingface/diffusers' scripts/convert_diffusers_to_original_stable_diffusion.py
and convert_diffusers_to_original_sdxl.py, for any number of blocks and layers.
"""

import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel

Replacements = list[tuple[str, str]]
Tensors = dict[str, torch.Tensor]

# Inside a block; those of a transformer keep the names of their norms.
UNET_LAYERS: Replacements = [
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^add_embedding\.linear_1", "label_emb.0.0"),
    (r"^add_embedding\.linear_2", "label_emb.0.2"),
    (r"^conv_in", "input_blocks.0.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (r"(put_blocks|middle_block)(.*)\.norm1\.(weight|bias)$", r"\1\2.in_layers.0.\3"),
    (r"\.conv1\.", ".in_layers.2."),
    (r"(put_blocks|middle_block)(.*)\.norm2\.(weight|bias)$", r"\1\2.out_layers.0.\3"),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.conv_shortcut\.", ".skip_connection."),
    (r"(transformer_blocks.*)\.in_layers\.0\.", r"\1.norm1."),
    (r"(transformer_blocks.*)\.out_layers\.0\.", r"\1.norm2."),
]
OPEN_CLIP: Replacements = [
    (r"^text_model\.", ""),
    (r"^embeddings\.token_embedding", "token_embedding"),
    (r"^embeddings\.position_embedding\.weight", "positional_embedding"),
    (r"^final_layer_norm", "ln_final"),
    (r"^text_projection\.weight", "text_projection"),
    (r"^encoder\.layers\.(\d+)\.layer_norm", r"transformer.resblocks.\1.ln_"),
    (r"^encoder\.layers\.", "transformer.resblocks."),
    (r"\.mlp\.fc1\.", ".mlp.c_fc."),
    (r"\.mlp\.fc2\.", ".mlp.c_proj."),
    (r"\.self_attn\.", ".attn."),
]


def write(pipeline: StableDiffusionPipeline, file: Path, metadata: dict | None = None) -> None:
    """One .safetensors file with the weights of all networks."""
    tensors = {k: v.contiguous().clone() for k, v in tensors_of(pipeline.components).items()}
    save_file(tensors, file, metadata)


def tensors_of(networks: dict[str, torch.nn.Module]) -> Tensors:
    """The tensors of a pipeline's networks by their names in a single file; SDXL's have two text
    encoders, and Stable Diffusion 2's is wider than 768."""
    text = networks["text_encoder"]
    tensors = unet(networks["unet"]) | vae(networks["vae"])
    if "text_encoder_2" in networks:
        second = open_clip(networks["text_encoder_2"], "conditioner.embedders.1.model.")
        return tensors | clip(text, "conditioner.embedders.0.transformer.") | second
    if text.config.hidden_act == "gelu":
        return tensors | open_clip(text, "cond_stage_model.model.")
    return tensors | clip(text, "cond_stage_model.transformer.")


def unet(network: UNet2DConditionModel) -> Tensors:
    """The UNet's tensors: blocks are numbered through, from the first to the last layer."""
    n = network.config.layers_per_block
    names: Replacements = []
    for i, kind in enumerate(network.config.down_block_types):
        for j in range(n):
            place = f"input_blocks.{(n + 1) * i + j + 1}"
            names += [(rf"^down_blocks\.{i}\.resnets\.{j}\.", f"{place}.0.")]
            if "CrossAttn" in kind:
                names += [(rf"^down_blocks\.{i}\.attentions\.{j}\.", f"{place}.1.")]
        down = f"input_blocks.{(n + 1) * (i + 1)}.0.op"
        names += [(rf"^down_blocks\.{i}\.downsamplers\.0\.conv", down)]
    for i, kind in enumerate(network.config.up_block_types):
        for j in range(n + 1):
            place = f"output_blocks.{(n + 1) * i + j}"
            names += [(rf"^up_blocks\.{i}\.resnets\.{j}\.", f"{place}.0.")]
            names += [(rf"^up_blocks\.{i}\.attentions\.{j}\.", f"{place}.1.")]
        up = f"output_blocks.{(n + 1) * i + n}.{2 if 'CrossAttn' in kind else 1}"
        names += [(rf"^up_blocks\.{i}\.upsamplers\.0", up)]
    return {
        "model.diffusion_model." + renamed(name, names + UNET_LAYERS): tensor
        for name, tensor in network.state_dict().items()
    }


def vae(network: AutoencoderKL) -> Tensors:
    """The autoencoder's tensors: the decoder's blocks count from the other end."""
    last = len(network.config.block_out_channels) - 1
    names: Replacements = [
        (r"mid_block\.resnets\.0", "mid.block_1"),
        (r"mid_block\.resnets\.1", "mid.block_2"),
        (r"mid_block\.attentions\.0", "mid.attn_1"),
        (r"encoder\.down_blocks\.(\d)\.resnets\.(\d)", r"encoder.down.\1.block.\2"),
        (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
        *((rf"up_blocks\.{i}\.resnets\.(\d)", rf"up.{last - i}.block.\1") for i in range(last + 1)),
        *((rf"up_blocks\.{i}\.upsamplers\.0", f"up.{last - i}.upsample") for i in range(last + 1)),
        (r"conv_norm_out", "norm_out"),
        (r"conv_shortcut", "nin_shortcut"),
        (r"attn_1\.group_norm", "attn_1.norm"),
        (r"attn_1\.to_([qkv])", r"attn_1.\1"),
        (r"attn_1\.to_out\.0", "attn_1.proj_out"),
    ]
    tensors = {}
    for name, tensor in network.state_dict().items():
        name = renamed(name, names)
        # The first release had 1x1 convolutions where there are linear layers now.
        linear = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", name)
        tensors["first_stage_model." + name] = tensor[:, :, None, None] if linear else tensor
    return tensors


def clip(network: CLIPTextModel, prefix: str) -> Tensors:
    """A text encoder's tensors as OpenAI's CLIP has them in transformers."""
    return {
        prefix + "text_model." + name.removeprefix("text_model."): tensor
        for name, tensor in network.state_dict().items()
    }


def open_clip(network: CLIPTextModel, prefix: str) -> Tensors:
    """A text encoder's tensors as OpenCLIP has them: query, key and value are one."""
    tensors = {}
    for name, tensor in network.state_dict().items():
        name = renamed(name, OPEN_CLIP)
        tensors[prefix + name] = tensor.T if name == "text_projection" else tensor
    for name in [name for name in tensors if ".q_proj." in name]:
        parts = [tensors.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"]
        tensors[name.replace("q_proj.", "in_proj_")] = torch.cat(parts)
    return tensors


def renamed(name: str, replacements: Replacements) -> str:
    """The name with every replacement made, in order."""
    for pattern, replacement in replacements:
        name = re.sub(pattern, replacement, name)
    return name


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """Whether two networks have the same names and values."""
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)
