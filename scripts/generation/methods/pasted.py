"""What methods answer that paste into photos."""

import numpy as np
import torch

from generation.methods.method import OFF_PART, TOO_SMALL, UNCHANGED, Made
from generation.placing import Placed

LEAST_CHANGE = 2.0  # of 255: what changes less on average is not seen


def pasted(before: np.ndarray, after: np.ndarray, changed: np.ndarray, *placed: Placed) -> Made:
    """A photo, before and after, (H, W, 3) uint8, where it may have changed, (H, W) bool, and by
    what: the mask on the photo, and after it those on other photos that it was cut from."""
    remark = ""
    if placed[0].too_small:
        remark = TOO_SMALL
    elif any(each.off_part for each in placed):
        remark = OFF_PART
    elif unchanged(before, after, changed):
        remark = UNCHANGED
    return Made(torch.from_numpy(after).permute(2, 0, 1), None, torch.from_numpy(changed), remark)


def unchanged(before: np.ndarray, after: np.ndarray, mask: np.ndarray) -> bool:
    """Whether a photo looks as before inside the mask: the mean absolute difference there is below
    LEAST_CHANGE."""
    difference = np.abs(before[mask].astype(np.int16) - after[mask])
    return difference.size > 0 and float(difference.mean()) < LEAST_CHANGE
