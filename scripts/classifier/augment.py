"""Training-time augmentation of image batches, with draws that depend on (seed, step, slot) only.

Mild, since a defect may be small: crops keep at least 80 % of the side, flips both ways (surfaces
have no up and down), brightness and contrast vary by 10 %.
"""

import torch
import torch.nn.functional as F

from common import randomness, runtime

MIN_SIDE = 0.8
BRIGHTNESS = 0.1  # of full scale
CONTRAST = 0.1


def augment(pixels: torch.Tensor, seed: int, step: int) -> torch.Tensor:
    """(B, 3, R, R) uint8 to float 0..255 of the same shape; `step` counts from 0."""
    count = len(pixels)
    # One row of uniform numbers a slot, so that the batch size changes nobody's draws.
    rows = [
        torch.rand(7, generator=randomness.generator(seed, "augment", step, slot))
        for slot in range(count)
    ]
    side, x, y, flip_x, flip_y, brightness, contrast = torch.stack(rows).unbind(1)
    side = MIN_SIDE + (1 - MIN_SIDE) * side
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0] = side * torch.where(flip_x < 0.5, -1.0, 1.0)
    affine[:, 1, 1] = side * torch.where(flip_y < 0.5, -1.0, 1.0)
    affine[:, 0, 2] = (1 - side) * (2 * x - 1)
    affine[:, 1, 2] = (1 - side) * (2 * y - 1)
    affine = runtime.to_device(affine, pixels.device)
    grid = F.affine_grid(affine, list(pixels.shape), align_corners=False)
    cropped = F.grid_sample(
        pixels.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    gain = (1 + CONTRAST * (2 * contrast - 1)).view(-1, 1, 1, 1)
    shift = (255 * BRIGHTNESS * (2 * brightness - 1)).view(-1, 1, 1, 1)
    gain, shift = (runtime.to_device(part, pixels.device) for part in (gain, shift))
    centre = cropped.mean(dim=(1, 2, 3), keepdim=True)
    return ((cropped - centre) * gain + centre + shift).clamp(0, 255)
