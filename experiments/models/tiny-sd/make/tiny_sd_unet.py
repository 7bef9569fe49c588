"""The denoiser of the small base model, trained together with its text encoder."""

from dataclasses import dataclass, field

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

import tiny_sd_text
import tiny_sd_training
from common import randomness

BATCH = 16
LEARNING_RATE = 1e-3
SNR_LIMIT = 5.0  # "min-SNR", Hang et al. 2023, arXiv:2303.09556


def build_unet(latent_channels: int) -> UNet2DConditionModel:
    """Three levels (16, 8, 4 latents a side); text reaches the middle one and the bottom."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=latent_channels,
        out_channels=latent_channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(48, 96, 192),
        layers_per_block=1,
        cross_attention_dim=tiny_sd_text.WIDTH,
        attention_head_dim=4,  # the number of heads, despite its name
        norm_num_groups=16,
    )


def build_scheduler() -> DDIMScheduler:
    """The noise schedule of Stable Diffusion 1.5."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="epsilon",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


@dataclass
class Data:
    """Latent means and standard deviations (V, N, C, h, w) in V mirrorings, for each of the N
    images its captions as (token ids (24,), frequency), and words without a meaning, as token ids,
    which stand before the noun (it begins with one of `nouns`) of half of the captions."""

    mean: torch.Tensor
    std: torch.Tensor
    captions: list[list[tuple[torch.Tensor, float]]]
    words: list[torch.Tensor] = field(default_factory=list)
    nouns: torch.Tensor | None = None

    def draw(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """`count` random latents (B, C, h, w) with one of their captions each (B, 24)."""
        variants, images = self.mean.shape[:2]
        variant = torch.randint(variants, (count,), generator=generator)
        image = torch.randint(images, (count,), generator=generator)
        mean, std = self.mean[variant, image], self.std[variant, image]
        latents = mean + std * torch.randn(mean.shape, generator=generator)
        ids = []
        for index in image.tolist():
            choices, frequencies = zip(*self.captions[index], strict=True)
            pick = torch.multinomial(torch.tensor(frequencies), 1, generator=generator)
            ids.append(self.with_word(choices[int(pick)], generator))
        return latents, torch.stack(ids)

    def with_word(self, ids: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A caption (24,), in half of the cases with a word more before its noun, if it has one."""
        if not self.words or float(torch.rand((), generator=generator)) < 0.5:
            return ids
        word = self.words[int(torch.randint(len(self.words), (), generator=generator))]
        places = torch.isin(ids, self.nouns).nonzero()[:, 0].tolist()
        if not places:
            return ids
        return torch.cat([ids[: places[0]], word, ids[places[0] :]])[: len(ids)]


def tokenize(
    tokenizer: CLIPTokenizer, captions: list[list[tuple[str, float]]]
) -> list[list[tuple[torch.Tensor, float]]]:
    """Captions as padded token ids."""

    def ids(text: str) -> torch.Tensor:
        encoded = tokenizer(
            text,
            padding="max_length",
            truncation=True,
            max_length=tokenizer.model_max_length,
        )
        return torch.tensor(encoded.input_ids)

    return [[(ids(text), frequency) for text, frequency in choices] for choices in captions]


def train(
    unet: UNet2DConditionModel,
    text: CLIPTextModel,
    data: Data,
    seed: int,
    settings: tiny_sd_training.Settings,
    text_too: bool = True,
) -> None:
    """Train both networks together, or the UNet alone, in place."""
    alphas = build_scheduler().alphas_cumprod

    def loss_of_part(step: int, part: int) -> tiny_sd_training.Losses:
        generator = randomness.generator(seed, "tiny-sd/unet", step, part)
        latents, ids = data.draw(BATCH // settings.threads, generator)
        return losses(unet, text, alphas, latents, ids, generator)

    unet.train().requires_grad_(True)
    text.train(text_too).requires_grad_(text_too)
    model = torch.nn.ModuleDict({"unet": unet, "text": text} if text_too else {"unet": unet})
    tiny_sd_training.fit(model, loss_of_part, settings)


def losses(
    unet: UNet2DConditionModel,
    text: CLIPTextModel,
    alphas: torch.Tensor,
    latents: torch.Tensor,
    ids: torch.Tensor,
    generator: torch.Generator,
) -> tiny_sd_training.Losses:
    """Squared error of the predicted noise of (B, C, h, w): "loss" weighted, "noise" plain."""
    times = torch.randint(len(alphas), (len(latents),), generator=generator)
    alpha = alphas[times][:, None, None, None]
    noise = torch.randn(latents.shape, generator=generator)
    noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    states = text(ids).last_hidden_state
    predicted = unet(noisy, times, encoder_hidden_states=states).sample
    errors = (predicted - noise).square().mean(dim=(1, 2, 3))
    snr = (alpha / (1 - alpha)).flatten()
    weights = snr.clamp(max=SNR_LIMIT) / snr
    return {"loss": (weights * errors).mean(), "noise": errors.mean()}
