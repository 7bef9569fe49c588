"""Inpainting in latents: as diffusers' own pipelines do it, for networks of every kind."""

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusion3InpaintPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    UNet2DConditionModel,
    ZImageInpaintPipeline,
)

from common.errors import StageError
from common.framing import PLAIN
from conftest import pipeline as sd_pipeline
from conftest import xl_pipeline
from diffusion import base_model, inpainting
from generation.methods.img2img import Denoiser
from generation.methods.method import Settings, Style
from lora import layers

KINDS = {
    "sd": (sd_pipeline, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline),
    "sdxl": (xl_pipeline, StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline),
}


def widened(pipeline, channels: int):
    """The pipeline with a random UNet that takes so many channels."""
    config = dict(pipeline.unet.config) | {"in_channels": channels}
    pipeline.unet = UNet2DConditionModel.from_config(config)
    return pipeline


def parts(folder, kind: str, channels: int):
    """Our pipeline and diffusers', of the same modules, in float64."""
    build, ours, theirs = KINDS[kind]
    made = widened(build(folder), channels).to(torch.float64)
    made.vae.register_to_config(force_upcast=False)  # or diffusers' for XL encodes in float32
    extra = {"add_watermarker": False} if kind == "sdxl" else {"requires_safety_checker": False}
    shared = {name: part for name, part in made.components.items() if name != "image_encoder"}
    pipelines = [cls(**shared, **extra) for cls in (ours, theirs)]
    for one in pipelines:
        one.set_progress_bar_config(disable=True)
    return pipelines


def pictures(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, 3, 32, 32) uint8, and masks (B, 32, 32) of whole cells of 4 pixels."""
    rng = np.random.default_rng(5)
    pixels = torch.from_numpy(rng.integers(0, 256, (count, 3, 32, 32), dtype=np.uint8))
    cells = torch.from_numpy(rng.random((count, 8, 8)) < 0.3)
    return pixels, cells.repeat_interleave(4, 1).repeat_interleave(4, 2)


def inpainted(pipeline, pixels, masks, seeds, strength, sampler):
    """Latents that we make, after each step."""
    settings = Settings(32, strength, 6, 4.0, sampler, PLAIN)
    steps = []
    with layers.beside(pipeline, []) as rows:
        denoiser = Denoiser(settings, pipeline, rows)
        styles = [Style(pipeline, "", prompt, "no") for prompt in ("a", "b", "c")[: len(seeds)]]
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        masked = inpainting.masked(denoiser.pipeline, pixels, masks, generators, strength)
        shown = inpainting.is_shown_masks(pipeline)

        def after(step, made):
            steps.append(made if shown else masked.put_back(denoiser.pipeline, step, made))
            return steps[-1]

        with masked.on(denoiser.pipeline, strength):
            denoiser.denoised(styles, masked.start, generators, lambda _: None, after)
    return torch.stack(steps)


def of_diffusers(theirs, pixels, masks, strength):
    """Latents that diffusers' pipeline makes of seeds 3 and 4, after each step."""
    steps = []
    theirs(
        prompt=["a", "b"],
        negative_prompt=["no", "no"],
        image=pixels.double() / 255,
        mask_image=masks[:, None].double(),
        height=32,
        width=32,
        strength=strength,
        num_inference_steps=6,
        guidance_scale=4.0,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in (3, 4)],
        output_type="latent",
        callback_on_step_end=lambda _, __, ___, kept: steps.append(kept["latents"]) or kept,
    )
    return steps


@pytest.mark.parametrize(("sampler", "strength"), [("base", 0.7), ("euler_a", 1.0)])
@pytest.mark.parametrize("channels", [4, 9])
@pytest.mark.parametrize("kind", KINDS)
def test_latents_are_those_of_diffusers_in_every_step(tmp_path, kind, channels, sampler, strength):
    ours, theirs = parts(tmp_path, kind, channels)
    pixels, masks = pictures(2)
    made = inpainted(ours, pixels, masks, [3, 4], strength, sampler)
    with layers.beside(ours, []) as rows:
        theirs.scheduler = Denoiser(
            Settings(32, strength, 6, 4.0, sampler, PLAIN), ours, rows
        ).pipeline.scheduler
    steps = of_diffusers(theirs, pixels, masks, strength)
    assert len(steps) >= (6 if strength == 1 else 4)
    for step, wanted in zip(made, steps, strict=True):
        assert (step - wanted).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("which", "kind"),
    [("sd3_base", StableDiffusion3InpaintPipeline), ("z_image_base", ZImageInpaintPipeline)],
)
@pytest.mark.parametrize("strength", [0.7, 1.0])
def test_so_are_those_of_flow_matching(request, which, kind, strength):
    base = str(request.getfixturevalue(which))
    pixels, masks = pictures(2)
    with base_model.borrow(base, torch.device("cpu"), torch.float64) as pipeline:
        made = inpainted(pipeline, pixels, masks, [3, 4], strength, "base")
    theirs = kind.from_pretrained(base, dtype=torch.float64)
    theirs.set_progress_bar_config(disable=True)
    steps = of_diffusers(theirs, pixels, masks, strength)
    assert len(steps) == (6 if strength == 1 else 5)  # 6 - int(6 - 6 * 0.7)
    for step, wanted in zip(made, steps, strict=True):
        assert (step - wanted).abs().max() < 1e-4


@pytest.mark.parametrize("channels", [8, 17])
def test_autoencoders_may_have_other_channels(tmp_path, channels):
    pipeline = widened(sd_pipeline(tmp_path, latent_channels=8), channels).to(torch.float64)
    own = StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)
    pixels, masks = pictures(3)
    together = inpainted(own, pixels, masks, [1, 2, 3], 0.8, "ddim")
    alone = inpainted(own, pixels[:1], masks[:1], [1], 0.8, "ddim")
    assert (together[:, :1] - alone).abs().max() < 1e-9
    assert not own.unet._forward_pre_hooks


def test_other_networks_are_refused(tmp_path):
    pipeline = widened(sd_pipeline(tmp_path), 8)
    with pytest.raises(StageError, match="takes 8 channels, and its autoencoder has 4"):
        inpainting.is_shown_masks(pipeline)
