"""kizu's stages against the plain recipe on the same grid, side by side; prints a table of ratios.

On a CPU with the base model in experiments/models/tiny-sd at 128 x 128, on CUDA with a random
pipeline of the size of Stable Diffusion 1.5 at 512 x 512 in bf16. Each side starts its own
processes, and their start is part of its time. Photos come from the PyPI package elpv-dataset.

    .venv/bin/python3 scripts/bench/speed.py [--device cpu|cuda] [--repeats 1]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import random_sd15
from grid import Grid

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parents[1] / "orchestrator/execute/environment.json"


def of_workers() -> dict[str, str]:
    """The environment that kizu gives its workers besides its own; see environment.go there."""
    table = json.loads(ENVIRONMENT.read_text(encoding="utf-8"))
    usual = table["memory"] | table["kernels"]
    if not os.environ.get("OMP_WAIT_POLICY"):
        usual |= table["waiting"]
    unset = {name: value for name, value in usual.items() if not os.environ.get(name)}
    return unset | table["always"]


@dataclass
class Row:
    """One comparison: what it is of, its target, and both sides' seconds in every repetition."""

    what: str
    target: str
    plain: Callable[[], float]
    ours: Callable[[], float]
    seconds: list[tuple[float, float]] = field(default_factory=list)

    def measure(self) -> None:
        """Run both sides once, the plain one first."""
        self.seconds.append((self.plain(), self.ours()))

    def cells(self) -> list[str]:
        """The row of the table: medians, and the median ratio."""
        plain, ours = (statistics.median(side) for side in zip(*self.seconds, strict=True))
        ratio = statistics.median(one / other for one, other in self.seconds)
        return [self.what, f"{plain:.1f} s", f"{ours:.1f} s", f"{ratio:.1f}x", self.target]


