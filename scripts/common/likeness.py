"""What a photo shows in a thousand bytes, by which another photo of the same thing is known again.

A perceptual descriptor in the manner of image hashing: what survives re-encoding, resizing,
brightness, contrast and small shifts stays, and what photos of one product have in common
(lighting, edges of a frame, busbars) is taken out as far as one photo tells. The host compares
descriptors (orchestrator/dataset/similar.go); docs/results.md has what is found by them.
"""

import base64

import numpy as np
from PIL import Image

SIDE = 32  # of the descriptor, in values
LARGE = 1024  # pixels a side, beyond which grey is rounded once more, to save memory
NEAR, FAR = 1, 3  # radii of the means whose difference is a band of frequencies
STEP = 32  # values to a standard deviation


def describe(picture: Image.Image) -> str:
    """A picture's descriptor, in base64: SIDE×SIDE values of int8, row by row.

    Wide and narrow pictures are squeezed into a square. Grey is filtered to a band, rows and
    columns lose their medians (edges that run straight through), and contrast is made even from
    place to place.
    """
    box = Image.Resampling.BOX
    small = picture.convert("L")
    if max(small.size) > LARGE:
        small = small.resize((min(small.width, LARGE), min(small.height, LARGE)), box)
    grey = np.asarray(small.convert("F").resize((SIDE, SIDE), box), np.float64)
    band = _mean(grey, NEAR) - _mean(grey, FAR)
    band -= np.median(band, 1, keepdims=True)
    band -= np.median(band, 0, keepdims=True)
    even = band / (np.sqrt(_mean(band**2, FAR)) + 0.2 * max(band.std(), 0.5))
    values = np.round(STEP * even / max(even.std(), 1e-3)).clip(-127, 127)
    return base64.b64encode(values.astype(np.int8).tobytes()).decode()


def _window(radius: int) -> np.ndarray:
    """A matrix that takes means over 2·radius + 1 values, as far as they are inside."""
    apart = np.abs(np.subtract.outer(np.arange(SIDE), np.arange(SIDE)))
    return (apart <= radius) / (apart <= radius).sum(1, keepdims=True)


_windows = {radius: _window(radius) for radius in (NEAR, FAR)}


def _mean(values: np.ndarray, radius: int) -> np.ndarray:
    return _windows[radius] @ values @ _windows[radius].T
