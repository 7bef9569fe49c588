"""The networks with their start weights, and the input scaling that these expect.

Backbones are called as torchvision calls them, or transformers: a DINOv2 or CLIP that the weights
are of. orchestrator/experiment/backbones.json lists those that experiment files may name; another
that ends in a linear layer needs its entry there.
"""

import urllib.error
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torchvision.models import Weights, get_model, get_model_weights

from classifier import lite0
from common import randomness
from common.errors import StageError

LITE0 = (lite0.NAME, "efficientnet_b0")  # the backbones that lite0's weights fit
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TRANSFORMERS = "transformers"  # the model whose weights say which it is
ESTIMATE_IMAGES = 512  # that batch-norm statistics are estimated on, at most
# What goes through a network at once where nothing is trained: less than a training step holds.
PIXELS_AT_ONCE = 64 * 128**2


@dataclass(frozen=True)
class Classifier:
    """A network for (B, 3, R, R) inputs scaled as (pixel / 255 - mean) / std, by channel."""

    network: nn.Module
    head: nn.Linear  # its last layer, which sees the features
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    needs_batch_norm_estimate: bool

    def normalize(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 or float 0..255 (B, 3, R, R) to network inputs, channels last."""
        mean, std = _scaling(self.mean, self.std, pixels.device, torch.get_default_dtype())
        return ((pixels.float() / 255.0 - mean) / std).to(memory_format=torch.channels_last)


@lru_cache
@torch.inference_mode(False)
def _scaling(
    mean: tuple, std: tuple, device: torch.device, dtype: torch.dtype
) -> list[torch.Tensor]:
    """Both as (1, 3, 1, 1) on a device; made anew, they would be waited for at every step."""
    return [torch.tensor(t, device=device, dtype=dtype).view(1, 3, 1, 1) for t in (mean, std)]


def build(
    model: str, weights: str, classes: int, seed: int, config: dict[str, Any] | None = None
) -> Classifier:
    """Build the network; `weights` is imagenet, lite0, none, or the path of a .safetensors file;
    of transformers the folder of a model, or none and the configuration of one.

    The classification layer, and everything with weights none, starts from `seed`.
    """
    torch.manual_seed(randomness.derive_seed(seed, "classifier/start"))
    if model == TRANSFORMERS:
        return _transformer(weights, classes, config)
    imagenet = None if model == lite0.NAME else imagenet_of(model)
    network = get_model(model, weights=None) if imagenet else lite0.network()
    name, last = [layer for layer in network.named_modules() if isinstance(layer[1], nn.Linear)][-1]
    # torchvision starts this layer in +-1/sqrt(classes), right for a thousand classes only.
    head = nn.Linear(last.in_features, classes)
    network.set_submodule(name, head)
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    if weights == "imagenet" and imagenet is None:
        raise StageError(f"{model} has the ImageNet weights lite0; use these, none or a file")
    if weights == "imagenet":
        _load_backbone(network, name, imagenet_state(model), f"torchvision's {imagenet.name}")
    elif weights == "lite0" and model not in LITE0:
        raise StageError(
            f"weights lite0 fit {' and '.join(LITE0)}, not {model}; use imagenet, none or a file"
        )
    elif weights == "lite0":
        lite0.load_into(network)
        mean, std = lite0.MEAN, lite0.STD
    elif weights != "none":
        _load_backbone(network, name, _read_safetensors(weights), weights)
    network = network.to(memory_format=torch.channels_last)
    estimate = weights == "lite0" and model != lite0.NAME  # which has its own activation
    return Classifier(network, head, mean, std, needs_batch_norm_estimate=estimate)


def _transformer(weights: str, classes: int, config: dict[str, Any] | None) -> Classifier:
    from classifier import vision  # whose library takes seconds to import

    network, processor = vision.headed(weights, classes, config)
    mean, std = IMAGENET_MEAN, IMAGENET_STD
    if processor:
        mean, std = tuple(processor.image_mean), tuple(processor.image_std)
    return Classifier(network, network.head, mean, std, needs_batch_norm_estimate=False)


def untrained(
    model: str, weights: str, classes: int, seed: int, pixels: torch.Tensor
) -> Classifier:
    """What a training on pixels (N, 3, R, R) uint8 begins with, on their device: batch-norm
    statistics that the weights lack are estimated on these, at most ESTIMATE_IMAGES."""
    built = build(model, weights, classes, seed)
    built.network.to(pixels.device)
    if built.needs_batch_norm_estimate:
        batches = pixels[:ESTIMATE_IMAGES].split(at_once(pixels.shape[-1]))
        lite0.estimate_batch_norm(built.network, (built.normalize(b) for b in batches))
    return built


def imagenet_of(model: str) -> Weights:
    """torchvision's ImageNet weights of a backbone, the first that it published."""
    try:
        return get_model_weights(model).IMAGENET1K_V1
    except (ValueError, AttributeError):
        raise StageError(
            f"classifier model {model!r} is unknown; use one that torchvision has ImageNet weights"
            " for, such as efficientnet_b0"
        ) from None


def at_once(side: int, parts: int = 1) -> int:
    """How many images of side x side pixels go through a network at once without gradients.

    It follows from the resolution, so that results do not depend on free memory and memory does not
    grow with the resolution; the host asks for smaller `parts` of it after memory has run out.
    """
    whole = max(1, min(64, PIXELS_AT_ONCE // side**2))
    return -(-whole // parts)


@torch.inference_mode()
def features(model: Classifier, pixels: torch.Tensor) -> torch.Tensor:
    """Features (N, D) float32 of (N, 3, R, R) uint8 pixels: what the last layer sees.

    The network must be in evaluation mode. EfficientNet-b0 has 1,280 of them, globally averaged.
    """
    seen: list[torch.Tensor] = []
    hook = model.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        model.network(model.normalize(pixels))
    finally:
        hook.remove()
    return seen[0].float()


def all_features(model: Classifier, pixels: torch.Tensor) -> torch.Tensor:
    """`features` of any number of images, in batches."""
    size = at_once(pixels.shape[-1])
    return torch.cat([features(model, filled(p, size))[: len(p)] for p in pixels.split(size)])


def filled(batch: torch.Tensor, size: int) -> torch.Tensor:
    """A batch with rows of zeros behind its own, so that there are always so many: kernels may
    round otherwise in smaller batches, and what is said of an image would depend on how many
    others there are."""
    return F.pad(batch, (0, 0) * (batch.dim() - 1) + (0, size - len(batch)))


def hub_folder() -> Path:
    """Where torch.hub keeps files of weights."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def imagenet_state(model: str) -> dict[str, torch.Tensor]:
    """torchvision's ImageNet weights from torch hub's cache, downloaded when not there."""
    imagenet = imagenet_of(model)
    try:
        return imagenet.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        name = imagenet.url.rsplit("/", 1)[-1]
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


def _load_backbone(
    network: nn.Module, head: str, state: dict[str, torch.Tensor], source: str
) -> None:
    """Load all but the last layer, which the file's task need not share."""
    backbone = {k: value for k, value in state.items() if not k.startswith(f"{head}.")}
    kind = type(network).__name__
    try:
        missing, unexpected = network.load_state_dict(backbone, strict=False)
    except RuntimeError as error:
        raise StageError(f"{source} does not fit {kind} ({error})") from error
    missing = [name for name in missing if not name.startswith(f"{head}.")]
    if missing or unexpected:
        raise StageError(f"{source} does not fit {kind}: {(missing or unexpected)[0]}")
