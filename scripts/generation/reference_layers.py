"""The layers of a UNet that look at a reference, by its weight.

The order is that of the extension sd-webui-controlnet (scripts/hook.py), by which a weight below 1
leaves out the same layers here: its blocks are in the order down, middle, up, and the widest come
first, which are those of the coarsest features.
"""

from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from torch import nn


def attentions(network: nn.Module, weight: float) -> list[Attention]:
    """The self-attentions that look at a reference: all at a weight of 1, none at 0."""
    parts = (network.down_blocks, network.mid_block, network.up_blocks)
    blocks = [m for part in parts for m in part.modules() if isinstance(m, BasicTransformerBlock)]
    widest_first = sorted((block.attn1 for block in blocks), key=lambda layer: -layer.query_dim)
    return [layer for i, layer in enumerate(widest_first) if weight > i / len(widest_first)]


def normalized(network: nn.Module, weight: float) -> list[nn.Module]:
    """The layers whose outputs get a reference's statistics: at a weight of 1 half of those that
    may, none at 0.

    The middle may, the way down but for the first block, and two thirds of the way up, as in the
    extension for Stable Diffusion 1 (6 and 8 layers) and XL (4 and 6). The coarsest come first.
    """
    down = [layer for block in network.down_blocks[1:] for layer in _down(block)]
    up = [layer for block in network.up_blocks for layer in _up(block)]
    up = up[: len(up) * 2 // 3]
    thresholds = [(network.mid_block, 0.0)]
    thresholds += [(layer, 2 - 2 * i / len(down)) for i, layer in enumerate(down)]
    thresholds += [(layer, 2 * i / len(up)) for i, layer in enumerate(up)]
    return [layer for layer, threshold in thresholds if weight > threshold]


def _down(block: nn.Module) -> list[nn.Module]:
    """What a block does last of each of its layers."""
    return list(getattr(block, "attentions", block.resnets))


def _up(block: nn.Module) -> list[nn.Module]:
    """As `_down`; the last layer ends in the upsampling, where there is one."""
    layers = _down(block)
    return layers[:-1] + list(block.upsamplers) if block.upsamplers else layers
