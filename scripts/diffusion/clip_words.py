"""CLIP's vocabulary, from the PyPI package open_clip_torch, which is not imported.

The file is OpenAI's (github.com/openai/CLIP, MIT): the merges of a byte-pair encoding, from which
the words and their numbers follow.
"""

import gzip
import importlib.util
import json
from functools import cache
from pathlib import Path

from transformers import CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from common.errors import StageError

PACKAGE = "open_clip"
FILE_NAME = "bpe_simple_vocab_16e6.txt.gz"
WORDS = 49_408
SPECIAL = ["<|startoftext|>", "<|endoftext|>"]


def tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer that a folder's tokenizer_config.json describes, with CLIP's vocabulary."""
    words, merges = vocabulary()
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    config.pop("tokenizer_class")
    return CLIPTokenizer(vocab=words, merges=merges, **config)


@cache
def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Numbers of the 49,408 words, and the merges that make them of bytes."""
    lines = gzip.decompress(vocabulary_file().read_bytes()).decode("utf-8").split("\n")
    letters = list(bytes_to_unicode().values())
    count = WORDS - 2 * len(letters) - len(SPECIAL)  # the file goes on after those that are used
    merges = [tuple(line.split()) for line in lines[1 : 1 + count]]
    words = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges), *SPECIAL]
    return {word: number for number, word in enumerate(words)}, merges


def vocabulary_file() -> Path:
    """The package's file; StageError when the package is not installed."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise StageError(
            "built-in configurations need the package open_clip_torch for CLIP's vocabulary;"
            " run make build, or install requirements.txt"
        )
    return Path(package.submodule_search_locations[0]) / FILE_NAME
