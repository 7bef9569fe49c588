"""choose keeps one of several candidates, by a rule, byte for byte as it was made."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import choose
import generate
from common.errors import StageError
from generation.chosen import SHOWN

OF = 3


@pytest.fixture
def candidates(generate_spec):
    """Makes artifacts alike but for their seeds; returns their specs."""

    def build(name: str = "made", **changes) -> list[dict]:
        specs = []
        for number in range(OF):
            spec = generate_spec(f"{name}{number}", **changes)
            spec["images"] = [p | {"seed": p["seed"] + 100 * number} for p in spec["images"]]
            generate.run(spec)
            specs.append(spec)
        return specs

    return build


@pytest.fixture
def spec(tmp_path):
    """Builds a spec that chooses among the artifacts of generate's specs."""

    def build(made: list[dict], name: str = "chosen", **changes) -> dict:
        (tmp_path / name).mkdir()
        pictures = [{key: p.get(key, "") for key in ("name", "source")} for p in made[0]["images"]]
        return {
            "out": str(tmp_path / name),
            "device": "cpu",
            "by": "change",
            "candidates": [each["out"] for each in made],
            "images": pictures,
        } | changes

    return build


def rows(spec: dict, table: str = "images") -> list[dict[str, str]]:
    with open(Path(spec["out"], f"{table}.csv"), newline="") as file:
        return list(csv.DictReader(file))


def bytes_of(spec: dict, kind: str = "images") -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(Path(spec["out"], kind).iterdir())}


METHODS = {
    "img2img": {"resolution": 16, "steps": 2, "strength": 0.9},
    "reference": {
        **{"resolution": 16, "steps": 2, "strength": 0.9},
        "options": {"weight": 1.0, "style_fidelity": 0.5, "adain": False},
    },
    "inpaint": {
        **{"resolution": 16, "steps": 2, "strength": 0.9},
        "options": {"mask": "boxes", "mask_scale_min": 1.0, "mask_scale_max": 1.0, "feather": 1},
    },
    "copy_paste": {
        "base": "",
        "options": {"blend": "plain", "mask_scale_min": 0.7, "mask_scale_max": 1.4, "feather": 1},
    },
    "cutpaste": {"base": ""},
}


@pytest.mark.parametrize("method", METHODS)
def test_each_image_is_one_of_its_candidates(method, candidates, spec, photos, tmp_path):
    """Whatever the method: the one that changed most within the bounds, with its mask and row."""
    mask = np.zeros((36, 40), np.uint8)
    mask[8:20, 10:24] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    pictures = [{"name": f"{i:04}.png", "source": photos[i], "seed": 7 + i} for i in range(6)]
    for picture in pictures:
        if method in ("reference", "copy_paste"):
            picture["defect"] = photos[7]
        if method == "copy_paste":
            picture["masks"] = [str(tmp_path / "mask.png")]
    made = candidates(method=method, images=pictures, **METHODS[method])
    wanted = spec(made)
    result = choose.run(wanted)
    assert (result["images"], result["thrown_away"]) == (6, 6 * (OF - 1))
    for row in rows(wanted):
        source = made[int(row["candidate"]) - 1]
        for kind in ("images", *(("masks",) if Path(source["out"], "masks").is_dir() else ())):
            assert bytes_of(wanted, kind)[row["name"]] == bytes_of(source, kind)[row["name"]]
        own = next(r for r in rows(source) if r["name"] == row["name"])
        assert own.items() <= row.items()
        others = [r for r in rows(wanted, "thrown") if r["name"].startswith(row["name"][:4])]
        assert len(others) == OF - 1
        sound = [r for r in (row, *others) if not r.get("remark")]
        scores = [float(r["score"]) for r in sound if float(r["score"]) <= choose.MOST_CHANGE]
        assert not scores or float(row["score"]) == max(scores)
    assert len(bytes_of(wanted, "thrown")) == SHOWN


