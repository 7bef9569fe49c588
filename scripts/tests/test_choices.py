"""The words of an experiment file are those that the stages know."""

import json
from pathlib import Path

import pytest
import torch

from classifier import network, training
from common import runtime
from common.errors import StageError
from diffusion import samplers
from lora import optimizers, regularization

TABLE = Path(__file__).resolve().parents[2] / "orchestrator/experiment/choices.json"
CHOICES = json.loads(TABLE.read_text(encoding="utf-8"))


def test_words_are_those_of_the_tables_of_the_stages():
    assert CHOICES["generate.sampler"] == ["base", *samplers.SAMPLERS]
    assert CHOICES["lora.optimizer"] == list(optimizers.OPTIMIZERS)
    assert CHOICES["lora.schedule"] == list(optimizers.SCHEDULES)
    assert sorted(CHOICES["lora.regularization"]) == sorted(regularization.MODES)


@pytest.mark.parametrize("setting", [name for name in CHOICES if name.endswith("precision")])
def test_precisions(setting):
    assert [runtime.dtype_of(name) for name in CHOICES[setting]] == [
        *(torch.float32, torch.bfloat16, torch.float16)
    ]


def test_models_and_sampling():
    for model in CHOICES["classifier.model"]:
        network.build(model, "none", 2, 0)
    with pytest.raises(StageError, match=", ".join(CHOICES["classifier.model"])):
        network.build("another", "none", 2, 0)
    assert sorted(CHOICES["classifier.sampling"]) == sorted(training.SAMPLING)
