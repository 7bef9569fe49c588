"""LoRAs of base models that are made for inpainting, whose UNet is shown masks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel

import generate
import train_lora
from common import images
from common.errors import StageError
from conftest import pipeline
from diffusion import base_model
from diffusion.base_files import BaseFiles


@pytest.fixture(scope="module")
def inpainting_base(tmp_path_factory) -> Path:
    """Folder of a base model whose UNet takes 9 channels."""
    folder = tmp_path_factory.mktemp("inpainting")
    made = pipeline(folder)
    made.unet = UNet2DConditionModel.from_config(dict(made.unet.config) | {"in_channels": 9})
    made.save_pretrained(folder / "model")
    index = folder / "model/model_index.json"
    named = json.loads(index.read_text()) | {"_class_name": "StableDiffusionInpaintPipeline"}
    index.write_text(json.dumps(named))
    return folder / "model"


def test_a_lora_is_shown_its_images_masks(train_spec, inpainting_base, photos, mask, batches):
    spec = train_spec(
        base=str(inpainting_base),
        outside=0.1,
        steps=8,
        flip=False,
        reproducible=True,
        instance={"prompt": "shs cell", "images": photos[:1], "masks": [[mask]]},
    )
    assert np.isfinite(train_lora.run(spec)["final_loss"])
    besides = torch.cat([batch.besides for batch in batches])
    instance = torch.cat([batch.prompt for batch in batches]) == 0
    cells = images.read_mask([mask], 32)[0].view(8, 4, 8, 4).any(3).any(1)
    assert 0 < cells.sum() < 64
    assert (besides[instance, 0] == cells).all()
    assert (besides[~instance, 0] == 1).all()
    # The latents are those of the photo, with grey where the mask is, and of grey alone.
    device = torch.device("cpu")
    with base_model.borrow(str(inpainting_base), device, torch.float32, BaseFiles()) as loaded:
        photo = images.to_signed(images.read_image(photos[0], 32))[None]
        photo[:, :, cells.repeat_interleave(4, 0).repeat_interleave(4, 1)] = 0
        with torch.no_grad():
            wanted = [loaded.vae.encode(x).latent_dist.mean for x in (photo, 0 * photo)]
    wanted = [latents * loaded.vae.config.scaling_factor for latents in wanted]
    assert torch.allclose(besides[instance, 1:], wanted[0], atol=1e-5)
    assert torch.allclose(besides[~instance, 1:], wanted[1], atol=1e-5)


def test_such_a_base_model_trains_and_inpaints(
    train_spec, generate_spec, inpainting_base, photos, mask
):
    trained = train_spec(base=str(inpainting_base))
    train_lora.run(trained)
    spec = generate_spec(
        base=str(inpainting_base),
        lora=trained["out"],
        method="inpaint",
        options={"mask": "training", "mask_scale_min": 1.0, "mask_scale_max": 1.4, "feather": 3},
        images=[{"name": "0.png", "source": photos[0], "seed": 3, "masks": [mask]}],
    )
    result = generate.run(spec)
    assert (result["images"], result["nan"], result["unchanged"]) == (1, 0, 0)


def test_img2img_has_no_mask_for_it(generate_spec, inpainting_base):
    with pytest.raises(StageError, match=r"made for inpainting, and img2img has no mask"):
        generate.run(generate_spec(base=str(inpainting_base)))
