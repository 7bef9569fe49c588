"""Features below a head that is trained alone: the same for all classifiers of a grid that start
from the same weights, so that each image goes through the network once and not once a classifier.
"""

import hashlib

import torch
from cachetools import LRUCache

from classifier.network import Classifier, all_features
from common import images, runtime

# By what was computed with and on; a list of a thousand images takes 5 MB.
_known: LRUCache = LRUCache(maxsize=2**28, getsizeof=lambda features: features.nbytes)


def features(model: Classifier, pixels: torch.Tensor, precision: str = "fp32") -> torch.Tensor:
    """What the last layer sees of (N, 3, R, R) uint8 pixels, (N, D) float32, on their device.

    The network must be in evaluation mode; what is returned may be trained on.
    """
    key = (_digest(model), images.digest(pixels), tuple(pixels.shape), precision, pixels.device)
    if key not in _known:
        with runtime.autocast(pixels.device, precision), torch.inference_mode(False):
            _known[key] = all_features(model, pixels)
    return _known[key]


def _digest(model: Classifier) -> bytes:
    """Of everything below the head, and of how pixels are scaled."""
    digest = hashlib.blake2b(repr((model.mean, model.std)).encode())
    head = {id(parameter) for parameter in model.head.parameters()}
    for name, tensor in model.network.state_dict(keep_vars=True).items():
        if id(tensor) not in head:
            digest.update(name.encode() + tensor.detach().contiguous().cpu().numpy().tobytes())
    return digest.digest()
