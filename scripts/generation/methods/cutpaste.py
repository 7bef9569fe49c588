"""CutPaste: a piece of a good photo at another place of it (Li, Sohn, Yoon and Pfister, CVPR 2021,
arXiv 2104.04015); sizes and colours as in github.com/Runinho/pytorch-cutpaste.

As often a patch as a scar, as in the paper's CutPaste of both. Unlike there, most of it must come
to lie on the part: background on background is no defect. And an image of a good part is made by
the same operation, the piece going back to its own place: colours jump at an edge in either class,
and what a defect is told by is what is out of place. In the paper good photos stay as they are.
"""

import math

import numpy as np
from PIL import Image
from PIL.Image import Resampling
from torchvision.transforms import functional

from common import images
from generation.draws import Draws
from generation.methods.method import Made, Method, Settings, Shot
from generation.methods.pasted import OneByOne, pasted
from generation.placing import Range, around, place

AREAS = (0.02, 0.15)  # of a patch, as shares of the photo's
ASPECT = 0.3  # of a patch, width to height, to its inverse
# A scar's, in pixels of a photo of 256×256; of others in proportion to the shorter side.
SCAR_WIDTHS, SCAR_HEIGHTS, SCAR_SIDE = (2, 16), (10, 25), 256
SCAR_ANGLES = (-45.0, 45.0)
JITTER = 0.1  # of brightness, contrast, saturation and hue
ON_PART = 0.5  # at least, of a piece


class CutPaste(OneByOne):
    """Moves a piece of each source, at its own size."""

    def __init__(self, settings: Settings, *_: None):
        self.rendering = settings.rendering

    def one(self, shot: Shot) -> Made:
        """The source with a piece of it moved."""
        photo = images.read_whole(shot.source, self.rendering)
        return moved(photo, shot.good, Draws(shot.seed, "cutpaste"))


def moved(photo: np.ndarray, good: bool, draws: Draws) -> Made:
    """A photo, (H, W, 3) uint8, with a piece of it at another place, or if good at its own."""
    (height, width), angles = _patch(photo, draws), (0.0, 0.0)
    if draws.below(2):
        (height, width), angles = _scar(photo, draws), SCAR_ANGLES
    piece = np.ones((height, width), bool)
    placed = place(piece, photo, Range(1.0, 1.0, angles, ON_PART), draws)
    row, column = (draws.below(n - m + 1) for n, m in zip(photo.shape, piece.shape, strict=False))
    pose = placed.pose.taking((column + width / 2, row + height / 2))
    box = around(placed.mask, 0)
    window = np.s_[box[0] : box[1], box[2] : box[3]]
    # Nearest pixels, so that what is turned is no softer than what is not.
    patch = photo[window] if good else pose.cut(photo, box, Resampling.NEAREST)
    after = photo.copy()
    after[placed.mask] = _jittered(patch, draws)[placed.mask[window]]
    return pasted(photo, after, placed.mask, placed)


def _patch(photo: np.ndarray, draws: Draws) -> tuple[int, int]:
    """Height and width of a patch."""
    area = draws.between(*AREAS) * photo.shape[0] * photo.shape[1]
    aspect = math.exp(draws.between(math.log(ASPECT), -math.log(ASPECT)))
    return _fitting(photo, math.sqrt(area / aspect), math.sqrt(area * aspect))


def _scar(photo: np.ndarray, draws: Draws) -> tuple[int, int]:
    """Height and width of a scar."""
    scale = min(photo.shape[:2]) / SCAR_SIDE
    width, height = (scale * draws.between(*sizes) for sizes in (SCAR_WIDTHS, SCAR_HEIGHTS))
    return _fitting(photo, height, width)


def _fitting(photo: np.ndarray, height: float, width: float) -> tuple[int, int]:
    """In whole pixels of the photo, one at least."""
    rows, columns = photo.shape[:2]
    return min(max(round(height), 1), rows), min(max(round(width), 1), columns)


def _jittered(patch: np.ndarray, draws: Draws) -> np.ndarray:
    """Other colours, as torchvision's ColorJitter makes them of a Pillow image, in one order."""
    picture = Image.fromarray(patch)
    for adjust in (
        functional.adjust_brightness,
        functional.adjust_contrast,
        functional.adjust_saturation,
    ):
        picture = adjust(picture, draws.between(1 - JITTER, 1 + JITTER))
    return np.asarray(functional.adjust_hue(picture, draws.between(-JITTER, JITTER)))


METHOD = Method(
    name="cutpaste",
    needs=frozenset({"source"}),
    takes=frozenset(),
    denoises=False,
    maker=CutPaste,
    masks=True,
)
