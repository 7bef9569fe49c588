"""Devices are named as the host names them, and unknown ones are refused by name."""

import json

import pytest
import torch

import devices
from errors import StageError


def test_the_cpu_is_always_there():
    found = devices.probe({"device": "cpu"})
    (cpu,) = found["devices"]
    assert (cpu["name"], cpu["kind"]) == ("cpu", "cpu")
    assert cpu["memory_bytes"] > 2**28
    assert cpu["label"]
    assert found["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    json.dumps(found)


def test_auto_is_every_gpu_or_else_the_cpu():
    names = [device["name"] for device in devices.probe({"device": "auto"})["devices"]]
    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    assert names == (gpus or ["cpu"])
    assert str(devices.resolve("auto")) == names[0]


@pytest.mark.parametrize("name", ["cuda:63", "tpu", "", "cpu:1"])
def test_unknown_devices_are_refused(name):
    with pytest.raises(StageError, match=f"device '{name}' does not exist.*it has: cpu"):
        devices.probe({"device": name})
