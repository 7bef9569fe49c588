"""What every method is given and may answer, shown by one that copies a defect to where it was."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import generate
import host
from common import images, masks
from common.errors import StageError
from diffusion import base_model
from generation import methods
from generation.methods.method import TOO_SMALL, Made, Method


@dataclasses.dataclass(frozen=True)
class Options:
    """The copying method's: masks of fewer pixels are too small."""

    smallest: int


class Copy:
    """Pastes the masked pixels of the defect photo into the source at the same place."""

    def __init__(self, settings, pipeline, rows):
        assert pipeline is rows is None
        self.settings = settings

    def make(self, shots, on_step):
        """(3, H, W) at the source's own size."""
        return [self.one(shot) for shot in shots]

    def one(self, shot):
        """One image of a batch."""
        pixels, defect = (
            torch.tensor(images.read_whole(path, self.settings.rendering)).permute(2, 0, 1)
            for path in (shot.source, shot.defect)
        )
        mask = torch.from_numpy(masks.union(shot.masks))
        small = mask.sum() < self.settings.options.smallest
        return Made(torch.where(mask, defect, pixels), mask=mask, remark=TOO_SMALL if small else "")


COPY = Method(
    name="copy",
    needs=frozenset({"source", "defect", "mask"}),
    takes=frozenset(),
    denoises=False,
    maker=Copy,
    masks=True,
    options=Options,
)


@pytest.fixture
def copy_spec(photos, tmp_path, monkeypatch):
    """Builds a spec of the copying method; a base model is not there to be loaded."""
    monkeypatch.setitem(methods.METHODS, "copy", COPY)
    monkeypatch.setattr(base_model, "borrow", None)
    for size in (2, 6):
        mask = np.zeros((36, 40), np.uint8)
        mask[3 : 3 + size, 5 : 5 + size] = 255
        Image.fromarray(mask).save(tmp_path / f"mask{size}.png")

    def build(name: str = "copied", first: int = 0, **changes) -> dict:
        (tmp_path / name).mkdir()
        entry = {"source": photos[0], "seed": 1, "defect": photos[1]}
        pictures = [
            {"name": f"{i:04}.png", "masks": [str(tmp_path / f"mask{size}.png")], **entry}
            for i, size in enumerate((2, 6, 6)[first:])
        ]
        return {
            **{"out": str(tmp_path / name), "device": "cpu", "base": "", "prompt": ""},
            **{"resolution": 0, "strength": 0.0, "steps": 0, "guidance": 0.0, "sampler": ""},
            **{"batch_size": 2, "precision": "", "method": "copy", "options": {"smallest": 9}},
            "images": pictures,
        } | changes

    return build


def read(spec: dict, folder: str, name: str) -> np.ndarray:
    return np.array(Image.open(Path(spec["out"], folder, name)))


def test_images_keep_their_size_and_come_with_masks(copy_spec, photos):
    spec = copy_spec()
    result = generate.run(spec)
    made, mask = (read(spec, folder, "0001.png") for folder in ("images", "masks"))
    source, defect = (np.array(Image.open(photo)) for photo in photos[:2])
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    assert np.array_equal(made[mask == 0], source[mask == 0])
    assert np.array_equal(made[mask > 0], defect[mask > 0])
    assert result == {
        **{"images": 3, "blank": 0, "saturated": 0, "nan": 0},
        **{"too_small": 1, "off_part": 0, "unchanged": 0},
    }
    with open(Path(spec["out"], "images.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["mask_pixels"], row["remark"]) for row in rows] == [
        ("4", "too small"),
        ("36", ""),
        ("36", ""),
    ]


def test_tasks_without_a_base_model_share_batches(copy_spec, monkeypatch):
    told = {}
    monkeypatch.setattr(host, "done", lambda place, result, _: told.update({place: result}))
    alone = [copy_spec("a"), copy_spec("b", first=1)]
    group = [copy_spec("c"), copy_spec("d", first=1)]
    results = [generate.run(spec) for spec in alone]
    generate.run_together([{**spec, "batch_size": 5} for spec in group])
    assert [told[0], told[1]] == results
    for one, other in zip(alone, group, strict=True):
        for folder in ("images", "masks"):
            for file in Path(one["out"], folder).iterdir():
                assert file.read_bytes() == Path(other["out"], folder, file.name).read_bytes()


def test_options_are_those_of_the_method(copy_spec, generate_spec):
    with pytest.raises(StageError, match="options: key 'smallest' is missing"):
        generate.run(copy_spec("a", options={}))
    with pytest.raises(StageError, match="options: unknown key 'smallest'"):
        generate.run(generate_spec("b", options={"smallest": 9}))
    with pytest.raises(ValueError, match="differ in options"):
        generate.run_together([copy_spec("c"), copy_spec("d", options={"smallest": 1})])


def test_every_image_is_given_what_its_method_needs(copy_spec):
    spec = copy_spec()
    del spec["images"][1]["defect"]
    with pytest.raises(StageError, match="copy needs a defect"):
        generate.run(spec)


def test_an_artifact_without_masks_says_nothing_of_them(generate_spec):
    spec = generate_spec()
    spec["images"] = spec["images"][:1]
    generate.run(spec)
    assert sorted(path.name for path in Path(spec["out"]).iterdir()) == ["images", "images.csv"]
    header = Path(spec["out"], "images.csv").read_text().splitlines()[0]
    assert header == "name,source_name,seed,mean,std,blank,saturated,nan"
