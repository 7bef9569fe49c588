"""Inpainting: a picture is made anew inside a mask, and stays what it was outside.

As diffusers' StableDiffusionInpaintPipeline and StableDiffusionXLInpaintPipeline do it, on img2img
pipelines, with autoencoders of any number of channels: those two compare a UNet's input channels
with 4 and 9, the numbers of an autoencoder of 4.

A UNet that takes latents of C channels has what is outside put back after each step. One made for
inpainting takes 2 C + 1, and is shown besides what is masked, and the latents of the picture
without it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.utils.torch_utils import randn_tensor

from common import images
from common.errors import StageError
from diffusion import base_model, latents
from diffusion.base_model import Pipeline
from diffusion.from_latents import FromLatents
from diffusion.latents import Posterior


def is_shown_masks(pipeline: Pipeline) -> bool:
    """Whether the denoiser takes a mask and the latents of a masked picture besides; StageError for
    one that takes anything else."""
    channels = pipeline.vae.config.latent_channels
    taken = base_model.denoiser(pipeline).config.in_channels
    if taken not in (channels, 2 * channels + 1):
        raise StageError(
            f"the base model's denoiser takes {taken} channels, and its autoencoder has {channels}:"
            f" use a base model that takes {channels}, or {2 * channels + 1} for inpainting"
        )
    return taken != channels


def refuse_shown_masks(pipeline: Pipeline, use: str) -> None:
    """StageError where the denoiser must be shown a mask, and there is none."""
    if is_shown_masks(pipeline):
        raise StageError(
            f"the base model was made for inpainting, and {use} has no mask to show it: use"
            " `generate.method: inpaint`, or another base model"
        )


@dataclass(frozen=True)
class Masked:
    """B pictures that are inpainted, all on the denoiser's device and of its type.

    cells: (B, 1, h, w), 1 where latents are made anew, otherwise 0; start, hidden: (B, C, h, w),
    scaled latents of the pictures, and of the pictures without what is masked, for a denoiser that
    is shown them; noise: (B, C, h, w).
    """

    cells: torch.Tensor
    start: torch.Tensor
    hidden: torch.Tensor
    noise: torch.Tensor

    @contextmanager
    def on(self, pipeline: FromLatents, strength: float) -> Iterator[None]:
        """Within it, a call of an img2img pipeline begins with these pictures' noise, at strength 1
        with nothing else, and a denoiser that takes masks is shown them."""
        pipeline.noise, pipeline.hides_start = self.noise, strength == 1
        besides = torch.cat([self.cells, self.hidden], dim=1)

        def show(_: torch.nn.Module, args: tuple) -> tuple:
            sample, *rest = args  # once, or with guidance twice as many samples
            shown = besides.repeat(len(sample) // len(besides), 1, 1, 1)
            return (torch.cat([sample, shown], dim=1), *rest)

        denoiser = base_model.denoiser(pipeline)
        hook = denoiser.register_forward_pre_hook(show) if is_shown_masks(pipeline) else None
        try:
            yield
        finally:
            pipeline.noise, pipeline.hides_start = None, False
            if hook:
                hook.remove()

    def put_back(self, pipeline: Pipeline, step: int, latents: torch.Tensor) -> torch.Tensor:
        """The latents after a step, counted from 0, with the pictures' own outside the mask, as
        noisy as those of the next step are."""
        kept = self.start
        left = pipeline.scheduler.timesteps[-pipeline.num_timesteps :][step + 1 :]
        if len(left):
            kept = pipeline.scheduler.add_noise(kept, self.noise, left[:1])
        return (1 - self.cells) * kept + self.cells * latents


def masked(
    pipeline: Pipeline,
    pixels: torch.Tensor,
    masks: torch.Tensor,
    generators: list[torch.Generator],
    strength: float,
) -> Masked:
    """Pictures (B, 3, R, R) uint8 to be made anew where masks (B, R, R) are true.

    A latent is made anew as a whole where any of its pixels is: diffusers looks at one of them, by
    which a scratch is lost. So much is hidden too. Each picture's draws come from its generator, in
    diffusers' order.
    """
    network, vae = base_model.denoiser(pipeline), pipeline.vae
    cells = latents.cells_of(masks, pipeline.vae_scale_factor)
    start = latents.encode(vae, pixels)
    # What begins with noise alone, and is shown the rest, is not drawn by diffusers either.
    shown = is_shown_masks(pipeline)
    unseen = strength == 1 and shown
    clean = torch.zeros_like(start.mean[0]) if unseen else start.drawn(generators)
    noise = randn_tensor(
        clean.shape, generator=generators, device=clean.device, dtype=network.dtype
    )
    # diffusers draws these for every denoiser; only one that is shown masks sees them.
    hidden = (without(vae, pixels, cells) if shown else start).drawn(generators)
    on = {"device": network.device, "dtype": network.dtype}
    return Masked(cells.to(**on), clean.to(**on), hidden.to(**on), noise.to(**on))


def without(
    vae: AutoencoderKL, pixels: torch.Tensor, cells: torch.Tensor, flip: bool = False
) -> Posterior:
    """What the encoder says, as in latents.encode, of pictures (N, 3, R, R) uint8 without the
    pixels of masked latents, (N, 1, h, w): with grey in their place.

    One after another: in float32 all of them would take many times the memory.
    """
    parts = []
    for picture, masked in zip(pixels.split(1), cells.split(1), strict=True):
        kept = 1 - F.interpolate(masked, size=picture.shape[-2:])
        parts.append(latents.encode(vae, images.to_signed(picture) * kept, flip))
    means, stds = (torch.cat([getattr(p, name) for p in parts], 1) for name in ("mean", "std"))
    return replace(parts[0], mean=means, std=stds)
