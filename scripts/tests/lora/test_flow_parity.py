"""train_lora on base models that learn by flow matching follows diffusers' own scripts.

The references are written from the formulae of examples/dreambooth/train_dreambooth_lora_sd3.py,
with --precondition_outputs 0, and train_dreambooth_lora_z_image.py: pixels through `vae.encode` at
every step (drawn, where Z-Image's script takes the mean), time steps from
`compute_density_for_timestep_sampling`, sigmas looked up in the scheduler's table. Only the order
of the images, the noise and the initial weights are kizu's. The scripts themselves, given these,
lost the same in 20 steps of float32: within 6e-8 (SD 3) and 1.4e-7 (Z-Image) of each loss.
"""

import pytest
import torch
from diffusers import StableDiffusion3Pipeline, ZImagePipeline
from diffusers.training_utils import compute_density_for_timestep_sampling
from peft import LoraConfig
from PIL import Image
from safetensors.torch import load_file
from test_dreambooth_parity import TRANSFORM

import train_lora
from common import data_order, randomness
from diffusion import families
from lora import adapter as lora_adapter
from lora import dreambooth
from lora_artifact import losses
from noise_floor import EXACT

STEPS = 20
ATTENTION = ["to_k", "to_q", "to_v", "to_out.0"]
OF_TEXT = ["add_k_proj", "add_q_proj", "add_v_proj", "to_add_out"]


class PlainScript:
    """A DreamBooth LoRA training by flow matching, in float64."""

    def __init__(self, spec: dict, kind: type, scheme: str, layers: list[str]):
        self.spec, self.scheme = spec, scheme
        self.pipeline = kind.from_pretrained(spec["base"], dtype=torch.float64)
        self.network, self.vae = self.pipeline.transformer, self.pipeline.vae
        for model in (self.network, self.vae, self.pipeline.text_encoder):
            model.requires_grad_(False)
        config = LoraConfig(
            r=spec["rank"],
            lora_alpha=spec["alpha"],
            init_lora_weights="gaussian",
            target_modules=layers,
        )
        self.network.add_adapter(config)
        fresh = kind.from_pretrained(spec["base"], dtype=torch.float64)
        start = lora_adapter.add(fresh, "attention", spec["rank"], spec["alpha"], spec["seed"])
        start = {name.removeprefix("transformer."): p.detach() for name, p in start.items()}
        self.network.load_state_dict(start, strict=False)
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]
        assert len(self.parameters) == len(start)
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=spec["learning_rate"], betas=(0.9, 0.999), weight_decay=1e-2
        )

    def predict(self, noisy, timesteps, prompts):
        """What the network makes of noisy latents."""
        if isinstance(self.pipeline, StableDiffusion3Pipeline):
            embeddings, _, pooled, _ = self.pipeline.encode_prompt(prompts, None, None)
            return self.network(
                hidden_states=noisy,
                timestep=timesteps,
                encoder_hidden_states=embeddings,
                pooled_projections=pooled,
                return_dict=False,
            )[0]
        embeddings, _ = self.pipeline.encode_prompt(prompts, do_classifier_free_guidance=False)
        frames = list(noisy.unsqueeze(2).unbind(dim=0))
        made = self.network(frames, (1000 - timesteps) / 1000, embeddings, return_dict=False)[0]
        return -torch.stack(made, dim=0).squeeze(2)

    def samples(self, role: str, step: int) -> tuple[torch.Tensor, ...]:
        """Latents, noise and indices of time steps of one role's half of the batch."""
        seed, count = self.spec["seed"], self.spec["batch_size"]
        paths = self.spec[role]["images"]
        config = self.pipeline.scheduler.config
        noising = families.of(self.pipeline).noising(config)
        draws = dreambooth.draw(seed, role, count, step, (16, 8, 8), noising, False)
        u = [
            compute_density_for_timestep_sampling(
                self.scheme, 1, 0.0, 1.0, generator=randomness.generator(*place)
            )
            for place in ((seed, f"draw/{role}", step, slot) for slot in range(count))
        ]
        order = data_order.step_indices(seed, role, len(paths), count, step)
        pixels = torch.stack([TRANSFORM(Image.open(paths[i])) for i in order]).double()
        with torch.no_grad():
            posterior = self.vae.encode(pixels).latent_dist
        latents = posterior.mean + posterior.std * draws.posterior_noise
        latents = (latents - self.vae.config.shift_factor) * self.vae.config.scaling_factor
        return latents, draws.noise.double(), (torch.cat(u) * config.num_train_timesteps).long()

    def step(self, step: int) -> float:
        columns = zip(*(self.samples(role, step) for role in ("instance", "class")), strict=True)
        model_input, noise, indices = (torch.cat(column) for column in columns)
        scheduler = self.pipeline.scheduler
        timesteps = scheduler.timesteps[indices]
        places = [(scheduler.timesteps == t).nonzero().item() for t in timesteps]
        sigmas = scheduler.sigmas.double()[places].view(-1, 1, 1, 1)
        count = len(indices) // 2
        roles = ["instance"] * count + ["class"] * count
        prompts = [self.spec[role]["prompt"] for role in roles]
        prediction = self.predict((1 - sigmas) * model_input + sigmas * noise, timesteps, prompts)
        squares = (prediction - (noise - model_input)) ** 2
        loss, prior_loss = squares.chunk(2)
        loss = loss.mean() + self.spec["prior_weight"] * prior_loss.mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()


@pytest.mark.parametrize(
    ("which", "kind", "scheme", "layers"),
    [
        ("sd3_base", StableDiffusion3Pipeline, "logit_normal", ATTENTION + OF_TEXT),
        ("z_image_base", ZImagePipeline, "none", ATTENTION),
    ],
)
def test_losses_and_weights_follow_diffusers(
    train_spec, photos, request, which, kind, scheme, layers
):
    """The prompts are of unequal lengths, over one of Z-Image's blocks of 32 tokens."""
    spec = train_spec(
        base=str(request.getfixturevalue(which)),
        instance={"prompt": "shs photo of a cell with a crack in it", "images": photos[:5]},
        target="attention",
        steps=STEPS,
        learning_rate=1e-4,
        prior_weight=0.75,  # a float32, in which weights of losses are
        flip=False,
        precision="fp64",
    )
    reference = PlainScript(spec, kind, scheme, layers)
    expected = [reference.step(step) for step in range(STEPS)]
    train_lora.run(spec)
    found = [float(row["loss"]) for row in losses(spec)]
    assert found == pytest.approx(expected, rel=EXACT)
    trained = load_file(f"{spec['out']}/pytorch_lora_weights.safetensors")
    assert len(trained) == len(reference.parameters)
    named = dict(reference.network.named_parameters())
    for name, weight in trained.items():
        inside = name.removeprefix("transformer.").replace(".weight", ".default.weight")
        torch.testing.assert_close(weight, named[inside].detach(), rtol=0, atol=EXACT)
