"""What families whose denoiser is a transformer have in common."""

from diffusers import DiffusionPipeline


def load_lora(
    pipeline: DiffusionPipeline, tensors: dict, metadata: dict | None, adapter: str
) -> None:
    """Put a LoRA on the transformer; its alpha is in the metadata."""
    pipeline.load_lora_into_transformer(tensors, pipeline.transformer, adapter, metadata=metadata)
