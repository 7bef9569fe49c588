"""Equal contents give equal bytes, and the library reads what is written."""

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import safetensors_file

TENSORS = {"b": torch.arange(3.0), "a": torch.ones(2, 2, dtype=torch.float16).t()}
METADATA = {f"key {i}": "é" * i for i in range(10)}


def test_bytes_depend_on_contents_only(tmp_path):
    contents = set()
    for attempt in range(10):
        path = tmp_path / f"{attempt}.safetensors"
        save_file({"a": torch.ones(2), "b": torch.zeros(3)}, path, metadata=METADATA)
        safetensors_file.add_metadata(path, {"recipe": "{}"})
        contents.add(path.read_bytes())
    assert len(contents) == 1


def test_the_library_reads_it(tmp_path):
    path = tmp_path / "a.safetensors"
    safetensors_file.write(TENSORS, path, METADATA)
    loaded = load_file(path)
    assert all(torch.equal(loaded[name], TENSORS[name]) for name in TENSORS)
    with safe_open(path, "pt") as file:
        assert file.metadata() == METADATA
