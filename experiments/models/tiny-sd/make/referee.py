"""A referee that says of a solar cell's image whether the cell is defective.

    python experiments/models/tiny-sd/make/referee.py train --out FOLDER
    python experiments/models/tiny-sd/make/referee.py judge FOLDER IMAGES...
    python experiments/models/tiny-sd/make/referee.py export FOLDER OUT

It judges what tiny-sd draws, so it must know defects in photos and in what the autoencoder makes of
them alike. It learns from all cells of the ELPV dataset whose probability of being defective is 0
or 1 and that quick.yaml does not test on, each as a photo and autoencoded, and is tried on those
that it does test on. The network is EfficientNet-Lite0, its batch norms frozen.
"""

import argparse
import csv
import dataclasses
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models import EfficientNet

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "scripts"))

import tiny_sd_data
import tiny_sd_perceptual
import tiny_sd_training
import tiny_sd_vae
from classifier import kept, lite0, network
from common import images, randomness

REPOSITORY = Path(__file__).resolve().parents[4]
MODEL = Path(__file__).resolve().parents[1]
BATCH = 32
STEPS = 1000
LEARNING_RATE = 4e-4
SIDE = 192  # pixels that the network sees of a cell's 128: cracks are thin
NORM_BATCHES = 24  # that batch norm's statistics are estimated on
FIRST_TRAINED = 3  # stage
SHIFT = 6  # pixels
HELD_OUT = 8  # every eighth training cell, by hash, chooses the threshold and trains nothing


@dataclass
class Cells:
    """Photos and what the autoencoder makes of them, (N, 3, R, R) uint8 each, and which are
    defective (N,)."""

    photos: torch.Tensor
    autoencoded: torch.Tensor
    defective: torch.Tensor

    def where(self, chosen: torch.Tensor) -> "Cells":
        return Cells(self.photos[chosen], self.autoencoded[chosen], self.defective[chosen])


class Referee:
    """A network with one output, and the probability from which on it calls a cell defective."""

    def __init__(self, network: EfficientNet, threshold: float = 0.5):
        self.network, self.threshold = network, threshold

    @torch.inference_mode()
    def probabilities(self, pixels: torch.Tensor) -> torch.Tensor:
        """Of (N, 3, R, R) uint8, by the mean logit over four mirrorings: (N,)."""
        self.network.eval()
        out = []
        for batch in pixels.split(32):
            views = [batch.flip(axes) for axes in ((), (-1,), (-2,), (-2, -1))]
            logits = [self.network(network_inputs(view.float()))[:, 0] for view in views]
            out.append(torch.stack(logits).mean(0).sigmoid())
        return torch.cat(out)

    def defective(self, pixels: torch.Tensor) -> torch.Tensor:
        """Which of (N, 3, R, R) uint8 show a defective cell: (N,) bool."""
        return self.probabilities(pixels) >= self.threshold

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.contiguous() for name, value in self.network.state_dict().items()}
        save_file(state, folder / "referee.safetensors")
        text = json.dumps({"threshold": self.threshold}, indent=2)
        (folder / "referee.json").write_text(text + "\n", encoding="utf-8")

    def export(self, folder: Path) -> None:
        """Write it as kizu keeps classifiers, in half precision: one of two classes, whose
        probabilities are equal at the threshold. It then judges an image once, not four times."""
        model = network.build(lite0.NAME, "none", 2, 0)
        state = self.network.state_dict()
        weight, bias = state["classifier.1.weight"], state["classifier.1.bias"]
        shift = torch.tensor(self.threshold).logit()
        state["classifier.1.weight"] = torch.cat([torch.zeros_like(weight), weight])
        state["classifier.1.bias"] = torch.cat([torch.zeros_like(bias), bias - shift])
        model.network.load_state_dict(state)
        scaled = dataclasses.replace(model, mean=lite0.MEAN, std=lite0.STD)
        scaled.network.half()
        folder.mkdir(parents=True, exist_ok=True)
        card = kept.card_of(scaled, lite0.NAME, ["functional", "defective"], SIDE)
        kept.write(folder, scaled, card)


