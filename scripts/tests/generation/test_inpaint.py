"""The method inpaint: photos whose pixels are their own, but for a defect."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import generate
import host
import train_lora
from common.errors import StageError
from common.images import to_signed
from generation import window
from generation.methods.inpaint import Plot
from generation.methods.method import OFF_PART, TOO_SMALL, UNCHANGED

OPTIONS = {"mask": "training", "mask_scale_min": 0.7, "mask_scale_max": 1.4, "feather": 3}


@pytest.fixture
def inpaint_spec(generate_spec, photos, tmp_path):
    """Builds a spec of inpainting on five photos, by three masks in turn."""
    masks = []
    for number, (height, width) in enumerate([(9, 6), (2, 18), (8, 8)]):
        mask = np.zeros((36, 40), np.uint8)
        mask[4 : 4 + height, 6 : 6 + width] = 255
        masks.append(str(tmp_path / f"mask{number}.png"))
        Image.fromarray(mask).save(masks[-1])

    def build(name: str = "inpainted", options=None, **changes) -> dict:
        pictures = [
            {"name": f"{i:04}.png", "source": photos[i], "seed": 70 + i, "masks": [masks[i % 3]]}
            for i in range(5)
        ]
        more = {"method": "inpaint", "options": OPTIONS | (options or {}), "images": pictures}
        return generate_spec(name, **{**more, **changes})

    return build


def read(spec: dict, folder: str) -> list[np.ndarray]:
    return [np.array(Image.open(file)) for file in sorted(Path(spec["out"], folder).iterdir())]


@pytest.mark.parametrize("mask", ["training", "boxes", "blobs"])
def test_outside_the_mask_every_pixel_is_the_photos_own(inpaint_spec, mask):
    spec = inpaint_spec(options={"mask": mask})
    if mask != "training":
        for picture in spec["images"]:
            del picture["masks"]
    result = generate.run(spec)
    for picture, made, shown in zip(
        spec["images"], read(spec, "images"), read(spec, "masks"), strict=True
    ):
        source = np.array(Image.open(picture["source"]))
        assert np.array_equal(made[shown == 0], source[shown == 0])
        assert 0 < (shown > 0).mean() < 0.8
    assert result["images"] == 5
    assert result["unchanged"] == 0


def test_batches_of_any_size_and_kind_make_the_same(inpaint_spec, train_spec, monkeypatch):
    """Within a level of 255, which float64 leaves where a value is half way between two."""
    trained = train_spec(learning_rate=0.03)
    train_lora.run(trained)
    kinds = {"a": {"lora": trained["out"]}, "b": {"prompt": "cell"}}
    shared = {"precision": "fp64", "guidance": 3.0, "steps": 4}
    alone = [inpaint_spec(f"{n}1", batch_size=1, **shared, **kind) for n, kind in kinds.items()]
    group = [inpaint_spec(f"{n}8", batch_size=8, **shared, **kind) for n, kind in kinds.items()]
    for spec in alone:
        generate.run(spec)
    done = {}
    monkeypatch.setattr(host, "done", lambda place, result, _: done.update({place: result}))
    generate.run_together(group)
    assert sorted(done) == [0, 1]
    for one, other in zip(alone, group, strict=True):
        assert all(map(np.array_equal, read(one, "masks"), read(other, "masks")))
        for a, b in zip(read(one, "images"), read(other, "images"), strict=True):
            assert np.abs(a.astype(int) - b).max() <= 1
    assert not all(map(np.array_equal, read(alone[0], "images"), read(alone[1], "images")))


def test_a_mask_below_one_latent_is_remarked(inpaint_spec, tmp_path):
    mask = np.zeros((36, 40), np.uint8)
    mask[5, 5] = 255
    Image.fromarray(mask).save(tmp_path / "dot.png")
    spec = inpaint_spec()
    spec["images"] = [dict(spec["images"][0], masks=[str(tmp_path / "dot.png")])]
    assert generate.run(spec)["too_small"] == 1
    with open(Path(spec["out"], "images.csv"), newline="") as file:
        assert [row["remark"] for row in csv.DictReader(file)] == [TOO_SMALL]


@pytest.mark.parametrize(
    ("darker", "off_part", "too_small", "remark"),
    [
        (1, False, False, UNCHANGED),
        (2, False, False, ""),
        (2, True, False, OFF_PART),
        (1, True, True, TOO_SMALL),
    ],
)
def test_remarks(darker, off_part, too_small, remark):
    """Of a window that is as large as the square, darkened by so many levels in the mask."""
    photo = np.random.default_rng(0).integers(50, 200, (40, 40, 3), dtype=np.uint8)
    mask = np.zeros((40, 40), bool)
    mask[10:20, 12:24] = True
    place = window.around(mask, 3, 30)
    plot = Plot(photo, mask, off_part, too_small, place, 3)
    signed = to_signed(torch.from_numpy(place.seen(photo) - np.uint8(darker)).permute(2, 0, 1))
    made = plot.filled(signed)
    assert made.remark == remark
    pixels = made.pixels.permute(1, 2, 0).numpy()
    assert np.array_equal(pixels[mask], photo[mask] - np.uint8(darker))
    assert np.array_equal(pixels[~made.mask.numpy()], photo[~made.mask.numpy()])


def test_masks_of_training_photos_must_be_there(inpaint_spec):
    spec = inpaint_spec()
    del spec["images"][1]["masks"]
    with pytest.raises(StageError, match="inpaint needs a mask"):
        generate.run(spec)
    with pytest.raises(StageError, match="'holes' is unknown; use training, boxes, blobs"):
        generate.run(inpaint_spec("other", options={"mask": "holes"}))
