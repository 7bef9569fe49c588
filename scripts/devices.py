"""Which devices torch can use here, and what they are called ("cpu", "cuda:0", ...)."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import torch

from errors import StageError

LIBRARIES = ("torch", "diffusers", "peft", "torchvision", "transformers")


def probe(spec: dict[str, Any]) -> dict[str, Any]:
    """Devices that match spec["device"] ("auto": all CUDA devices, else the CPU) and versions.

    Returns {"devices": [{"name", "kind", "label", "memory_bytes"}], "versions": {...}}.
    Raises StageError when the named device does not exist.
    """
    wanted = spec.get("device", "auto")
    known = available()
    if wanted == "auto":
        chosen = [d for d in known if d["kind"] == "cuda"] or known
    else:
        chosen = [d for d in known if d["name"] == _canonical(wanted)]
        if not chosen:
            names = ", ".join(d["name"] for d in known)
            raise StageError(f"device {wanted!r} does not exist on this machine; it has: {names}")
    return {"devices": chosen, "versions": versions()}


def available() -> list[dict[str, Any]]:
    """Every usable device, the CPU first."""
    cpu = {"name": "cpu", "kind": "cpu", "label": _cpu_label(), "memory_bytes": _cpu_memory()}
    found = [cpu]
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


def resolve(name: str) -> torch.device:
    """The torch device of one name; "auto" takes the first that `probe` lists."""
    return torch.device(probe({"device": name})["devices"][0]["name"])


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide results, without importing them."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        found[library] = importlib.metadata.version(library)
    return found


def _canonical(name: str) -> str:
    return "cuda:0" if name == "cuda" else name


def _cpu_label() -> str:
    threads = f"{os.cpu_count()} threads"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.processor() or platform.machine()}, {threads}"
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {threads}"


def _cpu_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
