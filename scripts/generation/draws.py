"""What is random about an image that no noise is drawn for: a function of its seed alone."""

import numpy as np

from common.randomness import derive_seed


class Draws:
    """Numbers drawn one after the other for one purpose of one image.

    Philox is counter-based (Salmon et al., SC 2011), and NumPy keeps its values, unlike those of
    the distributions, from release to release: only its even fractions are used.
    """

    def __init__(self, seed: int, purpose: str):
        self._generator = np.random.Generator(np.random.Philox(derive_seed(seed, purpose)))

    def between(self, low: float, high: float) -> float:
        """At least low and below high, or low where they are equal."""
        return low + (high - low) * self._generator.random()

    def below(self, count: int) -> int:
        """A whole number, 0 to count - 1."""
        return int(count * self._generator.random())
