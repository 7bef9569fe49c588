"""How many changed copies of photos kizu finds across the split, and how many pairs that are none.

    python scripts/bench/near_duplicates.py FOLDER... [--kizu bin/kizu] [--photos 100]

Each folder is one dataset; its pictures are found at any depth. Some of them are tested on, all
others are trained on: which of them are said to look like others? Then, for each change, changed
copies of some photos are tested on and all photos trained on: how many copies lead to the photo
that they were made from? docs/results.md has what this printed.
"""

import argparse
import csv
import io
import json
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

EXPERIMENT = """
name: near
dataset: {{format: folders, root: photos, noun: thing, good: good, defects: [bad]}}
base: tiny-sd
conditions:
  test: {{list: test.csv}}
  training_sets: {{all: {{good: {{real: {good}}}, defects: {{real: {bad}}}}}}}
classifier: {{weights: none, steps: 1}}
"""
BAD = 4  # photos that stand for the defect that an experiment must have; half of them are tested on


def as_jpeg(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70)
    return Image.open(file)


def resized(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda p: p.resize(
        (round(p.width * factor), round(p.height * factor)), Image.Resampling.BICUBIC
    )


def shifted(right: float, down: float) -> Callable[[Image.Image], Image.Image]:
    """The edges go on where the picture ends."""

    def shift(picture: Image.Image) -> Image.Image:
        x, y = round(right * picture.width), round(down * picture.height)
        pixels = np.pad(
            np.asarray(picture),
            ((max(y, 0), max(-y, 0)), (max(x, 0), max(-x, 0)), (0, 0)),
            mode="edge",
        )
        top, left = max(-y, 0), max(-x, 0)
        return Image.fromarray(pixels[top : top + picture.height, left : left + picture.width])

    return shift


def turned(degrees: float) -> Callable[[Image.Image], Image.Image]:
    def turn(picture: Image.Image) -> Image.Image:
        fill = tuple(int(v) for v in np.asarray(picture).mean((0, 1)))
        return picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=fill)

    return turn


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG, quality 70": as_jpeg,
    "resized × 0.7": resized(0.7),
    "resized × 1.5": resized(1.5),
    "shifted by 2 %": shifted(0.02, -0.02),
    "shifted by 4 %": shifted(-0.04, 0.04),
    "brightness × 0.7": lambda p: ImageEnhance.Brightness(p).enhance(0.7),
    "brightness × 1.3": lambda p: ImageEnhance.Brightness(p).enhance(1.3),
    "contrast × 0.6": lambda p: ImageEnhance.Contrast(p).enhance(0.6),
    "contrast × 1.4": lambda p: ImageEnhance.Contrast(p).enhance(1.4),
    "mirrored": ImageOps.mirror,
    "turned by 90°": lambda p: p.transpose(Image.Transpose.ROTATE_90),
    "turned by 2°": turned(2),
}


class Bench:
    """A dataset of numbered copies of a folder's photos, in a folder of its own."""

    def __init__(self, pictures: list[Path], kizu: str, folder: Path):
        self.kizu, self.folder = Path(kizu).resolve(), folder
        for name in ("good", "bad"):
            (folder / "photos" / name).mkdir(parents=True)
        self.names: list[str] = []
        self.pixels: set[bytes] = set()
        for path in pictures:
            with Image.open(path) as file:
                picture = ImageOps.exif_transpose(file).convert("RGB")
            if picture.tobytes() not in self.pixels:
                self.pixels.add(picture.tobytes())
                kind = "bad" if len(self.names) < BAD else "good"
                self.names.append(f"{kind}/{len(self.names):05}.png")
                picture.save(folder / "photos" / self.names[-1])
        self.good = self.names[BAD:]

    def similar(self, tested: list[str], good: int) -> list[dict[str, str]]:
        """The pairs that kizu lists where these are tested on and so many good ones trained on."""
        rows = [("file",), *((name,) for name in [*tested, *self.names[: BAD // 2]])]
        with (self.folder / "test.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        text = EXPERIMENT.format(good=good, bad=BAD - BAD // 2)
        (self.folder / "near.yaml").write_text(text)
        plan = [self.kizu, "plan", "near.yaml", "--json", "--quiet", "--store", "store"]
        out = subprocess.run(plan, cwd=self.folder, stdout=subprocess.PIPE, check=True).stdout
        return json.loads(out).get("similar", [])

    def false_pairs(self, chosen: list[str]) -> int:
        return len(self.similar(chosen, len(self.good) - len(chosen)))

    def found(self, chosen: list[str], change: str) -> tuple[int, int]:
        """How many copies lead to their photos, of how many that are not equal to photos."""
        copies = {}
        for name in chosen:
            copy = f"good/copy {Path(name).name}"
            with Image.open(self.folder / "photos" / name) as photo:
                changed = CHANGES[change](photo)
            if changed.tobytes() not in self.pixels:
                changed.save(self.folder / "photos" / copy)
                copies[copy] = name
        pairs = self.similar(list(copies), len(self.good)) if copies else []
        for copy in copies:
            (self.folder / "photos" / copy).unlink()
        found = sum(copies.get(pair["test"]) == pair["other"] for pair in pairs)
        return found, len(copies)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--kizu", default="bin/kizu")
    parser.add_argument("--photos", type=int, default=100)
    options = parser.parse_args()
    for folder in options.folders:
        kinds = {".png", ".jpg", ".jpeg"}
        pictures = sorted(p for p in folder.rglob("*") if p.suffix.lower() in kinds)
        random.Random(0).shuffle(pictures)
        place = Path(tempfile.mkdtemp())
        bench = Bench(pictures, options.kizu, place)
        chosen = bench.good[: min(options.photos, len(bench.good) // 3)]
        n, photos = bench.false_pairs(chosen), len(bench.names)
        print(f"{folder.name}, {photos} photos: {n} of {len(chosen)} look like another", flush=True)
        for change in CHANGES:
            found, copies = bench.found(chosen, change)
            print(f"  {change}: {found} of {copies}", flush=True)
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