@pytest.mark.parametrize("by", choose.RULES)
def test_an_image_is_chosen_for_itself(by, candidates, spec, photos):
    """The same whatever stands beside it."""
    made = candidates(resolution=32, steps=2, strength=0.9)
    guides = {
        **{"model": "efficientnet_b0", "weights": "none", "resolution": 32},
        **{"photos": photos[:4], "others": photos[4:8]},
    }
    changes = {"by": by} | (guides if by == "nearest" else {})
    whole = spec(made, **changes)
    choose.run(whole)
    part = spec(made, "part", **changes)
    part["images"] = part["images"][5:2:-1]
    choose.run(part)
    picked = {row["name"]: row["candidate"] for row in rows(whole)}
    assert [picked[row["name"]] for row in rows(part)] == [row["candidate"] for row in rows(part)]
    assert len(set(picked.values())) > 1


def test_the_first_of_equals_is_kept(candidates, spec):
    made = candidates(base="", method="cutpaste")[:1] * 2
    wanted = spec(made)
    choose.run(wanted)
    assert {row["candidate"] for row in rows(wanted)} == {"1"}
    assert bytes_of(wanted) == bytes_of(made[0])


def test_what_is_flawed_or_out_of_bounds_is_kept_for_want_of_another_only(candidates, spec, photos):
    made = candidates(base="", method="cutpaste", images=[picture(photos[0])])
    wanted = spec(made)
    choose.run(wanted)
    best = int(rows(wanted)[0]["candidate"])
    for flag in ("blank", "remark"):
        flawed = [mark(made[0], flag), made[best - 1]]
        assert choose.run(again := spec(flawed, flag)) == result(0, 0)
        assert rows(again)[0]["candidate"] == "2"
        assert choose.run(spec([flawed[0], flawed[0]], f"{flag}s")) == result(0, 1)
    noise = np.random.default_rng(0).integers(0, 256, (36, 40, 3), np.uint8)
    burnt = copied(made[0], "burnt")
    Image.fromarray(noise).save(Path(burnt["out"], "images/0000.png"))
    Image.fromarray(np.full((36, 40), 255, np.uint8)).save(Path(burnt["out"], "masks/0000.png"))
    assert choose.run(again := spec([burnt, made[best - 1]], "noise")) == result(0, 0)
    assert rows(again)[0]["candidate"] == "2"
    assert choose.run(spec([burnt, burnt], "only")) == result(1, 0)


def picture(source: str) -> dict:
    return {"name": "0000.png", "source": source, "seed": 3}


def result(outside: int, flawed: int) -> dict:
    return {"images": 1, "thrown_away": 1, "outside_bounds": outside, "flawed": flawed}


def copied(spec: dict, name: str) -> dict:
    out = Path(spec["out"]).with_name(name)
    shutil.copytree(spec["out"], out)
    return spec | {"out": str(out)}


def mark(spec: dict, flag: str) -> dict:
    """An artifact's copy whose images have a flag or remark."""
    marked = copied(spec, f"marked {flag}")
    table = [row | {flag: "1"} for row in rows(spec)]
    with open(Path(marked["out"], "images.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    return marked


def test_nearest_takes_no_copies_and_nothing_far(candidates, spec, photos):
    """Of a training photo, one like the class and one like the others, the second."""
    made = candidates(base="", method="cutpaste", images=[picture(photos[0])])
    white, shades = np.full((36, 40, 3), 255, np.uint8), [20, 40, 110, 180, 220]
    files = [Path(made[0]["out"]).with_name(f"grey{shade}.png") for shade in shades]
    for file, shade in zip(files, shades, strict=True):
        Image.fromarray((white * (shade / 255)).astype(np.uint8)).save(file)
    dark, grey = list(map(str, files[:2])), list(map(str, files[3:]))
    for spec_, shade in zip(made, (20, 110, 255), strict=True):
        Image.fromarray((white * (shade / 255)).astype(np.uint8)).save(
            Path(spec_["out"], "images/0000.png")
        )
    guides = {"model": "efficientnet_b0", "weights": "none", "resolution": 32}
    wanted = spec(made, by="nearest", photos=dark, others=grey, **guides)
    assert choose.run(wanted)["outside_bounds"] == 0
    assert rows(wanted)[0]["candidate"] == "2"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": "luck"}, "rule 'luck' is unknown; use change, nearest"),
        ({"by": "nearest"}, "nearest needs photos of the class, and others"),
    ],
)
def test_what_cannot_be_chosen_by_is_named(changes, message, candidates, spec):
    with pytest.raises(StageError, match=message):
        choose.run(spec(candidates(base="", method="cutpaste"), **changes))
