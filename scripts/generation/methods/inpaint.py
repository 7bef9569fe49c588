"""Inpainting: a defect is made inside a mask on a photo, which stays what it is elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from common import images, masks, runtime
from common.errors import StageError
from diffusion import inpainting, latents
from diffusion.base_model import Pipeline
from generation import placing, window
from generation.draws import Draws
from generation.feather import feathered
from generation.methods.img2img import Denoiser
from generation.methods.method import Made, Method, Settings, Shot
from generation.methods.pasted import remark_of
from generation.placing import Range
from generation.shapes import SHAPES
from generation.window import Window
from lora.layers import Rows

TRAINING = "training"  # masks of defects that LoRAs learn; the other sources are those of SHAPES


@dataclass(frozen=True)
class Options:
    """Where defects are made: in the shape of `mask`, scaled so much when it is placed, and so many
    pixels around it in which what is made passes into the photo."""

    mask: str
    mask_scale_min: float
    mask_scale_max: float
    feather: int

    def __post_init__(self):
        words = (TRAINING, *SHAPES)
        if self.mask not in words:
            raise StageError(f"mask {self.mask!r} is unknown; use {', '.join(words)}")


@dataclass(frozen=True)
class Plot:
    """A place on a photo, (H, W, 3) uint8, to be made anew where the mask, (H, W) bool, is true."""

    photo: np.ndarray
    mask: np.ndarray
    off_part: bool
    too_small: bool
    window: Window
    feather: int

    def filled(self, signed: torch.Tensor) -> Made:
        """The photo with what was made of its window, (3, R, R) about -1..1, in the mask."""
        share = np.zeros(self.mask.shape, np.float32)
        self.window.cut(share)[...] = feathered(self.window.cut(self.mask), self.feather)
        made = images.to_uint8(signed).permute(1, 2, 0).numpy()
        result = self.window.put_back(self.photo, made, share)
        return Made(
            torch.from_numpy(result).permute(2, 0, 1),
            decoded=signed,
            mask=torch.from_numpy(share > 0),
            remark=remark_of(self.photo, result, self.mask, self.too_small, self.off_part),
        )


class Inpaint(Denoiser):
    """Makes the window around each mask at the base model's resolution, and puts it back."""

    def __init__(self, settings: Settings, pipeline: Pipeline, rows: Rows):
        super().__init__(settings, pipeline, rows)
        self.shown = inpainting.is_shown_masks(pipeline)

    def make(self, shots: list[Shot], on_step: Callable[[int], None]) -> list[Made]:
        """Images of one batch, each of its photo's size."""
        runtime.stop_if_cancelled()
        plots = [self.plot(shot) for shot in shots]
        generators = [torch.Generator("cpu").manual_seed(shot.seed) for shot in shots]
        pixels = np.stack([plot.window.seen(plot.photo) for plot in plots])
        covered = np.stack([plot.window.seen_mask(plot.mask) for plot in plots])
        masked = inpainting.masked(
            self.pipeline,
            torch.from_numpy(pixels).permute(0, 3, 1, 2),
            torch.from_numpy(covered),
            generators,
            self.settings.strength,
        )
        styles = [shot.style for shot in shots]
        put_back = None if self.shown else partial(masked.put_back, self.pipeline)
        with masked.on(self.pipeline, self.settings.strength):
            made = self.denoised(styles, masked.start, generators, on_step, put_back)
        decoded = latents.decode(self.pipeline.vae, made)
        return [plot.filled(signed) for plot, signed in zip(plots, decoded, strict=True)]

    def plot(self, shot: Shot) -> Plot:
        """Where an image is made anew, by its seed alone."""
        options = self.settings.options
        photo = images.read_whole(shot.source, self.settings.rendering)
        scales = Range(options.mask_scale_min, options.mask_scale_max)
        draws = Draws(shot.seed, "inpaint/place")
        if options.mask == TRAINING:
            if not shot.masks:
                raise StageError("method inpaint needs a mask where options.mask is training")
            placed = placing.place(masks.union(shot.masks), photo, scales, draws)
        else:
            placed = placing.place_shape(options.mask, photo, scales, draws)
        place = window.around(placed.mask, options.feather, self.settings.resolution)
        # What is less than one latent is nothing that a network could draw.
        cell = self.pipeline.vae_scale_factor**2
        too_small = placed.too_small or int(place.seen_mask(placed.mask).sum()) < cell
        return Plot(photo, placed.mask, placed.off_part, too_small, place, options.feather)


METHOD = Method(
    name="inpaint",
    needs=frozenset({"base", "source"}),
    takes=frozenset({"lora", "mask"}),
    denoises=True,
    maker=Inpaint,
    masks=True,
    options=Options,
)
