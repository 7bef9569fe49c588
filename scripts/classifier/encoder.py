"""Features of images, by a network that has not seen the experiment's images.

It is the one that classifiers start from, with features after global average pooling, or a
pretrained vision transformer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch

from classifier import lite0, network, vision
from classifier.network import Classifier
from common import images
from common.errors import StageError
from common.framing import Rendering

START_SEED = 0  # of a network without weights: the same one for all images of all experiments


@dataclass(frozen=True)
class Encoding:
    """Which network it is, and how it is shown images.

    `model` is a classifier's, or transformers: then `weights` is a folder or a Hugging Face id, and
    `resolution` and `calibration` play no part. `calibration` are images that batch-norm statistics
    are estimated on where the weights need it (lite0); features are comparable only if they were
    made with the same ones.
    """

    model: str
    weights: str
    resolution: int
    calibration: list[str] = field(default_factory=list)


def load(
    of: Encoding, device: torch.device, rendering: Rendering, parts: int = 1
) -> Callable[[list[str], bool], torch.Tensor]:
    """What gives features (N, width), on the CPU, of images in files or of their mirror images.

    `parts` is into how many each batch is divided to need less memory.
    """
    if of.model == "transformers":
        transformer = vision.load(of.weights, device)
        return partial(transformer.features, rendering=rendering, parts=parts)
    model = network.build(of.model, of.weights, classes=2, seed=START_SEED)
    model.network.to(device)
    if model.needs_batch_norm_estimate:
        _calibrate(model, of, device, rendering)
    model.network.eval()

    def features(paths: list[str], mirror: bool) -> torch.Tensor:
        pixels = images.read_images(paths, of.resolution, rendering)
        pixels = pixels.flip(-1) if mirror else pixels
        batches = pixels.split(network.at_once(of.resolution, parts))
        return torch.cat([network.features(model, batch.to(device)).cpu() for batch in batches])

    return features


def _calibrate(model: Classifier, of: Encoding, device: torch.device, rendering: Rendering) -> None:
    """Estimate batch-norm statistics on the calibration images."""
    if not of.calibration:
        raise StageError(f"weights {of.weights} need images to calibrate on, and there are none")
    pixels = images.read_images(of.calibration, of.resolution, rendering)
    # The batches decide the statistics: memory that ran out does not divide them.
    batches = pixels.split(network.at_once(of.resolution))
    lite0.estimate_batch_norm(model.network, (model.normalize(b.to(device)) for b in batches))
