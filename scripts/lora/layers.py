"""LoRAs kept beside a base model, so that the rows of one batch pass through several of them.

peft makes a LoRA's layers and names them, but trains one adapter at a time: its batches with more
are for inference. Here the layers are taken off the model and called by hooks on the layers that
they add to, each with its own rows. A row's result is that of peft's own forward pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

import torch
import torch.nn.functional as F
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from torch import nn

from diffusion import families
from diffusion.base_model import Pipeline
from lora import adapter as lora_adapter
from lora.adapter import ADAPTER


@dataclass(frozen=True)
class LowRank:
    """What a LoRA adds to one linear or convolution layer: scale * up(down(x))."""

    down: nn.Linear | nn.Conv2d
    up: nn.Linear | nn.Conv2d
    scale: float

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Its part of the layer's output for the layer's input."""
        return self.up(self.down(rows.to(self.down.weight.dtype))) * self.scale

    @property
    def rank(self) -> int:
        """Rows of down's weight."""
        return len(self.down.weight)


@dataclass(frozen=True)
class Lora:
    """One LoRA: its layers and parameters by name, each beginning with the part of the pipeline
    (unet, text_encoder, text_encoder_2), and peft's description of each part."""

    layers: dict[str, LowRank]
    parameters: dict[str, nn.Parameter]
    configs: dict[str, LoraConfig]

    def finite(self) -> bool:
        """Whether every parameter is a number."""
        return all(bool(parameter.isfinite().all()) for parameter in self.parameters.values())


def take_off(pipeline: Pipeline) -> Lora:
    """Take the LoRA on `pipeline` off; the pipeline is then as it was before."""
    layers, parameters, configs = {}, {}, {}
    for part, model in lora_adapter.parts_of(pipeline).items():
        configs[part] = model.peft_config[ADAPTER]
        for path, layer in model.named_modules():
            if isinstance(layer, LoraLayer):
                down, up = layer.lora_A[ADAPTER], layer.lora_B[ADAPTER]
                layers[f"{part}.{path}"] = LowRank(down, up, layer.scaling[ADAPTER])
        parameters |= lora_adapter.parameters_of(part, model)
    pipeline.unload_lora_weights()
    return Lora(layers, parameters, configs)


def put_on(pipeline: Pipeline, lora: Lora) -> None:
    """Put a copy of a LoRA on `pipeline`, as peft has it."""
    for part, config in lora.configs.items():
        model = getattr(pipeline, part)
        lora_adapter.inject(model, config)
        for name, parameter in lora_adapter.parameters_of(part, model).items():
            parameter.data = lora.parameters[name].detach().clone()


