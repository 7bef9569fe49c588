"""Stage generate: images by a method, such as img2img, from given source images, with or without a
LoRA.

Every image has its own seed, and nothing else decides its noise: a plain diffusers
img2img pipeline called with torch.Generator("cpu").manual_seed(seed) makes the same
picture, whatever the batch size. Blank, saturated and NaN images are kept and counted.
There is no safety checker: the subject is photographs of surfaces. `run_together(specs)` makes the
images of several specs, whose batches may mix LoRAs and prompts.
Alone: python scripts/generate.py spec.json
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from common import image_quality, images, runtime, together
from common.framing import Rendered
from common.image_quality import Quality
from common.specs import read_spec
from common.together import Alone, Task
from diffusion import base_model
from diffusion.base_files import BaseFiles
from diffusion.base_model import Pipeline
from generation import methods
from generation.methods.method import Maker, Settings, Shot, Style
from lora import layers as lora_layers


@dataclass(frozen=True)
class Picture:
    """One image to make: file name, source image ("" for none), seed."""

    name: str
    source: str
    seed: int


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of generate's spec; `lora` is "" or a folder with pytorch_lora_weights.safetensors."""

    out: str
    device: str
    base: str
    prompt: str
    resolution: int
    strength: float
    steps: int
    guidance: float
    batch_size: int
    precision: str
    images: list[Picture]
    base_files: BaseFiles = field(default_factory=BaseFiles)
    lora: str = ""
    negative_prompt: str = ""
    sampler: str = "base"
    method: str = "img2img"
    threads: int = 0

    def settings(self) -> Settings:
        """What its images share."""
        return Settings(
            self.resolution,
            self.strength,
            self.steps,
            self.guidance,
            self.sampler,
            self.rendering,
        )

    def inputs(self) -> set[str]:
        """The names of the inputs that it gives, as methods name them."""
        given = {
            "base": bool(self.base),
            "lora": bool(self.lora),
            "source": all(picture.source for picture in self.images),
        }
        return {name for name, there in given.items() if there}


# What the images of a batch have in common, and so the tasks of a group.
SHARED = (
    *("base", "base_files", "device", "threads", "precision", "levels", "fit"),
    *("method", "resolution", "strength", "steps", "guidance", "sampler", "batch_size"),
)


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Make every image; returns how many, and how many are blank, saturated or NaN."""
    task = Alone(spec)
    generate([task])
    return task.result


def run_together(specs: list[dict[str, Any]]) -> None:
    """Make the images of specs that agree in what SHARED names."""
    generate(together.members(specs))


class Work(together.Work):
    """A task on its way: its spec, and what is known of the images that are made."""

    def __init__(self, task: Task):
        self.task = task
        self.spec = read_spec(Spec, task.spec)
        self.method = methods.named(self.spec.method)
        self.method.check_inputs(self.spec.inputs())
        self.method.check_settings(self.spec.settings())
        self.folder = Path(self.spec.out) / "images"
        self.folder.mkdir()
        self.rows: list[tuple[Picture, Quality]] = []

    def begin(self, pipeline: Pipeline) -> None:
        """Load the LoRA and encode the prompts."""
        spec = self.spec
        self.style = Style(pipeline, spec.lora, spec.prompt, spec.negative_prompt)

    def shots(self) -> list[tuple["Work", Picture]]:
        """Every image to make."""
        return [(self, picture) for picture in self.spec.images]

    def take(self, picture: Picture, signed: torch.Tensor) -> None:
        """Write an image, (3, R, R) about -1..1, and finish after the last."""
        pixels = images.to_uint8(signed)
        images.write_png(pixels, self.folder / picture.name)
        self.rows.append((picture, image_quality.measure(signed, pixels)))
        total = len(self.spec.images)
        self.task.progress(len(self.rows), total, {})
        if len(self.rows) == total:
            self.finish()

    def finish(self) -> None:
        """Write images.csv."""
        write_rows(Path(self.spec.out) / "images.csv", self.rows)
        qualities = [quality for _, quality in self.rows]
        flags = ("blank", "saturated", "nan")
        counts = {flag: sum(getattr(q, flag) for q in qualities) for flag in flags}
        self.task.done({"images": len(qualities), **counts})


def generate(tasks: list[Task]) -> None:
    """Make the images of all tasks, batch by batch across them."""
    works = together.read(tasks, Work, SHARED)
    if not works:
        return
    spec = works[0].spec
    device = runtime.prepare(spec.device, spec.threads)
    dtype = runtime.dtype_of(spec.precision)
    with base_model.borrow(spec.base, device, dtype, spec.base_files) as pipeline:
        begun = together.begun(works, pipeline)
        loras = [work.style.lora for work in begun if work.style.lora]
        if len(begun) > 1 and not all(lora.finite() for lora in loras):
            raise together.ApartError("a LoRA has weights that are no numbers")
        with lora_layers.beside(pipeline, loras) as rows:
            make(begun[0].method.maker(spec.settings(), pipeline, rows), begun, spec.batch_size)


def make(maker: Maker, works: list[Work], batch_size: int) -> None:
    """Make the images of works that have begun."""
    shots = [shot for work in works for shot in work.shots()]
    for work in works:
        if not work.spec.images:
            work.finish()
    for first in range(0, len(shots), batch_size):
        batch = shots[first : first + batch_size]

        def on_step(step: int, batch: list = batch) -> None:
            for work in dict.fromkeys(work for work, _ in batch):
                total = len(work.spec.images)
                work.task.progress(len(work.rows), total, {"step": float(step)})

        wanted = [Shot(work.style, picture.source, picture.seed) for work, picture in batch]
        for (work, picture), signed in zip(batch, maker.make(wanted, on_step), strict=True):
            work.take(picture, signed)


def write_rows(file: Path, rows: list[tuple[Picture, image_quality.Quality]]) -> None:
    """images.csv; mean and std are of pixel values on a scale of 0 to 255."""
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["name", "source_name", "seed", "mean", "std", "blank", "saturated", "nan"])
        for picture, q in rows:
            made = [picture.name, Path(picture.source).name, picture.seed]
            shades = [f"{q.mean:.3f}", f"{q.std:.3f}"]
            writer.writerow([*made, *shades, int(q.blank), int(q.saturated), int(q.nan)])


if __name__ == "__main__":
    runtime.run_alone(run)
