"""What the masks of defects are to a training: what counts in the loss, and what is shown to a base
model that is made for inpainting."""

import torch

from common import images
from diffusion import inpainting, latents
from diffusion.base_model import Pipeline
from diffusion.latents import Posterior
from lora.spec import Spec


def read(spec: Spec) -> dict[str, torch.Tensor]:
    """Masks of the images of each concept that has any, (N, R, R) bool."""
    return {
        name: torch.cat(
            [images.read_mask(files, spec.resolution, spec.rendering) for files in concept.masks]
        )
        for name, concept in spec.concepts().items()
        if concept.masks
    }


def cells_of(masks: torch.Tensor | None, posterior: Posterior, resolution: int) -> torch.Tensor:
    """Which latents of images are masked, (N, 1, h, w) float32, 1 or 0: those that have a pixel of
    the mask, and of an image without a mask, or with an empty one, all."""
    _, count, _, *size = posterior.mean.shape
    if masks is None:
        return torch.ones(()).expand(count, 1, *size)
    return latents.cells_of(_seen(masks), resolution // size[0])


def areas_of(cells: torch.Tensor, outside: float, variants: int) -> torch.Tensor:
    """What the latents' errors count for, as in Role: 1 where they are masked, else `outside`.

    These are the weights M + outside (1 - M) of DefectFill (Song et al., CVPR 2025, arXiv
    2503.13985). kohya-ss/sd-scripts' --masked_loss is outside 0, but for its mean over all latents,
    by which a small defect moves the LoRA less.
    """
    return _mirrored(torch.where(cells > 0, 1.0, outside), variants)


def besides_of(
    pipeline: Pipeline, posterior: Posterior, pixels: torch.Tensor, cells: torch.Tensor
) -> torch.Tensor:
    """What a denoiser is shown beside the latents of images (N, 3, R, R), as in Role: nothing, or
    what is masked of each, and the latents of the image without it, as in DefectFill.

    The latents are the autoencoder's mean.
    """
    if not inpainting.is_shown_masks(pipeline):
        return posterior.mean[:, :, :0]
    variants = len(posterior.mean)
    hidden = inpainting.without(pipeline.vae, pixels, cells, flip=variants > 1)
    shown = _mirrored(cells, variants).to(hidden.mean)
    return torch.cat([shown, hidden.scaled(hidden.mean)], dim=2)


def _seen(masks: torch.Tensor) -> torch.Tensor:
    """Masks (N, R, R) bool, the whole square for those that are empty or out of sight."""
    return masks | ~masks.any(2, keepdim=True).any(1, keepdim=True)


def _mirrored(columns: torch.Tensor, variants: int) -> torch.Tensor:
    """(V, N, ...) of (N, ...): as they are, and with two variants mirrored."""
    return torch.stack([columns, columns.flip(-1)][:variants])
