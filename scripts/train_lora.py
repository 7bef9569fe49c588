"""Stage train_lora: DreamBooth training of a LoRA on a Stable Diffusion base model.

`run(spec)` trains spec["steps"] steps, or continues the artifact spec["resume"] up to that count,
and writes the LoRA, the optimizer's state, the losses and a summary into spec["out"].
Alone: python scripts/train_lora.py spec.json
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import DDPMScheduler, StableDiffusionImg2ImgPipeline

import base_model
import data_order
import dreambooth
import host
import images
import latents
import lora_adapter
import runtime
import training_state
from errors import StageError
from stage_spec import read_spec
from training_state import LossRow

# AdamW and clipping as in diffusers' train_dreambooth_lora.py.
BETAS = (0.9, 0.999)
WEIGHT_DECAY = 1e-2
EPSILON = 1e-8
MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Concept:
    """A prompt and the images that it names (absolute paths)."""

    prompt: str
    images: list[str]


@dataclass(frozen=True)
class Spec:
    """Keys of train_lora's spec; batch_size counts instance images a step."""

    out: str
    device: str
    base: str
    seed: int
    resolution: int
    instance: Concept
    class_: Concept
    steps: int
    rank: int
    alpha: float
    learning_rate: float
    batch_size: int
    prior_weight: float
    target: str
    flip: bool
    precision: str
    resume: str = ""
    threads: int = 0

    def roles(self) -> dict[str, Concept]:
        """The concepts that take part, instance first; class only when it has images."""
        return {"instance": self.instance} | ({"class": self.class_} if self.class_.images else {})


@dataclass(frozen=True)
class Role:
    """One concept, encoded: its images' latents and its prompt's embedding (1, 77, D)."""

    name: str
    posterior: latents.Posterior
    embedding: torch.Tensor
    digest: str

    @property
    def count(self) -> int:
        return self.posterior.mean.shape[1]


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Train one LoRA; returns steps, final loss, exposures and the number of parameters."""
    spec = read_spec(Spec, spec)
    device = runtime.prepare(spec.device, spec.threads)
    out = Path(spec.out)
    with base_model.borrow(spec.base, device, runtime.dtype_of(spec.precision)) as pipeline:
        roles = [encode_role(spec, pipeline, name) for name in spec.roles()]
        training = Training(spec, pipeline, roles)
        recipe = recipe_of(spec, roles)
        rows = training.resume(Path(spec.resume), recipe) if spec.resume else []
        for step in range(len(rows), spec.steps):
            runtime.stop_if_cancelled()
            rows.append(training.step(step))
            host.progress(step + 1, spec.steps, {"loss": rows[-1].loss})
        lora_adapter.save(pipeline.unet, out, {**recipe, "steps": spec.steps})
        training_state.save_optimizer(out, training.parameters, training.optimizer, training.scaler)
    training_state.write_losses(out, rows)
    result = summarize(spec, rows, sum(p.numel() for p in training.parameters.values()))
    training_state.write_summary(out, {"recipe": recipe, **result})
    return result


def encode_role(spec: Spec, pipeline: StableDiffusionImg2ImgPipeline, name: str) -> Role:
    """Decode a concept's images, encode them to latents once, and its prompt once."""
    concept = spec.roles()[name]
    if not concept.images:
        raise StageError("a LoRA needs at least one instance image; the list is empty")
    host.log(f"encoding {len(concept.images)} {name} images")
    pixels = images.read_images(concept.images, spec.resolution)
    with torch.no_grad():
        embedding, _ = pipeline.encode_prompt(
            concept.prompt, pipeline.device, 1, do_classifier_free_guidance=False
        )
    posterior = latents.encode(pipeline.vae, pixels, spec.flip)
    return Role(name, posterior, embedding, images.digest(pixels))


