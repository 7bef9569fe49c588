"""Make the small base model of experiments/models/tiny-sd from nothing but photos of solar cells.

    python experiments/models/tiny-sd/make/make_tiny_sd.py --out experiments/models/tiny-sd --seed 0

Trains the autoencoder, and its decoder further, then the UNet and its text encoder, then the UNet
alone: it learns to pass over words without a meaning, which the text encoder goes on telling apart,
so that a LoRA can give one a meaning. An interrupted run goes on from the checkpoints in --work.
"""

import argparse
import json
import os
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.utils import logging
from transformers import CLIPTextModel, CLIPTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "scripts"))

import tiny_sd_data
import tiny_sd_latents
import tiny_sd_pictures
import tiny_sd_text
import tiny_sd_training
import tiny_sd_unet
import tiny_sd_vae
from common import randomness

LATENT_CHANNELS = 8
WORDS = 4096  # without a meaning
COLUMNS = 5  # of the sample pictures


def main() -> None:
    arguments = parse_arguments()
    logging.disable_progress_bar()
    cells = tiny_sd_data.training_cells(tiny_sd_data.read_cells())
    pixels = tiny_sd_data.read_pixels(cells)
    vae = train_autoencoder(pixels, arguments)
    pipeline = train_denoiser(vae, cells, pixels, arguments)
    pipeline = export(pipeline, arguments.out)
    tiny_sd_data.write_list(cells, arguments.out / "training_images.csv")
    write_pictures(pipeline, arguments.out / "pictures")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the pipeline")
    parser.add_argument(
        "--work", type=Path, default=Path("build/tiny-sd"), help="checkpoints, logs"
    )
    parser.add_argument(
        "--start", type=Path, help="an earlier result: train its decoder and its UNet alone further"
    )
    parser.add_argument("--vae-steps", type=int, default=2330)
    parser.add_argument("--decoder-steps", type=int, default=2500, help="of the decoder alone")
    parser.add_argument("--unet-steps", type=int, default=10300)
    parser.add_argument("--words-steps", type=int, default=1000, help="of the UNet alone")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def train_autoencoder(pixels: torch.Tensor, arguments: argparse.Namespace) -> AutoencoderKL:
    """The autoencoder with unit latents."""
    if arguments.start:
        vae = tiny_sd_vae.build(LATENT_CHANNELS)
        vae.load_state_dict(earlier(arguments.start).vae.state_dict())
        vae.register_to_config(scaling_factor=1.0)
    else:
        settings = training_settings(arguments, "vae", tiny_sd_vae.LEARNING_RATE)
        vae = tiny_sd_vae.train(pixels, LATENT_CHANNELS, arguments.seed, settings)
        tiny_sd_latents.normalise(vae, pixels)
    if not arguments.decoder_steps:
        return vae
    settings = training_settings(arguments, "decoder", tiny_sd_vae.LEARNING_RATE / 2)
    return tiny_sd_vae.train_decoder(vae, pixels, arguments.seed, settings)


def train_denoiser(
    vae: AutoencoderKL,
    cells: list[tiny_sd_data.Cell],
    pixels: torch.Tensor,
    arguments: argparse.Namespace,
) -> StableDiffusionPipeline:
    """The whole pipeline, its UNet and text encoder trained on the latents of `pixels`."""
    torch.manual_seed(randomness.derive_seed(arguments.seed, "tiny-sd/unet/init"))
    tokenizer = tiny_sd_text.write_tokenizer(arguments.work / "tokenizer")
    text = tiny_sd_text.build_encoder(tokenizer)
    unet = tiny_sd_unet.build_unet(LATENT_CHANNELS)
    if arguments.start:
        text.load_state_dict(earlier(arguments.start).text_encoder.state_dict())
        unet.load_state_dict(earlier(arguments.start).unet.state_dict())
    copies, flaws = tiny_sd_data.flawed(cells, pixels, arguments.seed)
    texts = [*(tiny_sd_data.captions(cell) for cell in cells), *flaws]
    captions = tiny_sd_unet.tokenize(tokenizer, texts)
    latents = tiny_sd_latents.encode(vae, torch.cat([pixels, copies]))
    data = tiny_sd_unet.Data(*latents, captions)
    if not arguments.start:
        settings = training_settings(arguments, "unet", tiny_sd_unet.LEARNING_RATE)
        tiny_sd_unet.train(unet, text, data, arguments.seed, settings)
    if arguments.words_steps:
        tiny_sd_text.mark_letters(text, tokenizer, arguments.seed)
        data.words = tiny_sd_text.meaningless_words(tokenizer, WORDS, arguments.seed)
        data.nouns = tiny_sd_text.first_tokens(tokenizer, ["mono", "poly", "solar"])
        settings = training_settings(arguments, "words", tiny_sd_unet.LEARNING_RATE / 2)
        tiny_sd_unet.train(unet, text, data, arguments.seed, settings, text_too=False)
    return assemble(vae, unet, text, tokenizer)


