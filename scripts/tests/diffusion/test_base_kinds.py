"""Base models that predict velocity, have wide latents, or are Stable Diffusion XL."""

import numpy as np
import pytest
import torch
from PIL import Image

import generate
import train_lora
from lora.group import Group
from lora_artifact import losses, weights


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
@pytest.mark.parametrize("which", ["v_base", "xl_base", "wide_base"])
def test_other_base_models_train_and_generate(train_spec, generate_spec, request, which, precision):
    base = str(request.getfixturevalue(which))
    spec = train_spec(base=base, text_encoder=True, steps=3, precision=precision)
    assert np.isfinite(train_lora.run(spec)["final_loss"])
    made = generate_spec(base=base, lora=spec["out"], precision=precision)
    assert generate.run(made) == {"images": 12, "blank": 0, "saturated": 0, "nan": 0}
    if which == "xl_base":
        parts = {name.split(".")[0] for name in weights(spec)}
        assert parts == {"unet", "text_encoder", "text_encoder_2"}


def test_xl_is_told_the_photos_size_and_crop(train_spec, xl_base, monkeypatch):
    """The photos are 40 x 36: scaled to 35 x 32, 2 (of 1.5) pixels are cut off on the left."""
    told = []
    predict = Group.predict

    def watch(group, batch, *owners):
        told.append(batch.sizes)
        return predict(group, batch, *owners)

    monkeypatch.setattr(Group, "predict", watch)
    train_lora.run(train_spec(base=str(xl_base), steps=1))
    assert torch.cat(told).unique(dim=0).tolist() == [[36, 40, 0, 2, 32, 32]]


def test_xl_heeds_the_size(train_spec, xl_base, tmp_path):
    """The same pixels from a photo of twice the size give another loss."""
    rows = []
    for side in (32, 64):
        path = tmp_path / f"{side}.png"
        Image.new("RGB", (side, side), (90, 120, 60)).save(path)
        spec = train_spec(
            f"of{side}",
            base=str(xl_base),
            steps=1,
            instance={"prompt": "shs cell", "images": [str(path)]},
            **{"class": {"prompt": "cell", "images": []}},
        )
        train_lora.run(spec)
        rows.append(losses(spec)[0])
    assert rows[0] != rows[1]
