"""What families whose denoiser is a UNet have in common."""

from diffusers import DiffusionPipeline


def load_lora(
    pipeline: DiffusionPipeline, tensors: dict, alphas: dict, metadata: dict | None, adapter: str
) -> None:
    """Put the UNet's part of a LoRA on it."""
    pipeline.load_lora_into_unet(tensors, alphas, pipeline.unet, adapter, metadata=metadata)
