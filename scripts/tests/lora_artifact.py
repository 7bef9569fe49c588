"""Reading what train_lora left in a spec's `out`."""

import csv
from pathlib import Path

import torch
from safetensors.torch import load_file


def weights(spec: dict) -> dict[str, torch.Tensor]:
    """Tensors of the LoRA in diffusers' file."""
    return load_file(Path(spec["out"], "pytorch_lora_weights.safetensors"))


def losses(spec: dict) -> list[dict[str, str]]:
    """Lines of losses.csv."""
    with open(Path(spec["out"], "losses.csv"), newline="") as file:
        return list(csv.DictReader(file))


def contents(spec: dict) -> dict[str, bytes]:
    """Bytes of every file."""
    return {file.name: file.read_bytes() for file in Path(spec["out"]).iterdir()}