class Training:
    """A base pipeline with a LoRA on it, and what one optimizer step needs."""

    def __init__(self, spec: Spec, pipeline: StableDiffusionImg2ImgPipeline, roles: list[Role]):
        self.spec = spec
        self.roles = roles
        self.unet = pipeline.unet
        self.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.parameters = lora_adapter.add(self.unet, spec.target, spec.rank, spec.alpha, spec.seed)
        self.optimizer = torch.optim.AdamW(
            self.parameters.values(),
            lr=spec.learning_rate,
            betas=BETAS,
            weight_decay=WEIGHT_DECAY,
            eps=EPSILON,
        )
        device_type = self.unet.device.type
        self.scaler = torch.amp.GradScaler(device_type, enabled=spec.precision == "fp16")
        self.unet.train()

    def resume(self, folder: Path, recipe: dict[str, Any]) -> list[LossRow]:
        """Continue the artifact in `folder`; returns the losses of the steps already done."""
        done = training_state.steps_done(folder, recipe, self.spec.steps)
        training_state.load_optimizer(folder, self.parameters, self.optimizer, self.scaler)
        return training_state.read_losses(folder)[:done]

    def step(self, step: int) -> LossRow:
        """One optimizer step; `step` counts from 0 and alone decides what is drawn."""
        loss = self.loss(step)
        self.scaler.scale(loss.total).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.parameters.values(), MAX_GRADIENT_NORM)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        row = LossRow(
            step=step + 1,
            loss=loss.total.item(),
            instance=loss.instance.item(),
            prior=None if loss.prior is None else loss.prior.item(),
        )
        if not math.isfinite(row.loss):
            raise StageError(
                f"the loss became {row.loss} at step {row.step}; use a smaller learning rate than"
                f" {self.spec.learning_rate:g} or precision fp32 or bf16"
            )
        return row

    def loss(self, step: int) -> dreambooth.Loss:
        """Forward pass over one batch, instance samples first, class samples second."""
        device = self.unet.device
        samples, noises, timesteps, embeddings = [], [], [], []
        for role in self.roles:
            draws = dreambooth.draw(
                self.spec.seed,
                role.name,
                role.count,
                self.spec.batch_size,
                step,
                tuple(role.posterior.mean.shape[2:]),
                self.scheduler.config.num_train_timesteps,
                self.spec.flip,
            )
            samples.append(role.posterior.sample(draws.indices, draws.flips, draws.posterior_noise))
            noises.append(draws.noise)
            timesteps.append(draws.timesteps)
            embeddings.append(role.embedding.expand(self.spec.batch_size, -1, -1))
        clean, noise = torch.cat(samples), torch.cat(noises).to(device)
        times = torch.cat(timesteps).to(device)
        noisy = self.scheduler.add_noise(clean, noise, times)
        with runtime.autocast(device, self.spec.precision):
            prediction = self.unet(noisy.to(self.unet.dtype), times, torch.cat(embeddings)).sample
        wanted = dreambooth.target(self.scheduler, clean, noise, times)
        return dreambooth.loss(prediction, wanted, len(self.roles) == 2, self.spec.prior_weight)


def recipe_of(spec: Spec, roles: list[Role]) -> dict[str, Any]:
    """What must be equal for one training to continue another: all but steps and places."""
    places = {"out", "device", "base", "resume", "threads", "steps", "instance", "class_"}
    recipe = {key: value for key, value in asdict(spec).items() if key not in places}
    for role in roles:
        recipe[role.name] = {
            "prompt": spec.roles()[role.name].prompt,
            "images": role.count,
            "pixels": role.digest,
        }
    return recipe


def summarize(spec: Spec, rows: list[LossRow], parameters: int) -> dict[str, Any]:
    """The stage's result; exposures come from the function that gave the data order."""
    used = {
        name: data_order.exposures(
            spec.seed, name, len(concept.images), spec.batch_size, spec.steps
        )
        for name, concept in spec.roles().items()
    }
    class_used = used.get("class", [])
    last = rows[-max(1, len(rows) // 10) :]
    return {
        "steps": spec.steps,
        "final_loss": sum(row.loss for row in last) / len(last),
        "instance_exposures": {"min": min(used["instance"]), "max": max(used["instance"])},
        "class_exposures": {
            "min": min(class_used, default=0),
            "max": max(class_used, default=0),
            "distinct": sum(count > 0 for count in class_used),
        },
        "parameters": parameters,
    }


if __name__ == "__main__":
    runtime.run_alone(run)