def run(*command: object, **environment: str) -> dict[str, Any]:
    """Run a script of this folder; what it printed, and the wall time with its start."""
    began = time.perf_counter()
    words = [sys.executable, *map(str, command)]
    with_these = os.environ | environment
    done = subprocess.run(words, capture_output=True, text=True, env=with_these)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed:\n{done.stderr[-3000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "wall": time.perf_counter() - began}


def write(folder: Path, name: str, value: Any) -> Path:
    """A JSON file."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


class Bench:
    """Both sides of every comparison, on one device."""

    def __init__(self, device: str, folder: Path):
        self.folder = folder
        self.grid = Grid(device, folder, random_sd15.folder() if device == "cuda" else None)
        self.count = 0

    def fresh(self, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The specs with an output folder each that nobody has written to."""
        self.count += 1
        made = []
        for place, spec in enumerate(specs):
            out = self.folder / f"out{self.count}" / str(place)
            out.mkdir(parents=True)
            made.append({**spec, "out": str(out)})
        return made

    def plain(self, script: str, specs: list[dict[str, Any]]) -> float:
        """A process for each spec, one after another."""
        files = [write(self.folder, f"plain{i}", s) for i, s in enumerate(self.fresh(specs))]
        return sum(run(HERE / script, file)["wall"] for file in files)

    def stage(self, name: str, how: str, specs: list[dict[str, Any]], what: str = "wall") -> float:
        """One process of ours for all."""
        return self.staged(name, how, self.fresh(specs))[what]

    def staged(self, name: str, how: str, specs: list[dict[str, Any]]) -> dict[str, Any]:
        """What a process says of a stage that it has run as a worker of kizu does."""
        file = write(self.folder, "specs", specs)
        return run(HERE / "stage.py", name, how, file, **of_workers())

    def rows(self) -> list[Row]:
        """The comparisons that this device is for."""
        return self.on_cuda() if self.grid.device == "cuda" else self.on_cpu()

    def on_cpu(self) -> list[Row]:
        grid, rows = self.grid, []
        for size in (1, 4):
            specs = grid.loras(6, steps=100, batch_size=size)
            pair = f"batch {size} + {size}"
            note = "diffusers' README" if size == 1 else "as quick.yaml"
            rows.append(
                Row(
                    f"six LoRAs, 100 steps, {pair} ({note})",
                    ">= 3x",
                    lambda specs=specs: self.plain("plain_dreambooth.py", specs),
                    lambda specs=specs: self.stage("train_lora", "together", specs),
                )
            )
        rows.append(
            Row(
                "the same six, ours one after another / together",
                "",
                lambda: self.stage("train_lora", "apart", grid.loras(6, 100, 4)),
                lambda: self.stage("train_lora", "together", grid.loras(6, 100, 4)),
            )
        )
        images = grid.images(self.trained(4), each=16, steps=15, guidance=6.0)
        rows.append(
            Row(
                "64 images over 4 LoRAs, 15 steps, guidance 6",
                ">= 2.5x",
                lambda: self.plain("plain_img2img.py", images),
                lambda: self.stage("generate", "together", images),
            )
        )
        heads = {"weights": "lite0", "trained": "head", "augment": "none", "resolution": 192}
        return [
            *rows,
            self.classifiers(
                "five EfficientNet-b0 at 96 x 96, 20 steps", ">= 2x", 5, steps=20, resolution=96
            ),
            self.classifiers("heads of five at 192 x 192, 40 steps", ">= 2x", 5, steps=40, **heads),
        ]

    def classifiers(
        self, what: str, target: str, conditions: int, seeds: int = 1, **changes: Any
    ) -> Row:
        """Trainings one after another, each side in one process."""
        specs = self.grid.classifiers(conditions, seeds, **changes)
        return Row(
            f"{what}, against a DataLoader",
            target,
            lambda: run(HERE / "plain_classifier.py", write(self.folder, "plain", specs))["wall"],
            lambda: self.stage("classify", "apart", specs),
        )

    def on_cuda(self) -> list[Row]:
        grid = self.grid
        one, six = grid.loras(1, 200, 1), grid.loras(6, 200, 1)
        images = grid.images(self.trained(1), each=32, steps=30, guidance=7.5)
        return [
            Row(
                "one LoRA, 200 steps, batch 1 + 1",
                ">= 2.5x",
                lambda: self.plain("plain_dreambooth.py", one),
                lambda: self.stage("train_lora", "apart", one),
            ),
            Row(
                "six LoRAs, ours one after another / together",
                ">= 2.5x",
                lambda: self.stage("train_lora", "apart", six, "seconds"),
                lambda: self.stage("train_lora", "together", six, "seconds"),
            ),
            Row(
                "img2img, 32 images, 30 steps, guidance 7.5",
                ">= 4x",
                lambda: self.plain("plain_img2img.py", images),
                lambda: self.stage("generate", "apart", images),
            ),
            self.classifiers("25 EfficientNet-b0 at 224 x 224", ">= 5x", 5, 5),
        ]

    def trained(self, count: int) -> list[str]:
        """Folders of so many LoRAs of a few steps."""
        specs = self.fresh(self.grid.loras(count, steps=5, batch_size=1))
        run(HERE / "stage.py", "train_lora", "together", write(self.folder, "specs", specs))
        return [spec["out"] for spec in specs]


def machine(device: str) -> str:
    """What the figures are from."""
    name = torch.cuda.get_device_name() if device == "cuda" else f"{cpu()}, CPU only"
    libraries = ", ".join(f"{n} {version(n)}" for n in ("torch", "diffusers", "peft"))
    today = datetime.now(timezone.utc).date()
    return f"{name}; {libraries}; Python {platform.python_version()}; {today}"


def cpu() -> str:
    """The processor and how many threads torch uses."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{torch.get_num_threads()} cores of {models[0] if models else platform.machine()}"


def main() -> None:
    """Measure, and print a table in Markdown."""
    found = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=["cpu", "cuda"], default=found)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    print(machine(options.device))
    with tempfile.TemporaryDirectory(prefix="kizu-bench-") as folder:
        rows = Bench(options.device, Path(folder)).rows()
        for _ in range(options.repeats):
            for row in rows:
                row.measure()
                print(f"  {row.what}: {row.seconds[-1][0]:.1f} s, {row.seconds[-1][1]:.1f} s")
    print("| what | plain | kizu | ratio | target |\n| --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        print("| " + " | ".join(row.cells()) + " |")
    if options.device == "cpu":
        print("Figures for CUDA: not measured here; run this on a machine with a GPU.")


if __name__ == "__main__":
    main()
