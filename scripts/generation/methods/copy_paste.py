"""Copy and paste: a real defect, cut out by its mask, in a photo of a good part (Ghiasi et al.,
Simple Copy-Paste, CVPR 2021, arXiv 2012.07177, by the masks of defects).

It is turned, scaled and placed where the part is. An image of a good part is made by the same
operation: a piece of another good photo's part in the shape of a defect's mask, so that no edge,
turn or blur tells the classes apart.
"""

from dataclasses import dataclass, replace

import numpy as np

from common import images, masks
from common.errors import StageError
from generation import feather
from generation.draws import Draws
from generation.methods.method import Made, Method, Settings, Shot
from generation.methods.pasted import OneByOne, pasted
from generation.part import part
from generation.placing import AS_IS, Placed, Range, around, place
from generation.shapes import cropped

MARGIN = 2  # pixels between a piece of a good part, and where the part may end


@dataclass(frozen=True)
class Options:
    """`blend` is plain or poisson; `feather` the pixels around the mask in which the patch passes
    into the photo, or for poisson those that are blended with it."""

    blend: str
    mask_scale_min: float
    mask_scale_max: float
    feather: int

    def __post_init__(self):
        if self.blend not in BLENDS:
            raise StageError(f"blend {self.blend!r} is unknown; use {' or '.join(BLENDS)}")


def poisson(photo: np.ndarray, patch: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A patch that takes the photo's colours at its edge, which is that of its feather."""
    from generation.poisson import blended  # SciPy takes long to import, and only this needs it

    return blended(photo, patch, seen > 0)


BLENDS = {"plain": feather.mixed, "poisson": poisson}


class CopyPaste(OneByOne):
    """Pastes each shot's masked defect into its source, at the source's own size."""

    def __init__(self, settings: Settings, *_: None):
        self.rendering, self.options = settings.rendering, settings.options
        self.poses = Range(self.options.mask_scale_min, self.options.mask_scale_max)

    def one(self, shot: Shot) -> Made:
        """The source with the defect pasted in."""
        photo, donor = (
            images.read_whole(path, self.rendering) for path in (shot.source, shot.defect)
        )
        mask, draws = masks.union(shot.masks), Draws(shot.seed, "copy_paste")
        cut = self._piece(mask, donor, draws) if shot.good else None
        if not cut and mask.shape != donor.shape[:2]:
            raise StageError(
                f"mask {shot.masks[0]} has {mask.shape[1]}×{mask.shape[0]} pixels, and image"
                f" {shot.defect} {donor.shape[1]}×{donor.shape[0]}: give it a mask of its own size"
            )
        placed = place(mask, photo, self.poses, draws)
        return self._pasted(photo, donor, placed, cut)

    def _piece(self, mask: np.ndarray, donor: np.ndarray, draws: Draws) -> Placed:
        """Where a good part is cut out, which is anywhere on it: the mask, of another photo, may
        lie beside it. None of the background shall come along, in the feather neither: what no
        place is found for is cut to the part."""
        width = self.options.feather + MARGIN
        wide = feather.grown(np.pad(cropped(mask), width), width)
        return place(wide, donor, replace(AS_IS, on_part=1.0), draws)

    def _pasted(
        self, photo: np.ndarray, donor: np.ndarray, placed: Placed, cut: Placed | None
    ) -> Made:
        """The image, of which only the box around the mask and its feather is computed."""
        changed, after = np.zeros_like(placed.mask), photo.copy()
        if placed.mask.any():
            width = self.options.feather
            box = around(placed.mask, width + 1)
            window = np.s_[box[0] : box[1], box[2] : box[3]]
            pose = placed.pose.taking(cut.pose.target) if cut else placed.pose
            piece = placed.mask[window]
            if cut and cut.off_part:
                piece = piece & ~feather.grown(~pose.mask(part(donor), box), width)
                placed.mask[window] = piece
            seen = feather.feathered(piece, width)
            blend = BLENDS[self.options.blend]
            after[window] = blend(photo[window], pose.cut(donor, box), seen)
            changed[window] = seen > 0
        return pasted(photo, after, changed, placed)


METHOD = Method(
    name="copy_paste",
    needs=frozenset({"source", "defect", "mask"}),
    takes=frozenset(),
    denoises=False,
    maker=CopyPaste,
    masks=True,
    options=Options,
)
