"""Equal contents give equal bytes, and the library reads what is written."""

import os

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from common import safetensors_file

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


def test_files_have_the_mode_that_new_files_have(tmp_path):
    """Also where the library wrote them first, which lets nobody else read them."""
    before = os.umask(0o027)
    try:
        save_file({"a": torch.zeros(2)}, tmp_path / "added.safetensors")
        safetensors_file.add_metadata(tmp_path / "added.safetensors", {"b": "c"})
        safetensors_file.write({"a": torch.zeros(2)}, tmp_path / "written.safetensors", {})
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {0o640}
