"""A kept classifier as an ONNX file, for `kizu export`; no stage, since exports are not stored.

Alone: python scripts/to_onnx.py spec.json
"""

import json
import logging
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import nn

from classifier import kept, network
from classifier.network import Classifier
from common import runtime
from common.errors import StageError
from common.specs import read_spec

WITHIN = 1e-4  # by which probabilities may differ from torch's


@dataclass(frozen=True)
class Spec:
    """Keys of the spec: the folder of a kept classifier, and the file to write."""

    classifier: str
    file: str


class Whole(nn.Module):
    """(N, R, R, 3) uint8 RGB to class probabilities (N, classes) float32."""

    def __init__(self, model: Classifier):
        super().__init__()
        self.network = model.network
        # Not "mean", which the graph calls what comes out of a pooling.
        for name in ("mean", "std"):
            scale = torch.tensor(getattr(model, name)).view(1, 3, 1, 1)
            self.register_buffer(f"pixels_{name}", scale)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        inputs = (pixels.permute(0, 3, 1, 2).float() / 255.0 - self.pixels_mean) / self.pixels_std
        return self.network(inputs).softmax(1)


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Write the file, with model.json as its metadata `kizu`; returns by how much the
    probabilities of a few images differ from torch's at most. StageError above WITHIN."""
    spec = read_spec(Spec, spec)
    model, card = kept.read(Path(spec.classifier))
    whole = Whole(model).eval()
    config = json.dumps(card.config)
    program = _program(card.model, config, len(card.classes), card.resolution)
    program.apply_weights(whole.state_dict())
    program.model.metadata_props["kizu"] = json.dumps(asdict(card), ensure_ascii=False)
    program.save(spec.file, external_data=False)
    difference = _difference(whole, spec.file, card.resolution)
    if difference > WITHIN:
        raise StageError(
            f"{spec.file} gives probabilities that differ from torch's by {difference:.2g}: use"
            " model.safetensors"
        )
    return {"difference": difference}


@lru_cache(maxsize=2)
def _program(model: str, config: str, classes: int, side: int) -> torch.onnx.ONNXProgram:
    """The graph of all classifiers of one kind, with other weights: tracing one takes as long as
    writing dozens. It is not optimized, so that its weights keep their names; runtimes do that."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    return torch.onnx.export(
        Whole(network.build(model, "none", classes, 0, json.loads(config))).eval(),
        (_images(2, side),),
        dynamo=True,
        verbose=False,
        optimize=False,
        input_names=["pixels"],
        output_names=["probabilities"],
        dynamic_shapes={"pixels": {0: torch.export.Dim("batch")}},
    )


@torch.inference_mode()
def _difference(whole: Whole, file: str, side: int) -> float:
    """Between what torch and what onnxruntime make of batches of 1 and 3 images, at most."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    differences = []
    for images in (1, 3):
        pixels = _images(images, side)
        (answer,) = session.run(None, {"pixels": pixels.numpy()})
        differences.append(float(np.abs(answer - whole(pixels).numpy()).max()))
    return max(differences)


def _images(count: int, side: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    return torch.randint(256, (count, side, side, 3), dtype=torch.uint8, generator=generator)


if __name__ == "__main__":
    runtime.run_alone(run)
