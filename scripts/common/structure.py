"""How differently two pictures look, by their structure."""

import numpy as np
from scipy.ndimage import gaussian_filter

SIGMA, TRUNCATE = 1.5, 3.5  # of the Gaussian window, 11 × 11 pixels
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # keep quotients of dark or even places steady
SIDE = 256  # pixels of the shorter side, about, that pictures are compared at


def dissimilarity(one: np.ndarray, other: np.ndarray, mask: np.ndarray) -> float:
    """1 - SSIM of two pictures, (H, W, 3) uint8, on average where the mask, (H, W) bool, is true:
    0 if they are equal, about 1 if they have nothing in common, above it (up to 2) for a negative.

    The structural similarity of Wang, Bovik, Sheikh and Simoncelli (IEEE Transactions on Image
    Processing 13, 2004), of each colour channel, with their window, constants and scale: larger
    pictures are averaged down to SIDE. scikit-image's structural_similarity is the same with
    gaussian_weights=True, use_sample_covariance=False and channel_axis=-1. An empty mask is 0.
    """
    factor = max(1, round(min(mask.shape) / SIDE))
    x, y = (_reduced(picture.astype(np.float64), factor) for picture in (one, other))
    weights = _reduced(mask.astype(np.float64), factor)
    if not weights.any():
        return 0.0
    mean_x, mean_y = _mean(x), _mean(y)
    variances = _mean(x * x) - mean_x**2 + _mean(y * y) - mean_y**2
    covariance = _mean(x * y) - mean_x * mean_y
    similarity = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    similarity /= (mean_x**2 + mean_y**2 + C1) * (variances + C2)
    return float(1 - np.average(similarity.mean(-1), weights=weights))


def _mean(values: np.ndarray) -> np.ndarray:
    """The windows' weighted means, of each channel."""
    return gaussian_filter(values, SIGMA, truncate=TRUNCATE, axes=(0, 1))


def _reduced(values: np.ndarray, factor: int) -> np.ndarray:
    """Means of squares of so many pixels; what is left over at the right and below is left out."""
    if factor == 1:
        return values
    height, width = (side // factor for side in values.shape[:2])
    cut = values[: height * factor, : width * factor]
    return cut.reshape(height, factor, width, factor, *values.shape[2:]).mean((1, 3))
