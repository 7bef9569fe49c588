"""train_lora follows the plain diffusers/peft DreamBooth recipe.

The reference is written from the libraries' documentation: pixels through torchvision transforms,
`vae.encode` at every step, `unet.add_adapter(LoraConfig(...))`, mean squared error halves, clipped
AdamW. Only the random draws and the initial weights are taken from kizu.
"""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    StableDiffusionImg2ImgPipeline,
    UNet2DConditionModel,
)
from peft import LoraConfig, inject_adapter_in_model
from PIL import Image
from safetensors.torch import load_file
from torchvision import transforms
from transformers import CLIPTextModel, CLIPTokenizer

import train_lora
from common import data_order
from diffusion.noising import Diffusion
from lora import adapter as lora_adapter
from lora import dreambooth
from noise_floor import EXACT

TRANSFORM = transforms.Compose(
    [
        transforms.Resize(32, interpolation=transforms.InterpolationMode.BILINEAR),
        transforms.CenterCrop(32),
        transforms.ToTensor(),
        transforms.Normalize([0.5], [0.5]),
    ]
)
STEPS = 20


class PlainRecipe:
    """A DreamBooth LoRA training as diffusers documents it, in float64."""

    def __init__(self, spec: dict):
        self.spec = spec
        base = spec["base"]
        self.vae = (
            AutoencoderKL.from_pretrained(base, subfolder="vae").double().requires_grad_(False)
        )
        self.unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet").double()
        self.unet.requires_grad_(False)
        self.unet.add_adapter(
            LoraConfig(
                r=spec["rank"],
                lora_alpha=spec["alpha"],
                init_lora_weights="gaussian",
                target_modules=["to_k", "to_q", "to_v", "to_out.0"],
            )
        )
        self.unet.load_state_dict(initial_weights(spec, "unet"), strict=False)
        self.noise_scheduler = DDPMScheduler.from_pretrained(base, subfolder="scheduler")
        self.tokenizer = CLIPTokenizer.from_pretrained(base, subfolder="tokenizer")
        self.text_encoder = CLIPTextModel.from_pretrained(base, subfolder="text_encoder").double()
        self.text_encoder.requires_grad_(False)
        if spec["text_encoder"]:
            # transformers' own add_adapter calls this after asking for a newer peft.
            inject_adapter_in_model(
                LoraConfig(
                    r=spec["rank"],
                    lora_alpha=spec["alpha"],
                    init_lora_weights="gaussian",
                    target_modules=["q_proj", "k_proj", "v_proj", "out_proj"],
                ),
                self.text_encoder,
            )
            self.text_encoder.load_state_dict(initial_weights(spec, "text_encoder"), strict=False)
        models = (self.unet, self.text_encoder)
        self.parameters = [p for model in models for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=spec["learning_rate"], betas=(0.9, 0.999), weight_decay=1e-2
        )

    def embed(self, prompt: str) -> torch.Tensor:
        tokens = self.tokenizer(
            prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt"
        )
        return self.text_encoder(tokens.input_ids)[0]

    def samples(self, role: str, step: int) -> tuple[torch.Tensor, ...]:
        """Latents, noise, time steps and embeddings of one role's half of the batch."""
        concept = self.spec[role]
        draws = dreambooth.draw(
            self.spec["seed"],
            role,
            self.spec["batch_size"],
            step,
            (4, 8, 8),
            Diffusion(self.noise_scheduler.config),
            self.spec["flip"],
        )
        indices = data_order.step_indices(
            self.spec["seed"], role, len(concept["images"]), self.spec["batch_size"], step
        )
        pixels = torch.stack([TRANSFORM(Image.open(concept["images"][i])) for i in indices])
        flips = torch.tensor(draws.flips).view(-1, 1, 1, 1)
        pixels = torch.where(flips, pixels.flip(-1), pixels)
        with torch.no_grad():
            posterior = self.vae.encode(pixels.double()).latent_dist
        latents = posterior.mean + posterior.std * draws.posterior_noise
        latents = latents * self.vae.config.scaling_factor
        embedding = self.embed(concept["prompt"]).repeat(len(pixels), 1, 1)
        return latents, draws.noise.double(), draws.timesteps, embedding

    def step(self, step: int) -> float:
        roles = ["instance"] + (["class"] if self.spec["class"]["images"] else [])
        halves = [self.samples(role, step) for role in roles]
        columns = zip(*halves, strict=True)
        latents, noise, timesteps, embeddings = (torch.cat(column) for column in columns)
        noisy = self.noise_scheduler.add_noise(latents, noise, timesteps)
        model_pred = self.unet(noisy, timesteps, embeddings).sample
        if self.noise_scheduler.config.prediction_type == "epsilon":
            target = noise
        else:
            target = self.noise_scheduler.get_velocity(latents, noise, timesteps)
        if len(roles) == 2:
            model_pred, model_pred_prior = torch.chunk(model_pred, 2, dim=0)
            target, target_prior = torch.chunk(target, 2, dim=0)
            loss = F.mse_loss(model_pred, target, reduction="mean")
            prior_loss = F.mse_loss(model_pred_prior, target_prior)
            loss = loss + self.spec["prior_weight"] * prior_loss
        else:
            loss = F.mse_loss(model_pred, target, reduction="mean")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()


def initial_weights(spec: dict, part: str) -> dict[str, torch.Tensor]:
    """kizu's LoRA weights of one model before the first step."""
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
        spec["base"], safety_checker=None, dtype=torch.float64
    )
    for model in (pipeline.unet, pipeline.text_encoder):
        model.requires_grad_(False)
    parameters = lora_adapter.add(
        pipeline, spec["target"], spec["rank"], spec["alpha"], spec["seed"], spec["text_encoder"]
    )
    start = f"{part}."
    return {n.removeprefix(start): p.detach() for n, p in parameters.items() if n.startswith(start)}


@pytest.mark.parametrize("text_encoder", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("with_prior", [True, False])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_losses_and_weights_follow_the_plain_recipe(
    train_spec, base, v_base, photos, with_prior, prediction, text_encoder
):
    spec = train_spec(
        base=str(base if prediction == "epsilon" else v_base),
        target="attention",
        text_encoder=text_encoder,
        steps=STEPS,
        learning_rate=1e-4,
        prior_weight=0.75,  # a float32, in which weights of losses are
        precision="fp64",
        **{"class": {"prompt": "cell", "images": photos[5:] if with_prior else []}},
    )
    reference = PlainRecipe(spec)
    expected = [reference.step(step) for step in range(STEPS)]

    train_lora.run(spec)
    lines = Path(spec["out"], "losses.csv").read_text().splitlines()[1:]
    losses = [float(line.split(",")[1]) for line in lines]
    assert losses == pytest.approx(expected, rel=EXACT)
    trained = load_file(Path(spec["out"], "pytorch_lora_weights.safetensors"))
    assert len(trained) == len(reference.parameters)
    named = {f"unet.{name}": weight for name, weight in reference.unet.named_parameters()}
    for name, weight in reference.text_encoder.named_parameters():
        named[f"text_encoder.text_model.{name}"] = weight
    for name, weight in trained.items():
        plain = named[name.replace(".weight", ".default.weight")]
        torch.testing.assert_close(weight, plain.detach(), rtol=0, atol=EXACT)
