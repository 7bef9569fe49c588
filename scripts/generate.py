"""Stage generate: img2img from given source images, with or without a LoRA.

Every image has its own seed, and nothing else decides its noise: a plain diffusers
img2img pipeline called with torch.Generator("cpu").manual_seed(seed) makes the same
picture, whatever the batch size. Blank, saturated and NaN images are kept and counted.
There is no safety checker: the subject is photographs of surfaces.
Alone: python scripts/generate.py spec.json
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import base_model
import host
import image_quality
import images
import img2img
import latents
import lora_files
import runtime
import samplers
from base_model import Pipeline
from errors import StageError
from prompts import GuidedPrompt
from stage_spec import read_spec


@dataclass(frozen=True)
class Picture:
    """One image to make: file name, source image, seed."""

    name: str
    source: str
    seed: int


@dataclass(frozen=True)
class Spec:
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
    lora: str = ""
    negative_prompt: str = ""
    sampler: str = "base"
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Make every image; returns how many, and how many are blank, saturated or NaN."""
    spec = read_spec(Spec, spec)
    pictures = spec.images
    check_steps(spec.steps, spec.strength)
    device = runtime.prepare(spec.device, spec.threads)
    folder = Path(spec.out) / "images"
    folder.mkdir()
    rows = []
    with base_model.borrow(spec.base, device, runtime.dtype_of(spec.precision)) as pipeline:
        if spec.lora:
            lora_files.load(pipeline, Path(spec.lora))
        denoiser = Denoiser(spec, pipeline, total=len(pictures))
        for first in range(0, len(pictures), spec.batch_size):
            batch = pictures[first : first + spec.batch_size]
            decoded = denoiser.generate(batch, done=first)
            for picture, signed in zip(batch, decoded, strict=True):
                pixels = images.to_uint8(signed)
                images.write_png(pixels, folder / picture.name)
                rows.append((picture, image_quality.measure(signed, pixels)))
    write_rows(Path(spec.out) / "images.csv", rows)
    return {
        "images": len(rows),
        "blank": sum(quality.blank for _, quality in rows),
        "saturated": sum(quality.saturated for _, quality in rows),
        "nan": sum(quality.nan for _, quality in rows),
    }


def check_steps(steps: int, strength: float) -> None:
    """img2img runs int(steps * strength) denoising steps; at least one is needed."""
    if not 0 < strength <= 1:
        raise StageError(f"strength must be above 0 and at most 1, not {strength:g}")
    if int(steps * strength) < 1:
        raise StageError(
            f"steps {steps} x strength {strength:g} is less than one denoising step;"
            " raise steps or strength"
        )


class Denoiser:
    """The pipeline with its prompts encoded once; makes images batch by batch."""

    def __init__(self, spec: Spec, pipeline: Pipeline, total: int):
        self.spec = spec
        self.pipeline = img2img.sharing(pipeline)
        self.pipeline.scheduler = samplers.build(spec.sampler, pipeline.scheduler)
        self.total = total
        self.prompt = GuidedPrompt(pipeline, spec.prompt, spec.negative_prompt)

    def generate(self, batch: list[Picture], done: int) -> torch.Tensor:
        """Images of one batch, (B, 3, R, R) float32 on the CPU, about -1..1."""
        runtime.stop_if_cancelled()
        generators = [torch.Generator("cpu").manual_seed(picture.seed) for picture in batch]
        pixels = images.read_images([picture.source for picture in batch], self.spec.resolution)
        posterior = latents.encode(self.pipeline.vae, pixels)
        # Drawn first from each image's generator, as the pipeline itself does with pixels.
        noise = [torch.randn(posterior.mean.shape[2:], generator=g) for g in generators]
        count = len(batch)
        start = posterior.sample(list(range(count)), [False] * count, torch.stack(noise))
        made = self.pipeline(
            image=start.to(self.prompt.dtype),
            **self.prompt.arguments(count),
            strength=self.spec.strength,
            num_inference_steps=self.spec.steps,
            guidance_scale=self.spec.guidance,
            generator=generators,
            output_type="latent",
            callback_on_step_end=lambda _, step, __, kept: self._after_step(step, done, kept),
        ).images
        host.progress(done + count, self.total, {})
        return latents.decode(self.pipeline.vae, made)

    def _after_step(self, step: int, done: int, kept: dict[str, Any]) -> dict[str, Any]:
        runtime.stop_if_cancelled()
        host.progress(done, self.total, {"step": float(step + 1)})
        return kept


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