def load(folder: Path) -> Referee:
    """A referee that was saved."""
    network = build_network(0)
    network.load_state_dict(load_file(folder / "referee.safetensors"))
    text = (folder / "referee.json").read_text(encoding="utf-8")
    return Referee(network, json.loads(text)["threshold"])


def build_network(seed: int) -> EfficientNet:
    network = tiny_sd_perceptual.lite0_network()
    torch.manual_seed(randomness.derive_seed(seed, "tiny-sd/referee/head"))
    head = nn.Linear(network.classifier[-1].in_features, 1)
    network.classifier = nn.Sequential(nn.Dropout(0.0), head)
    return network.to(memory_format=torch.channels_last)


def network_inputs(pixels: torch.Tensor) -> torch.Tensor:
    """0..255 (N, 3, R, R) as Lite0 takes it, enlarged."""
    if pixels.shape[-1] != SIDE:
        pixels = F.interpolate(pixels, size=SIDE, mode="bicubic")
    return ((pixels - 127) / 128).to(memory_format=torch.channels_last)


def read(vae: AutoencoderKL) -> tuple[Cells, Cells, Cells]:
    """The cells to learn from, those to choose the threshold by, and those that are tested on."""
    with (REPOSITORY / "experiments/quick-test.csv").open(encoding="utf-8") as file:
        tested = {Path(row["file"]).name for row in csv.DictReader(file)}
    certain = (tiny_sd_data.FUNCTIONAL, tiny_sd_data.CERTAINLY_DEFECTIVE)
    cells = [c for c in tiny_sd_data.read_cells() if c.probability in certain]
    photos = tiny_sd_data.read_pixels(cells)
    defective = torch.tensor([not c.functional for c in cells])
    whole = Cells(photos, tiny_sd_vae.reconstruct(vae, photos), defective)
    test = torch.tensor([c.path.name in tested for c in cells])
    held_out = torch.tensor([int(c.sha256, 16) % HELD_OUT == 0 for c in cells]) & ~test
    return whole.where(~test & ~held_out), whole.where(held_out), whole.where(test)


