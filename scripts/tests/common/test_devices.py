"""Devices are named as the host names them, and unknown ones are refused by name."""

import json
import os

import pytest
import torch

from common import devices
from common.errors import StageError
from fake_cuda import fake_cuda


def test_the_cpu_is_always_there():
    found = devices.probe({"device": "cpu"})
    (cpu,) = found["devices"]
    assert (cpu["name"], cpu["kind"]) == ("cpu", "cpu")
    assert cpu["memory_bytes"] > 2**28
    assert cpu["label"]
    assert found["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    assert {"pillow", "numpy"} <= set(found["versions"])
    json.dumps(found)


def test_what_decides_the_last_bits_is_said(monkeypatch):
    for name in devices.LIMITS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_CBWR", "AUTO,STRICT")
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        found = devices.probe({"device": "cpu"})["processor"]
    finally:
        torch.set_num_threads(threads)
    assert found["threads"] == 3
    assert found["instructions"] == torch.backends.cpu.get_cpu_capability()
    assert found["limits"] == {"MKL_CBWR": "AUTO,STRICT"}
    assert found["model"]


def test_processors_of_one_name_are_told_apart(monkeypatch, tmp_path):
    text = (
        "processor\t: 0\ncpu family\t: 25\nmodel\t\t: {}\nmodel name\t: AMD EPYC\nstepping\t: 1\n\n"
    )
    labels = set()
    for model in (1, 17):
        monkeypatch.setattr(devices, "CPU_INFO", tmp_path / "cpuinfo")
        devices.CPU_INFO.write_text(text.format(model) + text.format(99))
        labels.add(devices.processor()["model"])
    assert labels == {
        "AMD EPYC (family 25, model 1, stepping 1)",
        "AMD EPYC (family 25, model 17, stepping 1)",
    }


def test_auto_is_every_gpu_or_else_the_cpu():
    names = [device["name"] for device in devices.probe({"device": "auto"})["devices"]]
    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    assert names == (gpus or ["cpu"])
    assert str(devices.resolve("auto")) == names[0]


@pytest.mark.parametrize("name", ["cuda:63", "tpu", "", "cpu:1"])
def test_unknown_devices_are_refused(name):
    with pytest.raises(StageError, match=f"device '{name}' does not exist.*it has: cpu"):
        devices.probe({"device": name})


@pytest.fixture
def switches(monkeypatch):
    """How torch computes on GPUs, which is put back."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    for name in devices.CUDA:
        monkeypatch.delenv(name, raising=False)
    yield monkeypatch
    monkeypatch.undo()
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
    devices.configure_cuda()


def state() -> tuple:
    backends = torch.backends
    return (
        backends.cuda.matmul.allow_tf32,
        backends.cudnn.allow_tf32,
        backends.cudnn.benchmark,
        torch.are_deterministic_algorithms_enabled(),
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, (False, True, False, False, None)),
        ({"KIZU_CUDA_TF32": "off"}, (False, False, False, False, None)),
        ({"KIZU_CUDA_TF32": "all"}, (True, True, False, False, None)),
        ({"KIZU_CUDA_BENCHMARK": "true"}, (False, True, True, False, None)),
        ({"KIZU_CUDA_DETERMINISTIC": "true"}, (False, True, False, True, ":4096:8")),
    ],
)
def test_gpus_compute_as_settings_say_and_manifests_can_say_so(switches, said, wanted):
    for name in devices.LIMITS:
        switches.delenv(name, raising=False)
    for name, text in said.items():
        switches.setenv(name, text)
    assert devices.probe({"device": "cpu"})["processor"]["limits"] == {}
    with fake_cuda():
        assert devices.probe({"device": "cuda:0"})["processor"]["limits"] == said
    assert state() == wanted


@pytest.mark.parametrize(
    ("knows", "built", "said"),
    [
        (None, "13.2", ""),
        ((13, 0), "13.2", ""),
        ((14, 1), "13.2", ""),
        ((12, 4), "13.2", "their driver knows CUDA 12.4, and torch .* is built with CUDA 13.2"),
        ((12, 4), None, "their driver knows CUDA 12.4, and torch .* is built without CUDA"),
    ],
)
def test_a_driver_that_is_too_old_for_torch_is_said(monkeypatch, knows, built, said):
    monkeypatch.setattr(devices, "driver_version", lambda: knows)
    monkeypatch.setattr(torch.version, "cuda", built)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    (cpu,) = devices.probe({"device": "auto"})["devices"]
    assert bool(said) == ("problem" in cpu)
    with pytest.raises(StageError, match=f"it has: cpu.*{said}.*CONSTRAINTS" if said else "cpu$"):
        devices.probe({"device": "cuda:0"})


def test_the_driver_is_asked_for_its_version(monkeypatch):
    class Driver:
        @staticmethod
        def cuDriverGetVersion(version) -> int:
            version._obj.value = 12040
            return 0

    monkeypatch.setattr(devices.ctypes, "CDLL", lambda name: Driver)
    assert devices.driver_version() == (12, 4)

    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(devices.ctypes, "CDLL", missing)
    assert devices.driver_version() is None
