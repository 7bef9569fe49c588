"""Which devices torch can use here, and what they are called ("cpu", "cuda:0", ...)."""

import ctypes
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import torch

from common.errors import StageError

LIBRARIES = ("torch", "diffusers", "peft", "torchvision", "transformers", "numpy", "pillow")

# What holds oneDNN, MKL and torch's own kernels to less than the processor has; see docs/faults.md.
LIMITS = (
    *("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "MKL_CBWR"),
    "OMP_THREAD_LIMIT",
)


# How GPUs compute, by default, in the variables that kizu sets by its settings cuda.*.
CUDA = {
    "KIZU_CUDA_TF32": "convolutions",
    "KIZU_CUDA_BENCHMARK": "false",
    "KIZU_CUDA_DETERMINISTIC": "false",
}

CPU_INFO = Path("/proc/cpuinfo")
NUMBERS = {"family": "cpu family", "model": "model", "stepping": "stepping"}  # what it calls them


def probe(spec: dict[str, Any]) -> dict[str, Any]:
    """Devices that match spec["device"] ("auto": all CUDA devices, else the CPU), and what else
    decides the last bits of results here.

    Returns {"devices": [{"name", "kind", "label", "memory_bytes"}], "versions": {...},
    "processor": {...}}, the last as `processor` has it.
    Raises StageError when the named device does not exist.
    """
    wanted = spec.get("device", "auto")
    known = available()
    if wanted == "auto":
        chosen = [d for d in known if d["kind"] == "cuda"] or known
    else:
        chosen = [d for d in known if d["name"] == _canonical(wanted)]
        if not chosen:
            names, why = ", ".join(d["name"] for d in known), known[0].get("problem", "")
            raise StageError(
                f"device {wanted!r} does not exist on this machine; it has: {names}"
                + (f" ({why})" if why else "")
            )
    processor_ = processor()
    if any(device["kind"] == "cuda" for device in chosen):
        processor_["limits"] |= configure_cuda()
    return {"devices": chosen, "versions": versions(), "processor": processor_}


def configure_cuda() -> dict[str, str]:
    """Have GPUs compute as the environment says; returns what it says other than by default."""
    said = {name: os.environ.get(name) or usual for name, usual in CUDA.items()}
    tf32, benchmark, deterministic = said.values()
    torch.backends.cuda.matmul.allow_tf32 = tf32 == "all"
    torch.backends.cudnn.allow_tf32 = tf32 != "off"
    torch.backends.cudnn.benchmark = benchmark == "true"
    if deterministic == "true":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # which cuBLAS reads first
    # What has no such code is used all the same, and named in the task's log.
    torch.use_deterministic_algorithms(deterministic == "true", warn_only=True)
    return {name: text for name, text in said.items() if text != CUDA[name]}


def available() -> list[dict[str, Any]]:
    """Every usable device, the CPU first, with the "problem" that keeps GPUs from being used."""
    cpu = {"name": "cpu", "kind": "cpu", "label": _cpu_label(), "memory_bytes": _cpu_memory()}
    found = [cpu]
    if why := "" if torch.cuda.device_count() else unused():
        cpu["problem"] = why
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found.append(
            {
                "name": f"cuda:{index}",
                "kind": "cuda",
                "label": properties.name,
                "memory_bytes": properties.total_memory,
            }
        )
    return found


def unused() -> str:
    """Why torch uses no GPU though there is a driver, and what to do; "" where it could use one.

    A driver runs what is built with the same major version of CUDA or an earlier one.
    """
    knows, built = driver_version(), torch.version.cuda
    if not knows or (built and knows[0] >= int(built.split(".")[0])):
        return ""
    kind = f"with CUDA {built}" if built else "without CUDA"
    return (
        f"GPUs are not used: their driver knows CUDA {knows[0]}.{knows[1]}, and torch"
        f" {torch.__version__} is built {kind}; install a newer driver, or another torch by"
        " `CONSTRAINTS=FILE make build` (README.md)"
    )


def driver_version() -> tuple[int, int] | None:
    """The newest CUDA that the GPUs' driver knows; None without a driver."""
    version = ctypes.c_int()
    try:
        ctypes.CDLL("libcuda.so.1").cuDriverGetVersion(ctypes.byref(version))
    except (OSError, AttributeError):
        return None
    known = version.value // 1000, version.value % 1000 // 10
    return known if version.value else None


def resolve(name: str) -> torch.device:
    """The torch device of one name; "auto" takes the first that `probe` lists."""
    return torch.device(probe({"device": name})["devices"][0]["name"])


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide results, without importing them."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        found[library] = importlib.metadata.version(library)
    return found


def processor() -> dict[str, Any]:
    """The processor's model, the instructions that torch's kernels use of it, the limits that the
    environment sets to the libraries below torch, and the threads that compute."""
    return {
        "model": _cpu_model(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "limits": {name: os.environ[name] for name in LIMITS if os.environ.get(name)},
        "threads": torch.get_num_threads(),
    }


def _canonical(name: str) -> str:
    return "cuda:0" if name == "cuda" else name


def _cpu_label() -> str:
    return f"{_cpu_model()}, {os.cpu_count()} threads"


def _cpu_model() -> str:
    """Its maker's name with family, model and stepping: some makers' names do not tell models
    apart in a virtual machine."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    first = lines[: lines.index("")] if "" in lines else lines  # of several processors
    fields = {name.strip(): value.strip() for name, _, value in (x.partition(":") for x in first)}
    numbers = [f"{n} {fields[k]}" for n, k in NUMBERS.items() if k in fields]
    name = fields.get("model name") or platform.machine()
    return f"{name} ({', '.join(numbers)})" if numbers else name


def _cpu_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
