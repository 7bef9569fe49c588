"""LoRAs on a random base model of Stable Diffusion 1.5's size, beside kohya-ss/sd-scripts.

256 x 256 pixels, 10 + 10 photos, rank 8 on attention, 12 steps of 1 + 1, and how far a step is from
what this machine reaches in multiplying matrices. Several LoRAs are several runs of sd-scripts: so
many times the one that is measured. Without a checkout of it only kizu is measured.

    .venv/bin/python3 scripts/bench/real_size.py [--kohya CHECKOUT --kohya-python PYTHON]
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from torch.utils.flop_counter import FlopCounterMode

import random_sd15
from grid import Grid
from speed import HERE, Bench, machine, run, write

RESOLUTION, PHOTOS, STEPS = 256, 10, 12
SAMPLES = 2  # of a LoRA in a step
# Processors without AVX-512 compute bf16 by conversion, many times slower.
PRECISIONS = ["fp32", "bf16"] if "AVX512" in torch.backends.cpu.get_cpu_capability() else ["fp32"]


class RealSize(Bench):
    """Both sides on a CPU, in one precision."""

    def __init__(self, precision: str, folder: Path):
        super().__init__("cpu", folder)
        self.grid = Grid("cpu", folder, random_sd15.folder())
        self.grid.resolution, self.grid.target = RESOLUTION, "attention"
        self.grid.precision = precision

    def specs(self, count: int) -> list[dict[str, Any]]:
        """So many LoRAs, that differ in their seeds."""
        made = self.grid.loras(4, STEPS, SAMPLES // 2)[:count]
        for spec in made:
            spec["instance"]["images"] = self.grid.bad[:PHOTOS]
            spec["class"]["images"] = self.grid.good[:PHOTOS]
            spec["flip"] = False
        return self.fresh(made)

    def ours(self, count: int) -> dict[str, Any]:
        """So many LoRAs by kizu, as a worker computes them."""
        return self.staged("train_lora", "together", self.specs(count))

    def theirs(self, checkout: str, python: str) -> dict[str, Any]:
        """One LoRA by sd-scripts."""
        file = write(self.folder, "kohya", self.specs(1)[0])
        return run(HERE / "kohya.py", checkout, python, file)


def multiplications() -> float:
    """Floating-point operations of a sample's step: a forward pass, and a backward pass to LoRAs on
    attention."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
        unet.requires_grad_(False)
        unet.add_adapter(LoraConfig(r=8, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
        inputs = torch.empty(1, 4, RESOLUTION // 8, RESOLUTION // 8)
        with FlopCounterMode(display=False) as counter:
            step = torch.zeros(1, dtype=torch.int64)
            unet(inputs, step, torch.empty(1, 77, 768)).sample.sum().backward()
    return counter.get_total_flops()


def rate(size: int = 2048, times: int = 5) -> float:
    """Operations a second of this machine in products of float32 matrices: the best of some."""
    one, other, seconds = torch.randn(size, size), torch.randn(size, size), []
    for _ in range(times):
        began = time.perf_counter()
        one @ other
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / min(seconds)


def row(who: str, precision: str, found: dict[str, Any], best: float, runs: int = 1) -> str:
    """A row of the table, of so many runs one after another; `best` is the least seconds of a
    step, if all of it were products of matrices."""
    a_step, whole = runs * found["seconds_a_step"], runs * found["wall"]
    share = best / a_step
    cells = [
        who,
        precision,
        f"{a_step:.1f} s",
        f"{whole:.0f} s",
        f"{found['host_bytes'] / 2**30:.1f}",
    ]
    return "| " + " | ".join([*cells, f"{share:.0%}" if precision == "fp32" else "-"]) + " |"


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kohya", metavar="CHECKOUT", help="a checkout of kohya-ss/sd-scripts")
    parser.add_argument("--kohya-python", default="python3", help="a Python that has its packages")
    options = parser.parse_args()
    print(machine("cpu"))
    reached = rate()
    best = SAMPLES * multiplications() / reached  # of one LoRA
    print(f"products of float32 matrices: {reached / 1e9:.0f} GFLOP/s")
    print("| | precision | a step | whole task | GiB | of that rate |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="kizu-bench-") as folder:
        for precision in PRECISIONS:
            bench = RealSize(precision, Path(folder))
            if options.kohya:
                found = bench.theirs(options.kohya, options.kohya_python)
                print(row("kohya, one", precision, found, best), flush=True)
                print(row("kohya, four runs", precision, found, 4 * best, runs=4), flush=True)
            for count, who in ((1, "kizu, one"), (4, "kizu, four together")):
                print(row(who, precision, bench.ours(count), count * best), flush=True)


if __name__ == "__main__":
    main()
