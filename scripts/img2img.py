"""diffusers' img2img pipelines, started from latents that were encoded elsewhere."""

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from diffusers.utils.torch_utils import randn_tensor

import base_model
from base_model import Pipeline


class FromLatents:
    """Takes (B, C, h, w) scaled latents as `image`, whatever C is.

    diffusers itself takes an image for latents only where it has 4 channels, and encodes others in
    the dtype of the UNet, in which the autoencoder (float32 here) may not be.
    """

    def prepare_latents(
        self,
        image,
        timestep,
        batch_size,
        num_images_per_prompt,
        dtype,
        device,
        generator=None,
        add_noise=True,
    ) -> torch.Tensor:
        """Add the noise of `timestep`, drawn from each image's own generator."""
        start = image.to(device=device, dtype=dtype)
        noise = randn_tensor(start.shape, generator=generator, device=device, dtype=dtype)
        return self.scheduler.add_noise(start, noise, timestep)


class LatentImg2Img(FromLatents, StableDiffusionImg2ImgPipeline):
    """Stable Diffusion 1 and 2."""


class LatentImg2ImgXL(FromLatents, StableDiffusionXLImg2ImgPipeline):
    """Stable Diffusion XL; the sizes that the UNet is told are those of the picture made."""


def sharing(pipeline: Pipeline) -> LatentImg2Img | LatentImg2ImgXL:
    """An img2img pipeline of the same modules, and so the same adapters, as `pipeline`."""
    if base_model.is_xl(pipeline):
        shared = LatentImg2ImgXL(**pipeline.components, add_watermarker=False)
    else:
        shared = LatentImg2Img(**pipeline.components, requires_safety_checker=False)
    shared.image_processor.register_to_config(
        vae_latent_channels=pipeline.vae.config.latent_channels
    )
    shared.set_progress_bar_config(disable=True)
    return shared
