"""img2img that looks at a photo of a defect, without a LoRA if need be; reference_attention."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel

from common import images, randomness, runtime
from common.errors import StageError
from diffusion import base_model, families, latents
from diffusion.base_model import Pipeline
from generation.methods.img2img import Img2Img
from generation.methods.method import Made, Method, Settings, Shot
from generation.reference_attention import Reference, looking_at
from lora.layers import Rows

# By family, the power of style_fidelity that is used. The extension found XL unstable with more.
POWERS = {"sdxl": 3.0}


@dataclass(frozen=True)
class Options:
    """Settings as reference_attention.Reference has them, 0 to 1."""

    weight: float
    style_fidelity: float
    adain: bool

    def __post_init__(self):
        for name in ("weight", "style_fidelity"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise StageError(f"{name} must be from 0 to 1, not {value:g}")


class Referring(Img2Img):
    """img2img from a shot's source, with its defect photo as reference."""

    def __init__(self, settings: Settings, pipeline: Pipeline, rows: Rows):
        if not isinstance(base_model.denoiser(pipeline), UNet2DConditionModel):
            raise StageError(
                "method reference works in a UNet's attention, and this base model has none: use"
                " `generate.method` img2img or inpaint, or another base model"
            )
        super().__init__(settings, pipeline, rows)
        options = settings.options
        self.fidelity = options.style_fidelity ** POWERS.get(families.of(pipeline).name, 1.0)

    def make(self, shots: list[Shot], on_step: Callable[[int], None]) -> list[Made]:
        """Images of one batch, (3, R, R) each."""
        options = self.settings.options
        reference = Reference(
            self.noising(shots), options.weight, self.fidelity, options.adain, self.inside(shots)
        )
        with looking_at(base_model.denoiser(self.pipeline), reference):
            return super().make(shots, on_step)

    def noising(self, shots: list[Shot]) -> Callable[[int, torch.Tensor], torch.Tensor]:
        """Reference.noised: the defect photos as noisy as the pictures are in a pass, the noise of
        which is drawn from a shot's seed and the pass."""
        defects = [shot.defect for shot in shots]
        pixels = images.read_images(defects, self.settings.resolution, self.settings.rendering)
        posterior = latents.encode(self.pipeline.vae, pixels)
        means = posterior.scaled(posterior.mean[0]).to(base_model.denoiser(self.pipeline).dtype)
        scheduler = self.pipeline.scheduler

        def noised(number: int, timestep: torch.Tensor) -> torch.Tensor:
            sources = [randomness.generator(s.seed, "reference noise", number) for s in shots]
            noise = torch.stack([torch.randn(means.shape[1:], generator=g) for g in sources])
            noise = runtime.to_device(noise, means.device).to(means.dtype)
            noisy = scheduler.add_noise(means, noise, timestep.reshape(1).repeat(len(means)))
            return scheduler.scale_model_input(noisy, timestep)

        return noised

    def inside(self, shots: list[Shot]) -> torch.Tensor | None:
        """(B, 1, R, R) bool: what the shots refer to of their squares; None for all of each."""
        if not any(shot.masks for shot in shots):
            return None
        return torch.stack([self.mask(shot) for shot in shots])

    def mask(self, shot: Shot) -> torch.Tensor:
        """(1, R, R) bool; StageError for masks that show nothing in the square."""
        side, rendering = self.settings.resolution, self.settings.rendering
        if not shot.masks:
            return torch.ones(1, side, side, dtype=torch.bool)
        mask = images.read_mask(shot.masks, side, rendering)
        if not mask.any():
            raise StageError(
                f"mask {shot.masks[0]} shows no defect in the square that the network sees, so that"
                " there is nothing to refer to: use a fit that cuts nothing away, such as pad, or"
                " within_mask: false"
            )
        return mask


METHOD = Method(
    name="reference",
    needs=frozenset({"base", "source", "defect"}),
    takes=frozenset({"lora", "mask"}),
    denoises=True,
    maker=Referring,
    options=Options,
)
