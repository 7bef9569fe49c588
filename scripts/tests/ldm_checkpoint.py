"""Writes a tiny pipeline as one file, in the layout of Stable Diffusion's first release.

Names are those of huggingface/diffusers' scripts/convert_diffusers_to_original_stable_diffusion.py.
"""

import re
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

Replacements = list[tuple[str, str]]

# One layer a block going down and two going up, attention in the deeper of two blocks.
UNET: Replacements = [
    (r"^time_embedding\.linear_1", "time_embed.0"),
    (r"^time_embedding\.linear_2", "time_embed.2"),
    (r"^conv_in", "input_blocks.0.0"),
    (r"^conv_norm_out", "out.0"),
    (r"^conv_out", "out.2"),
    (r"^down_blocks\.0\.resnets\.0", "input_blocks.1.0"),
    (r"^down_blocks\.0\.downsamplers\.0\.conv", "input_blocks.2.0.op"),
    (r"^down_blocks\.1\.resnets\.0", "input_blocks.3.0"),
    (r"^down_blocks\.1\.attentions\.0", "input_blocks.3.1"),
    (r"^mid_block\.resnets\.0", "middle_block.0"),
    (r"^mid_block\.attentions\.0", "middle_block.1"),
    (r"^mid_block\.resnets\.1", "middle_block.2"),
    (r"^up_blocks\.0\.resnets\.(\d)", r"output_blocks.\1.0"),
    (r"^up_blocks\.0\.attentions\.(\d)", r"output_blocks.\1.1"),
    (r"^up_blocks\.0\.upsamplers\.0", "output_blocks.1.2"),
    (r"^up_blocks\.1\.resnets\.0", "output_blocks.2.0"),
    (r"^up_blocks\.1\.resnets\.1", "output_blocks.3.0"),
    (r"(put_blocks|middle_block)(.*)\.norm1\.(weight|bias)$", r"\1\2.in_layers.0.\3"),
    (r"\.conv1\.", ".in_layers.2."),
    (r"(put_blocks|middle_block)(.*)\.norm2\.(weight|bias)$", r"\1\2.out_layers.0.\3"),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.conv_shortcut\.", ".skip_connection."),
    # The norms of transformer blocks keep their names.
    (r"(transformer_blocks.*)\.in_layers\.0\.", r"\1.norm1."),
    (r"(transformer_blocks.*)\.out_layers\.0\.", r"\1.norm2."),
]
# Three blocks, whose decoder counts from the other end.
VAE: Replacements = [
    (r"mid_block\.resnets\.0", "mid.block_1"),
    (r"mid_block\.resnets\.1", "mid.block_2"),
    (r"mid_block\.attentions\.0", "mid.attn_1"),
    (r"encoder\.down_blocks\.(\d)\.resnets\.(\d)", r"encoder.down.\1.block.\2"),
    (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
    *((rf"up_blocks\.{i}\.resnets\.(\d)", rf"up.{2 - i}.block.\1") for i in range(3)),
    *((rf"up_blocks\.{i}\.upsamplers\.0", f"up.{2 - i}.upsample") for i in range(3)),
    (r"conv_norm_out", "norm_out"),
    (r"conv_shortcut", "nin_shortcut"),
    (r"attn_1\.group_norm", "attn_1.norm"),
    (r"attn_1\.to_([qkv])", r"attn_1.\1"),
    (r"attn_1\.to_out\.0", "attn_1.proj_out"),
]


def write(pipeline: StableDiffusionPipeline, file: Path) -> None:
    """One .safetensors file with the weights of all three networks."""
    tensors = {}
    for name, tensor in pipeline.unet.state_dict().items():
        tensors["model.diffusion_model." + renamed(name, UNET)] = tensor
    for name, tensor in pipeline.vae.state_dict().items():
        name = renamed(name, VAE)
        # The first release had 1x1 convolutions where there are linear layers now.
        linear = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", name)
        tensors["first_stage_model." + name] = tensor[:, :, None, None] if linear else tensor
    for name, tensor in pipeline.text_encoder.state_dict().items():
        name = name if name.startswith("text_model.") else "text_model." + name
        tensors["cond_stage_model.transformer." + name] = tensor
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)


def renamed(name: str, replacements: Replacements) -> str:
    """The name with every replacement made, in order."""
    for pattern, replacement in replacements:
        name = re.sub(pattern, replacement, name)
    return name


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """Whether two networks have the same names and values."""
    left, right = one.state_dict(), other.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)
