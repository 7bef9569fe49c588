"""torchvision's EfficientNet-b0 with its start weights, and the input scaling they expect."""

import urllib.error
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torchvision.models import EfficientNet, EfficientNet_B0_Weights, efficientnet_b0

from classifier import lite0
from common import randomness
from common.errors import StageError

IMAGENET = EfficientNet_B0_Weights.IMAGENET1K_V1
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# What goes through a network at once where nothing is trained: less than a training step holds.
PIXELS_AT_ONCE = 64 * 128**2


@dataclass(frozen=True)
class Classifier:
    """A network for (B, 3, R, R) inputs scaled as (pixel / 255 - mean) / std, by channel."""

    network: EfficientNet
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    needs_batch_norm_estimate: bool

    def normalize(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 or float 0..255 (B, 3, R, R) to network inputs, channels last."""
        mean = torch.tensor(self.mean, device=pixels.device).view(1, 3, 1, 1)
        std = torch.tensor(self.std, device=pixels.device).view(1, 3, 1, 1)
        return ((pixels.float() / 255.0 - mean) / std).to(memory_format=torch.channels_last)


def build(model: str, weights: str, classes: int, seed: int) -> Classifier:
    """Build the network; `weights` is imagenet, lite0, none, or the path of a .safetensors file.

    The classification layer, and everything with weights none, starts from `seed`.
    """
    if model != "efficientnet_b0":
        raise StageError(f"classifier model {model!r} is unknown; use efficientnet_b0")
    torch.manual_seed(randomness.derive_seed(seed, "classifier/start"))
    network = efficientnet_b0(weights=None)
    # torchvision starts this layer in +-1/sqrt(classes), right for a thousand classes only.
    network.classifier[1] = nn.Linear(network.classifier[1].in_features, classes)
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    if weights == "imagenet":
        _load_backbone(network, imagenet_state(), "torchvision's IMAGENET1K_V1")
    elif weights == "lite0":
        lite0.load_into(network)
        mean, std = lite0.MEAN, lite0.STD
    elif weights != "none":
        _load_backbone(network, _read_safetensors(weights), weights)
    network = network.to(memory_format=torch.channels_last)
    return Classifier(network, mean, std, needs_batch_norm_estimate=weights == "lite0")


def at_once(side: int, parts: int = 1) -> int:
    """How many images of side x side pixels go through a network at once without gradients.

    It follows from the resolution, so that results do not depend on free memory and memory does not
    grow with the resolution; the host asks for smaller `parts` of it after memory has run out.
    """
    whole = max(1, min(64, PIXELS_AT_ONCE // side**2))
    return -(-whole // parts)


@torch.inference_mode()
def features(model: Classifier, pixels: torch.Tensor) -> torch.Tensor:
    """Globally averaged features (N, 1280) float32 of (N, 3, R, R) uint8 pixels.

    They are what the classification layer sees; the network must be in evaluation mode.
    """
    network = model.network
    return network.avgpool(network.features(model.normalize(pixels))).flatten(1).float()


def hub_folder() -> Path:
    """Where torch.hub keeps files of weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def imagenet_state() -> dict[str, torch.Tensor]:
    """torchvision's ImageNet weights from torch hub's cache, downloaded when not there."""
    try:
        return IMAGENET.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        name = IMAGENET.url.rsplit("/", 1)[-1]
        raise StageError(
            f"ImageNet weights {name} are not in {hub_folder()} and cannot be"
            f" downloaded ({error}); put the file there, or use weights lite0 or none"
        ) from error


def _read_safetensors(path: str) -> dict[str, torch.Tensor]:
    if not path.endswith(".safetensors"):
        raise StageError(
            f"classifier weights {path!r} are unknown; use imagenet, lite0, none or a .safetensors"
            " file"
        )
    try:
        return load_file(Path(path))
    except (SafetensorError, OSError) as error:
        raise StageError(f"classifier weights {path} cannot be read ({error})") from error


def _load_backbone(network: nn.Module, state: dict[str, torch.Tensor], source: str) -> None:
    """Load all but the classification layer, which the file's task need not share."""
    backbone = {name: value for name, value in state.items() if not name.startswith("classifier.")}
    try:
        missing, unexpected = network.load_state_dict(backbone, strict=False)
    except RuntimeError as error:
        raise StageError(f"{source} does not fit efficientnet_b0 ({error})") from error
    missing = [name for name in missing if not name.startswith("classifier.")]
    if missing or unexpected:
        raise StageError(f"{source} does not fit efficientnet_b0: {(missing or unexpected)[0]}")
