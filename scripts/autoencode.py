"""Stage autoencode: photos as the base model's autoencoder gives them back.

Every generated image comes out of the autoencoder's decoder, so whatever tells it from a photo may
be the autoencoder's doing. These pictures are the control: encoded to the mean of each latent,
decoded, and nothing else. Alone: python scripts/autoencode.py spec.json
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import host
from common import images, runtime
from common.errors import StageError
from common.framing import Rendered
from common.specs import read_spec
from common.writing import Writer
from diffusion import base_model, latents
from diffusion.base_files import BaseFiles
from diffusion.base_folder import Pipeline

PART = 16  # photos read at once; one at a time goes through the autoencoder


@dataclass(frozen=True)
class Spec(Rendered):
    """Keys of autoencode's spec.

    A picture is made of each of `images` and then of the mirror image of each of `mirrored`, which
    are cut to squares as training does it. `precision` is that of the base model's other parts: the
    one that is in memory already.
    """

    out: str
    device: str
    base: str
    resolution: int
    precision: str
    images: list[str]
    mirrored: list[str] = field(default_factory=list)
    base_files: BaseFiles = field(default_factory=BaseFiles)
    threads: int = 0


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Write images/0000.png and on; returns how many."""
    spec = read_spec(Spec, spec)
    photos = [(path, False) for path in spec.images] + [(path, True) for path in spec.mirrored]
    if not photos:
        raise StageError("the list of images is empty")
    device = runtime.prepare(spec.device, spec.threads)
    folder = Path(spec.out) / "images"
    folder.mkdir()
    dtype = runtime.dtype_of(spec.precision)
    lent = base_model.borrow(spec.base, device, dtype, spec.base_files)
    with lent as pipeline, Writer() as writer:
        for first in range(0, len(photos), PART):
            runtime.stop_if_cancelled()
            part = photos[first : first + PART]
            squares = images.read_images([p for p, _ in part], spec.resolution, spec.rendering)
            squares = [s.flip(-1) if m else s for s, (_, m) in zip(squares, part, strict=True)]
            for number, picture in enumerate(through(pipeline, torch.stack(squares)), first):
                writer.add(images.write_png, picture, folder / f"{number:04d}.png")
            host.progress(first + len(part), len(photos), {})
        writer.wait()
    return {"images": len(photos)}


def through(pipeline: Pipeline, pixels: torch.Tensor) -> torch.Tensor:
    """(N, 3, R, R) uint8, encoded and decoded."""
    posterior = latents.encode(pipeline.vae, pixels)
    decoded = latents.decode(pipeline.vae, posterior.scaled(posterior.mean[0]))
    if not decoded.isfinite().all():
        raise StageError("the autoencoder of the base model gives no finite pictures of the photos")
    return images.to_uint8(decoded)


if __name__ == "__main__":
    runtime.run_alone(run)