class Rows:
    """Which rows of the models' batches pass through which LoRA; see `beside`.

    `samples` has the LoRA of every row of the denoiser's batch, None for none, equal ones beside
    each other; `prompts` those of the text encoders'. Both are set before a forward pass and stay
    until its backward pass is over, since gradient checkpointing runs layers again. A batch that is
    a multiple of them (guidance puts unconditional rows before the others) repeats them.
    """

    def __init__(self, denoiser: str) -> None:
        """`denoiser` is its name in the pipeline."""
        self._of_denoiser = f"{denoiser}."
        self.samples: list[Lora | None] = []
        self.prompts: list[Lora | None] = []

    def _adding(self, path: str):
        def add(_: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
            owners = self.samples if path.startswith(self._of_denoiser) else self.prompts
            runs = _runs(owners, path, len(output))
            if not any(low for low, _ in runs):
                return output
            return (output + _addition(runs, inputs[0], output)).to(output.dtype)

        return add


def _addition(runs: "Runs", rows: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """What the LoRAs add to a layer's `output` for its input `rows`.

    Neighbours of one rank and scale with as many rows each are computed together.
    """

    def alike(run: tuple[LowRank | None, int]) -> tuple:
        low, count = run
        return (low.rank, low.scale, count) if low else ()

    groups = [[*group] for _, group in groupby(runs, key=alike)]
    sizes = [sum(count for _, count in group) for group in groups]
    parts = []
    # Split, whose gradient is one of the same layout; that of slices is filled with zeros first.
    for group, own, out in zip(groups, rows.split(sizes), output.split(sizes), strict=True):
        lows = [low for low, _ in group if low]
        parts.append(_at_once(lows, own) if lows else torch.zeros_like(out))
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def _at_once(lows: list[LowRank], rows: torch.Tensor) -> torch.Tensor:
    """What LoRAs of one rank and scale add to one layer, for the same number of `rows` each."""
    if len(lows) == 1:
        return lows[0](rows)
    rows, first = rows.to(lows[0].down.weight.dtype), lows[0]
    ups = torch.stack([low.up.weight.flatten(1) for low in lows])
    if isinstance(first.down, nn.Linear):
        downs = torch.stack([low.down.weight for low in lows])
        hidden = torch.bmm(rows.reshape(len(lows), -1, rows.shape[-1]), downs.mT)
        return torch.bmm(hidden * first.scale, ups.mT).view(*rows.shape[:-1], -1)
    # cuDNN is slow with groups.
    hidden = (through_all if rows.device.type == "cuda" else in_groups)(lows, rows)
    height, width, rank = hidden.shape[2:]
    added = torch.bmm(hidden.reshape(len(lows), -1, rank) * first.scale, ups.mT)
    return added.view(len(rows), height, width, -1).movedim(-1, 1)


def in_groups(lows: list[LowRank], rows: torch.Tensor) -> torch.Tensor:
    """Convolutions of (L * n, C, H, W) by `down` of L LoRAs of n rows each: (L, n, h, w, rank).

    As one of n images with L * C channels, a row of each LoRA in an image, in channels-last layout.
    """
    count = len(lows)
    beside = rows.movedim(1, -1).unflatten(0, (count, -1)).movedim(0, -2).flatten(-2)
    hidden = _convolved(lows, beside.movedim(-1, 1), groups=count)
    return hidden.movedim(1, -1).unflatten(-1, (count, -1)).movedim(-2, 0)


def through_all(lows: list[LowRank], rows: torch.Tensor) -> torch.Tensor:
    """As `in_groups`: each row passes through all LoRAs, and what is its own is kept."""
    count = len(lows)
    hidden = _convolved(lows, rows).unflatten(1, (count, -1)).unflatten(0, (count, -1))
    return hidden.diagonal(dim1=0, dim2=2).permute(4, 0, 2, 3, 1)


def _convolved(lows: list[LowRank], rows: torch.Tensor, groups: int = 1) -> torch.Tensor:
    weights, how = torch.cat([low.down.weight for low in lows]), lows[0].down
    return F.conv2d(rows, weights, None, how.stride, how.padding, how.dilation, groups)


@contextmanager
def beside(pipeline: Pipeline, loras: list[Lora]) -> Iterator[Rows]:
    """Let rows of the pipeline's batches pass through these LoRAs."""
    rows, hooks = Rows(families.of(pipeline).denoiser), []
    models = lora_adapter.models_of(pipeline)
    for path in sorted({path for lora in loras for path in lora.layers}):
        part, _, inside = path.partition(".")
        layer = models[part].get_submodule(inside)
        hooks.append(layer.register_forward_hook(rows._adding(path)))
    try:
        yield rows
    finally:
        for hook in hooks:
            hook.remove()


Runs = list[tuple[LowRank | None, int]]


def _runs(owners: list[Lora | None], path: str, rows: int) -> Runs:
    """Neighbouring rows with the same LoRA: its layer, if it has one there, and how many."""
    repeats = rows // max(1, len(owners))
    if repeats * len(owners) != rows:
        raise ValueError(f"a batch of {rows} rows for {len(owners)} owners")
    grouped = ([*group] for _, group in groupby(owners * repeats, key=id))
    return [(g[0].layers.get(path) if g[0] else None, len(g)) for g in grouped]
