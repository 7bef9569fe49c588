"""Writing safetensors files whose bytes depend on their contents only.

The library keeps a file's metadata in a hash map, so with several entries the same contents give
different bytes in every process. Artifacts are compared and addressed by their bytes, so the
header is written again here in sorted order. Format: 8-byte little-endian header length, JSON
header padded with spaces to a multiple of 8, data (huggingface.co/docs/safetensors).
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save


def write(tensors: dict[str, torch.Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write tensors (any device; stored contiguous) with string metadata."""
    content = save({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, metadata)
    path.write_bytes(_with_sorted_header(content, {}))


def add_metadata(path: Path, metadata: dict[str, str]) -> None:
    """Add entries to the metadata of an existing file and make its header canonical.

    It becomes a new file, with the mode that new files have: the library's own can be read by
    nobody else.
    """
    content = _with_sorted_header(path.read_bytes(), metadata)
    path.unlink()
    path.write_bytes(content)


def _with_sorted_header(content: bytes, extra: dict[str, str]) -> bytes:
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata = {**header.pop("__metadata__", {}), **extra}
    ordered = {"__metadata__": dict(sorted(metadata.items())), **dict(sorted(header.items()))}
    text = json.dumps(ordered, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