def earlier(folder: Path) -> StableDiffusionPipeline:
    """An earlier result, float32. Its configurations name its folder, so only weights are used."""
    return StableDiffusionPipeline.from_pretrained(folder)


def assemble(
    vae: AutoencoderKL, unet: UNet2DConditionModel, text: CLIPTextModel, tokenizer: CLIPTokenizer
) -> StableDiffusionPipeline:
    """The parts as a Stable Diffusion pipeline without a safety checker."""
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=tiny_sd_unet.build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def training_settings(
    arguments: argparse.Namespace, name: str, learning_rate: float
) -> tiny_sd_training.Settings:
    """The settings of the training `name`; its losses are printed and go to a CSV in --work."""

    def report(row: dict[str, float]) -> None:
        tiny_sd_training.append_row(arguments.work / f"{name}.csv", row)
        print(name, *(f"{key} {value:.4g}" for key, value in row.items()), flush=True)

    return tiny_sd_training.Settings(
        steps=getattr(arguments, f"{name}_steps"),
        threads=arguments.threads,
        checkpoint=arguments.work / f"{name}.pt",
        report=report,
        learning_rate=learning_rate,
    )


def export(pipeline: StableDiffusionPipeline, folder: Path) -> StableDiffusionPipeline:
    """Write the pipeline in half precision and read it back in single, as its users will.

    Users ask for no type and expect float32. diffusers then gives it; transformers 5 gives what
    the configuration says, hence the change there.
    """
    for module in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        module.half()
    pipeline.save_pretrained(folder)
    config = folder / "text_encoder" / "config.json"
    values = json.loads(config.read_text(encoding="utf-8")) | {"dtype": "float32"}
    config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    tiny_sd_text.write_tokenizer(folder / "tokenizer")
    loaded = StableDiffusionPipeline.from_pretrained(folder)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def write_pictures(pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Pictures for the model card, all of cells that training never saw.

    reconstructions.png: defective cells, each row above what the autoencoder makes of it, mono
    then poly. samples.png: for mono, then poly, cells drawn from noise, functional cells, and what
    img2img makes of these.
    """
    cells = tiny_sd_data.read_cells()
    reconstructions, samples = [], []
    for kind in ("mono", "poly"):
        defective = tiny_sd_data.held_out_cells(cells, "1.0", kind, COLUMNS)
        pixels = tiny_sd_data.read_pixels(defective)
        reconstructed = tiny_sd_vae.reconstruct(pipeline.vae, pixels)
        print(f"{kind}: PSNR {tiny_sd_vae.psnr(pixels, reconstructed):.1f} dB of held-out cells")
        reconstructions += [pixels, reconstructed]
        functional = tiny_sd_data.held_out_cells(cells, "0.0", kind, COLUMNS)
        pixels = tiny_sd_data.read_pixels(functional)
        prompt = f"{kind} solar cell"
        drawn = tiny_sd_pictures.text_to_image(pipeline, prompt, COLUMNS, 30, 3.0)
        redrawn = tiny_sd_pictures.image_to_image(pipeline, prompt, pixels, 0.6, 20, 3.0)
        samples += [drawn, pixels, redrawn]
    tiny_sd_pictures.write_grid(reconstructions, folder / "reconstructions.png")
    tiny_sd_pictures.write_grid(samples, folder / "samples.png")


if __name__ == "__main__":
    main()
