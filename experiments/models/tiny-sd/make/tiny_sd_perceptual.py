"""Losses that see sharpness: features of EfficientNet-Lite0, gradients, and local spectra."""

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import EfficientNet

from classifier import lite0

_STAGES = (1, 2, 3)  # outputs at 1/2, 1/4 and 1/8 of the image
_WINDOW = 16  # pixels; a spectrum of a window this small knows roughly where its texture is


def lite0_network() -> EfficientNet:
    """Lite0 with its ImageNet weights, but for the last layer; takes (x - 127) / 128."""
    model = lite0.network()
    lite0.load_into(model)
    return model


class Lite0Features(nn.Module):
    """The first stages of EfficientNet-Lite0: (B, 3, H, W) in -1..1 to a list of feature maps."""

    def __init__(self):
        super().__init__()
        model = lite0_network()
        self.stages = model.features[: max(_STAGES) + 1].eval().requires_grad_(False)

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        features, out = pixels * (127.5 / 128.0), []  # Lite0 takes (x - 127) / 128
        for index, stage in enumerate(self.stages):
            features = stage(features)
            if index in _STAGES:
                out.append(F.normalize(features, dim=1))
        return out


def perceptual(network: Lite0Features, output: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of unit feature vectors, summed over stages (as in LPIPS)."""
    with torch.no_grad():
        targets = network(wanted)
    pairs = zip(network(output), targets, strict=True)
    return sum((a - b).square().sum(dim=1).mean() for a, b in pairs)


def gradient(output: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """L1 distance of the differences between neighbouring pixels."""
    error = output - wanted
    return error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()


def spectrum(output: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """L1 distance of the Fourier magnitudes of 16x16 windows; blind to phase, so that texture
    need not be reproduced pixel by pixel, yet may not be smoothed away."""
    return (_magnitudes(output) - _magnitudes(wanted)).abs().mean()


def _magnitudes(pixels: torch.Tensor) -> torch.Tensor:
    grey = pixels.mean(dim=1)
    windows = grey.unfold(1, _WINDOW, _WINDOW).unfold(2, _WINDOW, _WINDOW)
    transformed = torch.fft.rfft2(windows, norm="ortho")
    return (transformed.real.square() + transformed.imag.square() + 1e-6).sqrt()
