"""img2img in batches whose images may differ in LoRA, prompt, source and seed."""

from collections.abc import Callable
from typing import Any

import torch

from common import images, runtime
from diffusion import base_model, families, inpainting, latents, prompts, samplers
from diffusion.base_model import Pipeline
from generation.methods.method import Made, Method, Settings, Shot, Style
from lora.layers import Rows


class Denoiser:
    """Makes latents of others, on a pipeline with LoRAs beside it, which `rows` lead through."""

    def __init__(self, settings: Settings, pipeline: Pipeline, rows: Rows):
        self.settings = settings
        self.pipeline = families.of(pipeline).starting_from_latents(pipeline)
        self.pipeline.scheduler = samplers.build(settings.sampler, pipeline)
        self.rows = rows

    def denoised(
        self,
        styles: list[Style],
        start: torch.Tensor,
        generators: list[torch.Generator],
        on_step: Callable[[int], None],
        changed: Callable[[int, torch.Tensor], torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Latents made of scaled ones, both (B, C, h, w). After each step, counted from 0,
        `changed` may put others in their place."""
        # Equal LoRAs must be neighbours, and are: images come in the order of their tasks.
        self.rows.samples = [style.lora for style in styles]

        def after_step(_: object, step: int, __: object, kept: dict[str, Any]) -> dict[str, Any]:
            runtime.stop_if_cancelled()
            on_step(step + 1)
            if changed:
                kept["latents"] = changed(step, kept["latents"])
            return kept

        return self.pipeline(
            image=start.to(base_model.denoiser(self.pipeline).dtype),
            **prompts.arguments([style.prompt for style in styles]),
            strength=self.settings.strength,
            num_inference_steps=self.settings.steps,
            guidance_scale=self.settings.guidance,
            generator=generators,
            output_type="latent",
            callback_on_step_end=after_step,
        ).images


class Img2Img(Denoiser):
    """img2img (SDEdit, Meng et al., arXiv 2108.01073)."""

    def __init__(self, settings: Settings, pipeline: Pipeline, rows: Rows):
        inpainting.refuse_shown_masks(pipeline, "img2img")
        super().__init__(settings, pipeline, rows)

    def make(self, shots: list[Shot], on_step: Callable[[int], None]) -> list[Made]:
        """Images of one batch, (3, R, R) each."""
        runtime.stop_if_cancelled()
        generators = [torch.Generator("cpu").manual_seed(shot.seed) for shot in shots]
        sources = [shot.source for shot in shots]
        pixels = images.read_images(sources, self.settings.resolution, self.settings.rendering)
        # Drawn first from each image's generator, as the pipeline itself does with pixels.
        start = latents.encode(self.pipeline.vae, pixels).drawn(generators)
        made = self.denoised([shot.style for shot in shots], start, generators, on_step)
        decoded = latents.decode(self.pipeline.vae, made)
        return [Made(images.to_uint8(signed), signed) for signed in decoded]


METHOD = Method(
    name="img2img",
    needs=frozenset({"base", "source"}),
    takes=frozenset({"lora"}),
    denoises=True,
    maker=Img2Img,
)
