"""The specs of the grid that is measured; the same for both sides."""

from pathlib import Path
from typing import Any

import elpv_dataset

REPOSITORY = Path(__file__).resolve().parents[2]
# Regularization images of each LoRA, as in experiments/quick.yaml.
REGULARIZATION = [0, 10, 50, 100, 100, 50]


class Grid:
    """Specs for a device: small on a CPU, of Stable Diffusion 1.5's size on CUDA."""

    def __init__(self, device: str, folder: Path, base: Path | None):
        self.device = device
        self.base = str(base or REPOSITORY / "experiments" / "models" / "tiny-sd")
        self.resolution = 512 if device == "cuda" else 128
        self.precision = "bf16" if device == "cuda" else "fp32"
        self.target = "attention" if device == "cuda" else "attention+conv"
        self.good, self.bad = photos()

    def loras(self, count: int, steps: int, batch_size: int) -> list[dict[str, Any]]:
        """Specs of train_lora: as many trainings, that differ in their regularization images."""
        return [
            {
                "device": self.device,
                "base": self.base,
                "seed": place,
                "resolution": self.resolution,
                "instance": {"prompt": "shs solar cell", "images": self.bad[:18]},
                "class": {"prompt": "solar cell", "images": self.good[: REGULARIZATION[place]]},
                "steps": steps,
                "rank": 8,
                "alpha": 8.0,
                "learning_rate": 1e-4,
                "batch_size": batch_size,
                "prior_weight": 1.0,
                "target": self.target,
                "flip": True,
                "precision": self.precision,
            }
            # One that stands for many has regularization images.
            for place in (range(count) if count > 1 else [3])
        ]

    def images(
        self, loras: list[str], each: int, steps: int, guidance: float
    ) -> list[dict[str, Any]]:
        """Specs of generate: as many images of each LoRA."""
        return [
            {
                "device": self.device,
                "base": self.base,
                "lora": lora,
                "prompt": "shs solar cell",
                "resolution": self.resolution,
                "strength": 0.8,
                "steps": steps,
                "guidance": guidance,
                "batch_size": 8,
                "precision": self.precision,
                "images": [
                    {"name": f"{i:04}.png", "source": self.good[i], "seed": 100 * place + i}
                    for i in range(each)
                ],
            }
            for place, lora in enumerate(loras)
        ]

    def classifiers(self, conditions: int, seeds: int, **changes: Any) -> list[dict[str, Any]]:
        """Specs of classify: conditions of 24 to 100 images a class, each with several seeds, and
        with other settings."""

        def entries(count: int, first: int) -> list[dict[str, Any]]:
            return [
                {"path": path, "class": label, "name": f"{label}-{i}"}
                for label, paths in enumerate((self.good, self.bad))
                for i, path in enumerate(paths[first : first + count])
            ]

        def without_names(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [{"path": entry["path"], "class": entry["class"]} for entry in listed]

        return [
            {
                "device": self.device,
                "seed": seed,
                "model": "efficientnet_b0",
                "weights": "none",
                "resolution": 224,
                "batch_size": 32,
                "learning_rate": 1e-3,
                "weight_decay": 1e-2,
                "precision": self.precision,
                "classes": ["good", "bad"],
                "train": without_names(entries(count, 0)),
                "test": entries(40, 200),
                "steps": 120,
            }
            | changes
            for count in (24, 40, 60, 80, 100)[:conditions]
            for seed in range(seeds)
        ]


def photos() -> tuple[list[str], list[str]]:
    """Paths of functional and of defective solar cells, in the order of the package's table."""
    folder = Path(elpv_dataset.__file__).parent / "data"
    with open(folder / "labels.csv", encoding="utf-8") as file:
        rows = [line.split() for line in file]
    found = {"0.0": [], "1.0": []}
    for name, probability, _ in rows:
        if probability in found:
            found[probability].append(str(folder / name))
    return found["0.0"], found["1.0"]
