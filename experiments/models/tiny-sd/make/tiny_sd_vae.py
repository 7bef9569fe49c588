"""The autoencoder of the small base model: 128x128 RGB to 16x16 latents and back."""

import torch
from diffusers import AutoencoderKL
from torch import nn

import tiny_sd_flaws
import tiny_sd_perceptual
import tiny_sd_training
from common import images, randomness

CROP = 64  # the network is convolutional throughout; crops buy four times as many steps
BATCH = 8
LEARNING_RATE = 1e-3
WEIGHTS = {"l1": 1.0, "gradient": 0.5, "spectrum": 0.5, "perceptual": 0.1, "kl": 1e-4}


def build(latent_channels: int) -> AutoencoderKL:
    """Narrow at full resolution, where almost all of the time goes, and wide below."""
    levels = (16, 32, 64, 128)
    return AutoencoderKL(
        block_out_channels=levels,
        down_block_types=["DownEncoderBlock2D"] * len(levels),
        up_block_types=["UpDecoderBlock2D"] * len(levels),
        layers_per_block=1,
        latent_channels=latent_channels,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=128,
    )


def crops(pixels: torch.Tensor, generator: torch.Generator, count: int) -> torch.Tensor:
    """`count` random 64x64 crops in -1..1 of (N, 3, R, R) uint8: mirrored, turned, with random
    exposure, and half of them with flaws drawn in, which the model must be able to carry."""
    limit = pixels.shape[-1] - CROP + 1
    out = []
    for _ in range(count):
        index, top, left, turns = (
            int(torch.randint(n, (), generator=generator)) for n in (len(pixels), limit, limit, 8)
        )
        crop = pixels[index, :, top : top + CROP, left : left + CROP].float() / 255.0
        crop = torch.rot90(crop.flip(-1) if turns >= 4 else crop, turns % 4, (-2, -1))
        gain, flaws = torch.rand(2, generator=generator).tolist()
        crop = crop * (0.6 + 0.6 * gain)
        out.append(tiny_sd_flaws.draw(crop, generator)[0] if flaws < 0.5 else crop)
    return torch.stack(out).clamp(0, 1) * 2 - 1


def train(
    pixels: torch.Tensor, latent_channels: int, seed: int, settings: tiny_sd_training.Settings
) -> AutoencoderKL:
    """A new autoencoder, trained on (N, 3, R, R) uint8."""
    torch.manual_seed(randomness.derive_seed(seed, "tiny-sd/vae/init"))
    model = build(latent_channels)
    return fit(model, model, pixels, (seed, "tiny-sd/vae"), settings)


def train_decoder(
    model: AutoencoderKL, pixels: torch.Tensor, seed: int, settings: tiny_sd_training.Settings
) -> AutoencoderKL:
    """The same autoencoder with its decoder trained further, so that latents stay what they are."""
    model.requires_grad_(False)
    decoder = nn.ModuleList([model.post_quant_conv, model.decoder]).requires_grad_(True)
    return fit(model, decoder, pixels, (seed, "tiny-sd/decoder"), settings)


def fit(
    model: AutoencoderKL,
    trained: nn.Module,
    pixels: torch.Tensor,
    draws: tuple[int, str],
    settings: tiny_sd_training.Settings,
) -> AutoencoderKL:
    """Train a part of the autoencoder, or all of it, on crops; `draws` names their generators."""
    model.to(memory_format=torch.channels_last)  # 15 % faster here
    networks = [tiny_sd_perceptual.Lite0Features() for _ in range(settings.threads)]

    def loss_of_part(step: int, part: int) -> tiny_sd_training.Losses:
        generator = randomness.generator(*draws, step, part)
        batch = crops(pixels, generator, BATCH // settings.threads)
        batch = batch.contiguous(memory_format=torch.channels_last)
        return losses(model, networks[part], batch, generator)

    tiny_sd_training.fit(trained, loss_of_part, settings)
    return model.to(memory_format=torch.contiguous_format)


def losses(
    model: AutoencoderKL,
    network: tiny_sd_perceptual.Lite0Features,
    batch: torch.Tensor,
    generator: torch.Generator,
) -> tiny_sd_training.Losses:
    """Each loss of a (B, 3, h, w) batch in -1..1, and "loss", their weighted sum."""
    posterior = model.encode(batch).latent_dist
    output = model.decode(posterior.sample(generator=generator)).sample
    values = {
        "l1": (output - batch).abs().mean(),
        "gradient": tiny_sd_perceptual.gradient(output, batch),
        "spectrum": tiny_sd_perceptual.spectrum(output, batch),
        "perceptual": tiny_sd_perceptual.perceptual(network, output, batch),
        "kl": posterior.kl().mean() / posterior.mean[0].numel(),
    }
    return {
        "loss": sum(WEIGHTS[name] * value for name, value in values.items()),
        **values,
    }


@torch.no_grad()
def reconstruct(model: AutoencoderKL, pixels: torch.Tensor) -> torch.Tensor:
    """uint8 (N, 3, R, R) through the autoencoder's mode and back to uint8."""
    parts = [model.encode(images.to_signed(batch)).latent_dist.mode() for batch in pixels.split(8)]
    return torch.cat([images.to_uint8(model.decode(part).sample) for part in parts])


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in dB of two uint8 tensors."""
    error = (a.float() - b.float()).square().mean()
    return float(10 * torch.log10(255.0**2 / error))
