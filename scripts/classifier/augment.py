"""Training-time augmentation of image batches, with draws that depend on (seed, step, slot) only.

- `none`: as they are.
- `mild`, since a defect may be small: crops keep at least 80 % of the side, flips both ways
  (surfaces have no up and down), brightness and contrast vary by 10 %.
- `trivial`: one operation an image, of any strength (TrivialAugment, Müller and Hutter, ICCV 2021,
  as torchvision has it).
- `cutmix`: mild, and then a piece of each image comes from another of the batch, whose class the
  label has a part of (CutMix, Yun et al., ICCV 2019, as torchvision has it); one piece a step.
"""

import torch
import torch.nn.functional as F
from torchvision.transforms import v2

from common import randomness, runtime
from common.errors import StageError

MIN_SIDE = 0.8
BRIGHTNESS = 0.1  # of full scale
CONTRAST = 0.1


def augment(
    kind: str, pixels: torch.Tensor, labels: torch.Tensor, classes: int, seed: int, step: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, 3, R, R) uint8 to float 0..255 of the same shape, and labels (B,) to targets of
    cross entropy: the same, or (B, classes) shares; `step` counts from 0."""
    if kind not in KINDS:
        raise StageError(f"augment {kind!r} is unknown; use {', '.join(KINDS)}")
    if kind == "none":
        return pixels.float(), labels
    if kind == "trivial":
        return trivial(pixels, seed, step), labels
    mixed = mild(pixels, seed, step)
    if kind == "mild":
        return mixed, labels
    torch.manual_seed(randomness.derive_seed(seed, "cutmix", step))
    return v2.CutMix(num_classes=classes)(mixed, labels)


KINDS = ("none", "mild", "trivial", "cutmix")


def trivial(pixels: torch.Tensor, seed: int, step: int) -> torch.Tensor:
    """TrivialAugmentWide of each image; torchvision draws from torch's own generator."""
    transform, varied = v2.TrivialAugmentWide(), []
    for slot, image in enumerate(pixels):
        torch.manual_seed(randomness.derive_seed(seed, "augment", step, slot))
        varied.append(transform(image))
    return torch.stack(varied).float()


def mild(pixels: torch.Tensor, seed: int, step: int) -> torch.Tensor:
    """Crops, flips, brightness and contrast: (B, 3, R, R) uint8 to float 0..255."""
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
