"""What methods answer that paste into photos."""

from collections.abc import Callable

import numpy as np
import torch

from common import runtime
from generation.methods.method import OFF_PART, TOO_SMALL, UNCHANGED, Made, Shot
from generation.placing import Placed

LEAST_CHANGE = 2.0  # of 255: what changes less on average is not seen


def pasted(before: np.ndarray, after: np.ndarray, changed: np.ndarray, placed: Placed) -> Made:
    """A photo, before and after, (H, W, 3) uint8, where it may have changed, (H, W) bool, and by
    what mask on it."""
    remark = remark_of(before, after, changed, placed.too_small, placed.off_part)
    return Made(torch.from_numpy(after).permute(2, 0, 1), None, torch.from_numpy(changed), remark)


def remark_of(
    before: np.ndarray, after: np.ndarray, mask: np.ndarray, too_small: bool, off_part: bool
) -> str:
    """What is to be said of a photo that was changed inside a mask, the first of what holds."""
    if too_small:
        return TOO_SMALL
    if off_part:
        return OFF_PART
    return UNCHANGED if unchanged(before, after, mask) else ""


class OneByOne:
    """Makes each image of a batch by itself."""

    def make(self, shots: list[Shot], on_step: Callable[[int], None]) -> list[Made]:
        """Images of one batch."""
        made = []
        for shot in shots:
            runtime.stop_if_cancelled()
            made.append(self.one(shot))
        return made

    def one(self, shot: Shot) -> Made:
        """One image."""
        raise NotImplementedError


def unchanged(before: np.ndarray, after: np.ndarray, mask: np.ndarray) -> bool:
    """Whether a photo looks as before inside the mask: the mean absolute difference there is below
    LEAST_CHANGE."""
    difference = np.abs(before[mask].astype(np.int16) - after[mask])
    return difference.size > 0 and float(difference.mean()) < LEAST_CHANGE
