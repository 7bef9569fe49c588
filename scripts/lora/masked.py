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


def areas_of(
    posterior: Posterior, masks: torch.Tensor | None, outside: float, resolution: int
) -> torch.Tensor:
    """What the latents' errors count for, as in Role: 1 where a latent has a pixel of the mask,
    `outside` elsewhere. Of an image without a mask, or with an empty one, all counts.

    These are the weights M + outside (1 - M) of DefectFill (Song et al., CVPR 2025, arXiv
    2503.13985). kohya-ss/sd-scripts' --masked_loss is outside 0, but for its mean over all latents,
    by which a small defect moves the LoRA less.
    """
    variants, count, _, *size = posterior.mean.shape
    if masks is None:
        return torch.ones(()).expand(variants, count, 1, *size)
    cells = latents.cells_of(_seen(masks), resolution // size[0])
    return _mirrored(torch.where(cells > 0, 1.0, outside), variants)


def besides_of(
    pipeline: Pipeline, posterior: Posterior, pixels: torch.Tensor, masks: torch.Tensor | None
) -> torch.Tensor:
    """What a denoiser is shown beside the latents of images (N, 3, R, R), as in Role: nothing, or
    what is masked of each, and the latents of the image without it.

    That is the image's defect, as in DefectFill, or all of it where there is no mask. The latents
    are the autoencoder's mean.
    """
    if not inpainting.is_shown_masks(pipeline):
        return posterior.mean[:, :, :0]
    variants = len(posterior.mean)
    if masks is None:
        masks = torch.zeros(len(pixels), *pixels.shape[-2:], dtype=torch.bool)
    cells = latents.cells_of(_seen(masks), pipeline.vae_scale_factor)
    kept = inpainting.without(pixels, cells)
    hidden = latents.encode(pipeline.vae, kept, flip=variants > 1)
    shown = _mirrored(cells, variants).to(hidden.mean)
    return torch.cat([shown, hidden.mean * hidden.scaling_factor], dim=2)


def _seen(masks: torch.Tensor) -> torch.Tensor:
    """Masks (N, R, R) bool, the whole square for those that are empty or out of sight."""
    return masks | ~masks.any(2, keepdim=True).any(1, keepdim=True)


def _mirrored(columns: torch.Tensor, variants: int) -> torch.Tensor:
    """(V, N, ...) of (N, ...): as they are, and with two variants mirrored."""
    return torch.stack([columns, columns.flip(-1)][:variants])
