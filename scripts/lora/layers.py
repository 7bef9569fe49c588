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
from cachetools import LRUCache
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
    a multiple of them (guidance puts unconditional rows before the others) repeats them. The
    products of `joined` are computed in any case, even where no row is theirs.
    """

    def __init__(self, denoiser: str) -> None:
        """`denoiser` is its name in the pipeline."""
        self._of_denoiser = f"{denoiser}."
        self.samples: list[Lora | None] = []
        self.prompts: list[Lora | None] = []
        self.joined: list[Lora] = []
        self._known: LRUCache = LRUCache(maxsize=64)

    def _adding(self, path: str):
        def add(_: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
            owners = self.samples if path.startswith(self._of_denoiser) else self.prompts
            runs = _runs(owners, path, len(output))
            found = [low for low, _ in runs] + [lora.layers.get(path) for lora in self.joined]
            lows = list({id(low): low for low in found if low}.values())
            if not lows:
                return output
            if len(runs) == len(lows) == 1:
                addition = lows[0](inputs[0])
            else:
                addition = _at_once(lows, self._scales(lows, runs, output.device), inputs[0])
            return (output + addition).to(output.dtype)

        return add

    def _scales(self, lows: list[LowRank], runs: "Runs", device: torch.device) -> torch.Tensor:
        """(rows, ranks of all LoRAs): a row's scale in the columns of its own LoRA, 0 elsewhere."""
        ranks = tuple((low.rank, low.scale) for low in lows)
        places = tuple((lows.index(low) if low else -1, count) for low, count in runs)
        key = (ranks, places)
        if key not in self._known:
            first = [sum(low.rank for low in lows[:place]) for place in range(len(lows))]
            scales = torch.zeros(sum(n for _, n in runs), sum(low.rank for low in lows))
            row = 0
            for place, count in places:
                if place >= 0:
                    columns = slice(first[place], first[place] + lows[place].rank)
                    scales[row : row + count, columns] = lows[place].scale
                row += count
            self._known[key] = scales.to(device)
        return self._known[key]


def _at_once(lows: list[LowRank], scales: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """What several LoRAs add to one layer, as one LoRA of all their ranks.

    Each row has its own LoRA's columns left. Two large products are quicker than many small ones,
    though more is computed. Scales are multiplied in float32, as peft's own numbers are.
    """
    down = torch.cat([low.down.weight for low in lows])
    up = torch.cat([low.up.weight for low in lows], dim=1)
    rows, first = rows.to(down.dtype), lows[0].down
    if isinstance(first, nn.Conv2d):
        hidden = F.conv2d(rows, down, None, first.stride, first.padding, first.dilation)
        return F.conv2d((hidden * scales[:, :, None, None]).to(up.dtype), up)
    hidden = F.linear(rows, down)
    between = (1,) * (rows.dim() - 2)
    return F.linear((hidden * scales.view(len(rows), *between, -1)).to(up.dtype), up)


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
