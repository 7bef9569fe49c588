"""Sample pictures of the small base model, as grids."""

from pathlib import Path

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from PIL import Image

import tiny_sd_data
from common import images


def write_grid(rows: list[torch.Tensor], path: Path) -> None:
    """Write rows of grey uint8 (N, 3, R, R) as one PNG of a single channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    strips = [torch.cat(list(row[:, 0]), dim=-1) for row in rows]
    Image.fromarray(torch.cat(strips).numpy()).save(path, optimize=True)


def text_to_image(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    count: int,
    steps: int,
    guidance: float,
) -> torch.Tensor:
    """`count` pictures from noise alone, uint8 (N, 3, R, R); picture i has seed i."""
    return _run(
        pipeline,
        prompt,
        count,
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=tiny_sd_data.RESOLUTION,
        width=tiny_sd_data.RESOLUTION,
    )


def image_to_image(
    pipeline: StableDiffusionPipeline,
    prompt: str,
    pixels: torch.Tensor,
    strength: float,
    steps: int,
    guidance: float,
) -> torch.Tensor:
    """Each of uint8 (N, 3, R, R) redrawn."""
    img2img = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    img2img.set_progress_bar_config(disable=True)
    return _run(
        img2img,
        prompt,
        len(pixels),
        image=pixels.float() / 255.0,
        strength=strength,
        num_inference_steps=steps,
        guidance_scale=guidance,
    )


def _run(pipeline, prompt: str, count: int, **arguments) -> torch.Tensor:
    generators = [torch.Generator("cpu").manual_seed(i) for i in range(count)]
    output = pipeline([prompt] * count, generator=generators, output_type="pt", **arguments)
    return images.to_uint8(output.images * 2 - 1)
