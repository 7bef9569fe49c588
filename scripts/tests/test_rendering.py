"""Every stage sees photos as its spec renders them: as if they had been cut and framed before."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

import autoencode
import classify
import detect
import generate
import measure
import train_lora
from common import framing
from common import photos as photo_files
from common.framing import Rendering
from common.specs import read_spec
from lora.spec import Spec
from lora.work import read_concept

SIDE = 32
FIT = "pad #808080"


@pytest.fixture
def regions(photos: list[str]) -> list[str]:
    """Of photos of 40x36 pixels, no two alike."""
    return [f"{path}#xywh={i},2,{24 - i},{20 + i}" for i, path in enumerate(photos)]


@pytest.fixture
def squares(regions: list[str], tmp_path: Path) -> list[str]:
    """Files that show what stages see of the regions."""
    files = [tmp_path / f"{number:02}.png" for number in range(len(regions))]
    for region, file in zip(regions, files, strict=True):
        framing.square(photo_files.read(region), SIDE, Rendering(fit=FIT))[0].save(file)
    return list(map(str, files))


@pytest.fixture
def specs(base, tmp_path, train_spec, generate_spec):
    """Builds a spec of a stage, small and with a fresh `out`, that reads twelve pictures."""

    def build(stage: str, name: str, paths: list[str]) -> dict:
        if stage == "train_lora":
            concepts = {"instance": paths[:5], "class": paths[5:]}
            read = {k: {"prompt": f"{k} cell", "images": v} for k, v in concepts.items()}
            return train_spec(name, steps=2, **read)
        if stage == "generate":
            made = [{"name": f"{i:04}.png", "source": p, "seed": i} for i, p in enumerate(paths)]
            return generate_spec(name, steps=4, images=made)
        (tmp_path / name).mkdir()
        shared = {"out": str(tmp_path / name), "device": "cpu", "resolution": SIDE}
        network = {"model": "efficientnet_b0", "weights": "lite0"}
        if stage == "autoencode":
            shared |= {"base": str(base), "precision": "fp32"}
            return shared | {"images": paths[:5], "mirrored": paths[:2]}
        if stage == "measure":
            return shared | network | {"images": paths, "calibration": paths[:6]}
        images = [{"path": p, "class": i % 2, "name": f"test/{i}"} for i, p in enumerate(paths)]
        if stage == "detect":
            train = [e | {"class": 0, "fold": i % 2 + 1} for i, e in enumerate(images[:8])]
            made = {"seed": 3, "method": "patchcore", "coreset": 0.1, "folds": 2}
            made |= {"precision": "fp32", "false_alarms": 0.1, "classes": ["good", "crack"]}
            return shared | network | made | {"train": train, "test": images[8:]}
        training = {"seed": 3, "steps": 2, "batch_size": 4, "learning_rate": 1e-3}
        training |= {"weight_decay": 0.01, "precision": "fp32", "classes": ["good", "crack"]}
        train = [{"path": e["path"], "class": e["class"]} for e in images[:8]]
        lists = {"train": train, "test": images[8:], "held_out": images[:2]}
        return shared | network | training | lists

    return build


def outcome(stage: str, spec: dict) -> dict:
    """What a stage made of pixels, by file."""
    out = Path(spec["out"])
    if stage == "measure":  # its small pictures are of another size
        return load_file(out / "features.safetensors")["features"].tolist()
    files = (file for file in sorted(out.rglob("*")) if file.is_file())
    return {str(f.relative_to(out)): f.read_bytes() for f in files if f.name != "images.csv"}


STAGES = {s.__name__: s for s in (train_lora, generate, autoencode, classify, detect, measure)}


@pytest.mark.parametrize("stage", STAGES)
def test_stages_see_what_was_framed(stage, specs, regions, squares):
    wanted = specs(stage, "wanted", regions) | {"fit": FIT}
    same, other = specs(stage, "same", squares), specs(stage, "other", regions)
    for spec in (wanted, same, other):
        STAGES[stage].run(spec)
    assert outcome(stage, wanted) == outcome(stage, same) != outcome(stage, other)


def test_sdxl_is_told_the_size_of_the_region(train_spec, regions):
    concept = {"prompt": "cell", "images": regions[1:3]}
    for fit, crop in (("stretch", [0, 0]), ("pad", [0, 0]), ("", [0, 2])):
        spec = read_spec(Spec, train_spec(f"fit {fit}", instance=concept, fit=fit))
        _, told = read_concept(spec, "instance")
        assert told.tolist() == [[21, 23, *crop, SIDE, SIDE], [22, 22, 0, 0, SIDE, SIDE]]