def batch(
    cells: Cells, count: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """`count` inputs, as many of each class, half of them autoencoded; and targets (count,)."""
    rows = [cells.defective.logical_not().nonzero()[:, 0], cells.defective.nonzero()[:, 0]]
    out, targets = [], []
    for place in range(count):
        row = rows[place % 2]
        index = row[torch.randint(len(row), (), generator=generator)]
        coins = torch.randint(2, (3,), generator=generator).tolist()
        pixels = (cells.photos if coins[0] else cells.autoencoded)[index].float()
        pixels = pixels.flip([axis for axis, coin in zip((-1, -2), coins[1:], strict=True) if coin])
        out.append(varied(pixels, generator))
        targets.append(float(place % 2))
    return network_inputs(torch.stack(out)), torch.tensor(targets)


def varied(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A (3, R, R) photo shifted, with another exposure, a little less sharp or with noise."""
    side = pixels.shape[-1]
    padded = F.pad(pixels[None], (SHIFT,) * 4, mode="replicate")[0]
    top, left = torch.randint(2 * SHIFT + 1, (2,), generator=generator).tolist()
    pixels = padded[:, top : top + side, left : left + side]
    gain, blur, noise = torch.rand(3, generator=generator).tolist()
    blurred = F.avg_pool2d(pixels[None], 3, 1, 1, count_include_pad=False)[0]
    pixels = torch.lerp(pixels, blurred, max(0.0, 1.2 * blur - 0.4))
    grain = torch.randn(1, side, side, generator=generator) * 6 * max(0.0, noise - 0.5)
    return ((pixels + grain) * (0.7 + 0.6 * gain)).clamp(0, 255)


def train(
    cells: Cells, network: EfficientNet, seed: int, settings: tiny_sd_training.Settings
) -> Referee:
    """A referee without a threshold. The first stages stay as ImageNet taught them."""
    generator = randomness.generator(seed, "tiny-sd/referee/norms")
    parts = [batch(cells, BATCH, generator)[0] for _ in range(NORM_BATCHES)]
    lite0.estimate_batch_norm(network, parts)  # ends in evaluation mode, and stays there
    network.features[:FIRST_TRAINED].requires_grad_(False)

    def loss_of_part(step: int, part: int) -> tiny_sd_training.Losses:
        generator = randomness.generator(seed, "tiny-sd/referee", step, part)
        inputs, targets = batch(cells, BATCH // settings.threads, generator)
        logits = network(inputs)[:, 0]
        smooth = 0.03 + 0.94 * targets
        return {"loss": F.binary_cross_entropy_with_logits(logits, smooth)}

    trained = nn.ModuleList([network.features[FIRST_TRAINED:], network.classifier])
    tiny_sd_training.fit(trained, loss_of_part, settings)
    return Referee(network)


def best_threshold(probabilities: torch.Tensor, defective: torch.Tensor) -> float:
    """Where as large a share of the defective is found as of the functional is let pass."""
    grid = torch.linspace(0.01, 0.99, 197)
    gaps = [
        abs(
            (probabilities[defective] >= limit).float().mean()
            - (probabilities[~defective] < limit).float().mean()
        )
        for limit in grid
    ]
    return float(grid[int(torch.stack(gaps).argmin())])


def auroc(probabilities: torch.Tensor, defective: torch.Tensor) -> float:
    """How often a defective cell has the higher probability of two."""
    pairs = probabilities[defective][:, None] - probabilities[~defective][None]
    return float(((pairs > 0).float() + 0.5 * (pairs == 0).float()).mean())


def report(referee: Referee, cells: Cells, name: str) -> None:
    for kind, pixels in (("photos", cells.photos), ("autoencoded", cells.autoencoded)):
        chances = referee.probabilities(pixels)
        called = chances >= referee.threshold
        functional = float((~called[~cells.defective]).float().mean())
        defective = float(called[cells.defective].float().mean())
        area = auroc(chances, cells.defective)
        print(
            f"{name}, {kind}: right on {functional:.1%} of functional and {defective:.1%} of"
            f" defective cells, AUROC {area:.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("--out", type=Path, required=True)
    training.add_argument("--vae", type=Path, default=MODEL / "vae")
    training.add_argument("--seed", type=int, default=0)
    training.add_argument("--threads", type=int, default=2)
    training.add_argument("--steps", type=int, default=STEPS)
    training.add_argument("--start", type=Path, help="a referee that is trained further")
    judging = commands.add_parser("judge")
    judging.add_argument("referee", type=Path)
    judging.add_argument("images", type=Path, nargs="+", help="folders of PNG files")
    exporting = commands.add_parser("export")
    exporting.add_argument("referee", type=Path)
    exporting.add_argument("out", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "export":
        load(arguments.referee).export(arguments.out)
        return
    if arguments.command == "train":
        cells, held_out, test = read(AutoencoderKL.from_pretrained(arguments.vae))
        settings = tiny_sd_training.Settings(
            steps=arguments.steps,
            threads=arguments.threads,
            checkpoint=arguments.out / "referee.pt",
            report=lambda row: print(f"step {row['step']} loss {row['loss']:.3f}", flush=True),
            learning_rate=LEARNING_RATE,
        )
        start = load(arguments.start).network if arguments.start else build_network(arguments.seed)
        referee = train(cells, start, arguments.seed, settings)
        chances = [referee.probabilities(p) for p in (held_out.photos, held_out.autoencoded)]
        referee.threshold = best_threshold(torch.cat(chances), held_out.defective.repeat(2))
        print(f"threshold {referee.threshold:.3f}")
        report(referee, held_out, "held-out training cells")
        report(referee, test, "quick.yaml's test cells")
        referee.save(arguments.out)
        return
    referee = load(arguments.referee)
    for folder in arguments.images:
        files = sorted(str(file) for file in folder.glob("*.png"))
        pixels = images.read_images(files, tiny_sd_data.RESOLUTION)
        called = referee.defective(pixels)
        print(f"{folder}: {int(called.sum())} of {len(called)} called defective")


if __name__ == "__main__":
    main()
