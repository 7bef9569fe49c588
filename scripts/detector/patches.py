"""Features of patches: what a network that is not trained further sees around each place.

Two middle layers are averaged over 3x3 places, the coarser one is resized to the finer one, and
both are joined (Roth et al., CVPR 2022, section 3.1). Which layers these are follows from how far
they are scaled down: the last outputs of 1/8 and of 1/16 of the side, which are ResNet's second
and third stages, as in the paper.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import SwinTransformer

from classifier.network import Classifier, at_once, untrained
from common import runtime

SCALES = (3, 4)  # of the layers: 1/8 and 1/16 of the side, as powers of two
AROUND = 3  # places of a layer, each way, that a patch covers


@dataclass(frozen=True)
class Patches:
    """A network in evaluation mode and its layers of SCALES."""

    model: Classifier
    layers: list[nn.Module]
    precision: str

    @torch.inference_mode()
    def features(self, pixels: torch.Tensor, parts: int = 1) -> torch.Tensor:
        """Features (N, P, D) float32 of (N, 3, R, R) uint8 pixels on the network's device.

        P = (R/8)^2 patches, row by row. `parts` divides how many go through at once.
        """
        found = []
        for batch in pixels.split(at_once(pixels.shape[-1], parts)):
            runtime.stop_if_cancelled()
            found.append(self._of(batch))
        return torch.cat(found)

    def _of(self, batch: torch.Tensor) -> torch.Tensor:
        seen: dict[nn.Module, torch.Tensor] = {}

        def keep(layer: nn.Module, _: object, output: torch.Tensor) -> None:
            maps = as_maps(self.model.network, output).float()
            seen[layer] = F.avg_pool2d(maps, AROUND, stride=1, padding=AROUND // 2)

        hooks = [layer.register_forward_hook(keep) for layer in self.layers]
        try:
            with runtime.autocast(batch.device, self.precision):
                self.model.network(self.model.normalize(batch))
        finally:
            for hook in hooks:
                hook.remove()
        fine, coarse = (seen[layer] for layer in self.layers)
        coarse = F.interpolate(coarse, fine.shape[-2:], mode="bilinear", align_corners=False)
        return torch.cat([fine, coarse], 1).flatten(2).transpose(1, 2)


def load(model: str, weights: str, seed: int, precision: str, pixels: torch.Tensor) -> Patches:
    """The network that classifiers start from, as for `pixels` of good parts (N, 3, R, R).

    Where its batch-norm statistics have to be estimated (lite0), that is done on these.
    """
    built = untrained(model, weights, classes=2, seed=seed, pixels=pixels)
    built.network.eval()
    return Patches(built, middle_layers(built, pixels[:1]), precision)


@torch.inference_mode()
def middle_layers(model: Classifier, pixels: torch.Tensor) -> list[nn.Module]:
    """The last blocks whose outputs are of SCALES for an image (1, 3, R, R), the finer first."""
    side, last = pixels.shape[-1], {}

    def note(block: nn.Module, _: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.dim() == 4:
            last[round(math.log2(side / as_maps(model.network, output).shape[-1]))] = block

    # Blocks are children of the network, or of the part that holds them all.
    blocks = [m for name, m in model.network.named_modules() if name and name.count(".") < 2]
    hooks = [block.register_forward_hook(note) for block in blocks]
    try:
        model.network(model.normalize(pixels))
    finally:
        for hook in hooks:
            hook.remove()
    return [last[scale] for scale in SCALES]


def as_maps(network: nn.Module, output: torch.Tensor) -> torch.Tensor:
    """What a layer gives as (B, C, H, W); Swin transformers have their channels last."""
    return output.permute(0, 3, 1, 2) if isinstance(network, SwinTransformer) else output
