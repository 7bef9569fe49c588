"""The ONNX file of a kept classifier answers like it, in batches of any size."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

import to_onnx
from classifier import kept, lite0, network, training

CLASSES = ["good", "Öl"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [lite0.NAME, "resnet18"])
def test_onnxruntime_answers_like_torch(tmp_path, name):
    for seed in (1, 2):  # the second has the graph of the first
        check(tmp_path, name, seed)


def check(tmp_path, name, seed):
    model = network.build(name, "none", len(CLASSES), seed)
    kept.write(tmp_path, model, kept.card_of(model, name, CLASSES, 64))
    file = str(tmp_path / "model.onnx")
    assert to_onnx.run({"classifier": str(tmp_path), "file": file})["difference"] <= to_onnx.WITHIN
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(0).integers(256, size=(5, 64, 64, 3), dtype=np.uint8)
    (answers,) = session.run(None, {"pixels": pixels})
    wanted = training.predict(model, torch.from_numpy(pixels).permute(0, 3, 1, 2), "fp32")
    assert np.abs(answers - wanted.numpy()).max() < 1e-4
    card = json.loads(session.get_modelmeta().custom_metadata_map["kizu"])
    assert (card["classes"], card["resolution"]) == (CLASSES, 64)
    assert not list(tmp_path.glob("*.data"))
