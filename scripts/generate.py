"""Stage generate: images by a method, such as img2img, from given photos, with or without a base
model and a LoRA.

Every image has its own seed, and nothing else decides its noise: a plain diffusers
img2img pipeline called with torch.Generator("cpu").manual_seed(seed) makes the same
picture, whatever the batch size. Blank, saturated and NaN images are kept and counted.
A method may say which pixels of an image differ from its source: that mask is written beside the
image, under the same name. There is no safety checker: the subject is photographs of surfaces.
`run_together(specs)` makes the images of several specs, whose batches may mix LoRAs and prompts.
Alone: python scripts/generate.py spec.json
"""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from common import runtime, together
from common.framing import Rendered
from common.specs import read_spec
from common.together import Alone, Task
from common.writing import Writer
from diffusion import base_model
from diffusion.base_files import BaseFiles
from diffusion.base_model import Pipeline
from generation import methods
from generation.artifact import Artifact
from generation.methods.method import Made, Maker, Settings, Shot, Style
from lora import layers as lora_layers


@dataclass(frozen=True)
class Picture:
    """One image to make: its file name, and what methods.Shot says of it."""

    name: str
    source: str
    seed: int
    defect: str = ""
    masks: list[str] = field(default_factory=list)

    def inputs(self) -> set[str]:
        """The names of the photos that it is given, as methods name them."""
        given = {"source": self.source, "defect": self.defect, "mask": self.masks}
        return {name for name, there in given.items() if there}


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of generate's spec.

    `base` is "" for a method without a base model, `lora` "" or a folder with
    pytorch_lora_weights.safetensors; `options` are the method's own settings.
    """

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
    good: bool = False  # whether the images are to be of good parts; for methods without a prompt
    options: dict = field(default_factory=dict)
    threads: int = 0

    def settings(self) -> Settings:
        """What its images share; StageError for options that are not the method's."""
        options = read_spec(methods.named(self.method).options, self.options, "spec.options")
        return Settings(
            self.resolution,
            self.strength,
            self.steps,
            self.guidance,
            self.sampler,
            self.rendering,
            options,
        )

    def inputs(self) -> set[frozenset[str]]:
        """What each of its images is made from, as methods name it."""
        models = {name for name in ("base", "lora") if getattr(self, name)}
        return {frozenset(models | picture.inputs()) for picture in self.images}


# What the images of a batch have in common, and so the tasks of a group.
SHARED = (
    *("base", "base_files", "device", "threads", "precision", "levels", "fit"),
    *("method", "options", "resolution", "strength", "steps", "guidance", "sampler", "batch_size"),
)


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Make every image; returns how many, and how many are flagged as generation.artifact says."""
    task = Alone(spec)
    generate([task])
    return task.result


def run_together(specs: list[dict[str, Any]]) -> None:
    """Make the images of specs that agree in what SHARED names."""
    generate(together.members(specs))


class Work(together.Work):
    """A task on its way: its spec, and the artifact that it fills."""

    style: Style | None = None

    def __init__(self, task: Task):
        self.task = task
        self.spec = read_spec(Spec, task.spec)
        self.method = methods.named(self.spec.method)
        for given in self.spec.inputs():
            self.method.check_inputs(given)
        self.method.check_settings(self.spec.settings())
        self.artifact = Artifact(Path(self.spec.out), self.method.masks)

    def begin(self, pipeline: Pipeline) -> None:
        """Load the LoRA and encode the prompts."""
        spec = self.spec
        self.style = Style(pipeline, spec.lora, spec.prompt, spec.negative_prompt)

    def pictures(self) -> list[tuple["Work", Picture]]:
        """Every image to make."""
        return [(self, picture) for picture in self.spec.images]

    def shot(self, picture: Picture) -> Shot:
        """An image to make, as methods take it."""
        masks = tuple(picture.masks)
        spec = self.spec
        return Shot(self.style, picture.source, picture.seed, picture.defect, masks, spec.good)

    def take(self, picture: Picture, made: Made, writer: Writer) -> None:
        """Have an image written, and finish after the last."""
        self.artifact.add(picture.name, picture.source, picture.seed, made, writer)
        self.progress({})
        if len(self.artifact) == len(self.spec.images):
            writer.wait()
            self.finish()

    def progress(self, fields: dict[str, float]) -> None:
        """Say how many images are written."""
        self.task.progress(len(self.artifact), len(self.spec.images), fields)

    def finish(self) -> None:
        """All images are written."""
        self.task.done(self.artifact.finish())


def generate(tasks: list[Task]) -> None:
    """Make the images of all tasks, batch by batch across them."""
    works = together.read(tasks, Work, SHARED)
    if not works:
        return
    spec = works[0].spec
    device = runtime.prepare(spec.device, spec.threads)
    build = partial(works[0].method.maker, spec.settings())
    if not spec.base:
        with Writer() as writer:
            make(build(None, None), works, spec.batch_size, writer)
        return
    dtype = runtime.dtype_of(spec.precision)
    with base_model.borrow(spec.base, device, dtype, spec.base_files) as pipeline:
        begun = together.begun(works, pipeline)
        loras = [work.style.lora for work in begun if work.style.lora]
        if len(begun) > 1 and not all(lora.finite() for lora in loras):
            raise together.ApartError("a LoRA has weights that are no numbers")
        with lora_layers.beside(pipeline, loras) as rows, Writer() as writer:
            make(build(pipeline, rows), begun, spec.batch_size, writer)


def make(maker: Maker, works: list[Work], batch_size: int, writer: Writer) -> None:
    """Make the images of works that have begun."""
    pictures = [picture for work in works for picture in work.pictures()]
    for work in works:
        if not work.spec.images:
            work.finish()
    for first in range(0, len(pictures), batch_size):
        batch = pictures[first : first + batch_size]

        def on_step(step: int, batch: list = batch) -> None:
            for work in dict.fromkeys(work for work, _ in batch):
                work.progress({"step": float(step)})

        wanted = [work.shot(picture) for work, picture in batch]
        for (work, picture), made in zip(batch, maker.make(wanted, on_step), strict=True):
            work.take(picture, made, writer)


if __name__ == "__main__":
    runtime.run_alone(run)
