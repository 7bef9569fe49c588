"""diffusers' img2img pipeline, started from latents that were encoded elsewhere."""

import torch
from diffusers import StableDiffusionImg2ImgPipeline
from diffusers.utils.torch_utils import randn_tensor


class LatentImg2Img(StableDiffusionImg2ImgPipeline):
    """Takes (B, C, h, w) scaled latents as `image`, whatever C is.

    diffusers itself takes an image for latents only where it has 4 channels, and encodes others in
    the dtype of the UNet, in which the autoencoder (float32 here) may not be.
    """

    @classmethod
    def sharing(cls, pipeline: StableDiffusionImg2ImgPipeline) -> "LatentImg2Img":
        """The same modules, and so the same adapters, as `pipeline`."""
        shared = cls(**pipeline.components, requires_safety_checker=False)
        shared.image_processor.register_to_config(
            vae_latent_channels=pipeline.vae.config.latent_channels
        )
        shared.set_progress_bar_config(disable=True)
        return shared

    def prepare_latents(
        self, image, timestep, batch_size, num_images_per_prompt, dtype, device, generator=None
    ) -> torch.Tensor:
        """Add the noise of `timestep`, drawn from each image's own generator."""
        start = image.to(device=device, dtype=dtype)
        noise = randn_tensor(start.shape, generator=generator, device=device, dtype=dtype)
        return self.scheduler.add_noise(start, noise, timestep)
