"""diffusers' img2img pipelines, started from latents that were encoded elsewhere."""

from typing import Any

import torch
from diffusers.utils.torch_utils import randn_tensor


class FromLatents:
    """Takes (B, C, h, w) scaled latents as `image`, whatever C is.

    diffusers itself takes an image for latents only where it has 4 channels, and encodes others in
    the dtype of the UNet, in which the autoencoder (float32 here) may not be.
    """

    noise: torch.Tensor | None = None  # (B, C, h, w) to be added; drawn here without
    hides_start = False  # begin with noise alone, as diffusers' inpainting does at strength 1

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
        noise = self.noise
        if noise is None:
            noise = randn_tensor(start.shape, generator=generator, device=device, dtype=dtype)
        if self.hides_start:
            return noise * self.scheduler.init_noise_sigma
        return self.scheduler.add_noise(start, noise, timestep)


class SizedFromLatents(FromLatents):
    """The same for pipelines that are told the size of the picture, which have one of their own."""

    def __call__(self, image: torch.Tensor, **arguments: Any) -> Any:
        """Make pictures of the latents' size."""
        height, width = (side * self.vae_scale_factor for side in image.shape[-2:])
        return super().__call__(image=image, height=height, width=width, **arguments)
