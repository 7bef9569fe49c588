"""Self-attention that looks at a reference picture beside the one that is made.

This is "reference only" by L. Zhang (github.com/Mikubill/sd-webui-controlnet, discussion 1236 and
scripts/hook.py), of which diffusers has a variant (examples/community, stable_diffusion_reference).
Before each pass of the network the reference, as noisy as the picture, passes through it; what its
self-attentions take in is kept, and is looked at in the pass itself. No weight is changed.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import Attention
from torch import nn

from common import runtime
from generation import reference_layers

LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class Reference:
    """What the pictures of a batch look at, one for each.

    With guidance, the network's batch has the unconditional rows of all pictures before the others.
    """

    # The network's input (B, C, h, w) for the references in its pass of a number, from 0, at a
    # timestep, a tensor of no dimensions.
    noised: Callable[[int, torch.Tensor], torch.Tensor]
    weight: float  # 0..1, of the layers that look at it: reference_layers
    fidelity: float  # 0..1: how much of unconditional rows does not
    adain: bool = False  # statistics of the reference are taken over as well
    masks: torch.Tensor | None = None  # (B, 1, R, R) bool: what of a square is looked at


class Passes:
    """The passes of a network that looks at a reference: which one it is in, and its rows."""

    writing = False  # in a pass of the reference's own
    guided = False

    def __init__(self, reference: Reference):
        self.reference = reference
        self.number = 0
        self.biases: dict[tuple[int, int], torch.Tensor] = {}

    def write(self, network: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        """Before a pass of the network, the reference's own with the same conditions."""
        if self.writing:
            return
        rows, timestep, *others = args
        seen = self.reference.noised(self.number, timestep)
        self.guided = len(rows) == 2 * len(seen)
        self.writing = True
        try:
            network(torch.cat([seen] * (1 + self.guided)), timestep, *others, **kwargs)
        finally:
            self.writing = False
        self.number += 1

    def mixed(self, looking: torch.Tensor, plain: Callable[[slice], torch.Tensor]) -> torch.Tensor:
        """Rows that look at the reference; of the unconditional ones, by fidelity, what they are
        without. They are what guidance leads away from."""
        fidelity = self.reference.fidelity
        if not self.guided or fidelity == 0:
            return looking
        half = len(looking) // 2
        unconditional = fidelity * plain(slice(half)) + (1 - fidelity) * looking[:half]
        return torch.cat([unconditional, looking[half:]])

    def bias(self, tokens: torch.Tensor) -> torch.Tensor | None:
        """(rows, 1, 2 N), to be added before the softmax, for N tokens (rows, N, C) and after them
        the reference's: -inf for those without a pixel in its mask. None without masks."""
        masks = self.reference.masks
        if masks is None:
            return None
        rows, count = tokens.shape[:2]
        if (rows, count) not in self.biases:
            seen = F.adaptive_max_pool2d(masks.float(), math.isqrt(count)).flatten(2) > 0
            outside = torch.zeros(rows, 1, 2 * count)
            hidden = ~seen.repeat(rows // len(seen), 1, 1)
            outside[..., count:].masked_fill_(hidden, -math.inf)
            self.biases[rows, count] = outside.to(tokens.device, tokens.dtype)
        return self.biases[rows, count]


class Looking:
    """The attention processor of a layer that looks at the reference, around its own."""

    def __init__(self, own: Callable[..., torch.Tensor], passes: Passes):
        self.own, self.passes = own, passes

    def __call__(
        self,
        attention: Attention,
        tokens: torch.Tensor,
        encoder_hidden_states: None = None,
        attention_mask: None = None,
    ) -> torch.Tensor:
        """(rows, N, C) for as many. The other two are none in self-attention."""
        if self.passes.writing:
            self.kept = tokens
            return self.own(attention, tokens)
        both = torch.cat([tokens, self.kept], dim=1)
        del self.kept
        looking = self.own(attention, tokens, both, self.passes.bias(tokens))
        return self.passes.mixed(looking, lambda rows: self.own(attention, tokens[rows]))


class Matching:
    """The hook of a layer whose output gets the reference's mean and deviation of each channel
    (AdaIN, Huang and Belongie, arXiv 1703.06868)."""

    def __init__(self, passes: Passes):
        self.passes = passes

    def __call__(self, layer: nn.Module, inputs: tuple, output: Any) -> Any:
        """The output in place of a layer's own: (rows, C, h, w), or a tuple of it."""
        own = output[0] if isinstance(output, tuple) else output
        wide = own.to(runtime.whole(own.dtype))
        variance, mean = torch.var_mean(wide, dim=(2, 3), keepdim=True, correction=0)
        deviation = variance.clamp(min=LEAST_VARIANCE).sqrt()
        if self.passes.writing:
            self.mean, self.deviation = mean, deviation
            return output
        matched = ((wide - mean) / deviation * self.deviation + self.mean).to(own.dtype)
        mixed = self.passes.mixed(matched, lambda rows: own[rows])
        return (mixed,) if isinstance(output, tuple) else mixed


@contextmanager
def looking_at(network: nn.Module, reference: Reference) -> Iterator[None]:
    """Let the passes of a UNet look at a reference. It is as it was afterwards, whatever happens;
    at a weight of 0 it is so all along."""
    attentions = reference_layers.attentions(network, reference.weight)
    normalized = reference_layers.normalized(network, reference.weight) if reference.adain else []
    passes = Passes(reference)
    with ExitStack() as stack:
        for layer in attentions:
            own = layer.processor
            stack.callback(layer.set_processor, own)
            layer.set_processor(Looking(own, passes))
        hooks = [layer.register_forward_hook(Matching(passes)) for layer in normalized]
        if attentions or normalized:
            hooks.append(network.register_forward_pre_hook(passes.write, with_kwargs=True))
        for hook in hooks:
            stack.callback(hook.remove)
        yield
