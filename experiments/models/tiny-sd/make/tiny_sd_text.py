"""The text side of the small base model: a real CLIP tokenizer with a small vocabulary, and a
text encoder small enough to be trained together with the UNet."""

import json
import string
from collections import Counter
from itertools import pairwise
from pathlib import Path

import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from common import randomness

TOKENS = 24  # longest prompt; CLIP's 77 would only be padding here
WIDTH = 96
START, END = "<|startoftext|>", "<|endoftext|>"

# Words that become one token each. "shs", the usual rare identifier, must not be among them. Nouns
# beyond solar cells are there for the LoRA of another dataset to learn from; training here gives
# them no meaning.
_WORDS = """
a an the of in on with and no photo picture image good bad normal defective functional faulty worn
broken mono poly solar cell panel module crack cracked line dark area inactive finger scratch cut
hole print stain spot contamination color fold bent missing circuit board copper open short mouse
bite spur pin hazelnut bottle cable capsule carpet grid leather metal nut pill screw tile
transistor wood zipper steel surface defect
"""
WORDS = _WORDS.split()


def learn_merges(words: list[str]) -> list[tuple[str, str]]:
    """Byte-pair merges, most frequent pair first, until every word is one token.

    Follows Sennrich et al. 2016 (arXiv:1508.07909) with all words equally frequent. Replaying the
    merges in this order, as CLIP's tokenizer does, joins each of the words completely.
    """
    pieces = {word: (*word[:-1], word[-1] + "</w>") for word in words}
    merges = []
    while counts := Counter(pair for parts in pieces.values() for pair in pairwise(parts)):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        pieces = {word: _merge(parts, best) for word, parts in pieces.items()}
    return merges


def _merge(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    merged: list[str] = []
    for part in parts:
        # A piece that was just merged cannot be the left half again: "left + right" is not "left".
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def write_tokenizer(folder: Path) -> CLIPTokenizer:
    """Write vocab.json and merges.txt as OpenAI's CLIP has them, and load the result.

    The vocabulary is every byte, every byte at the end of a word, the merges, and the two special
    tokens last; so any text can be tokenized.
    """
    folder.mkdir(parents=True, exist_ok=True)
    merges = learn_merges(WORDS)
    letters = list(bytes_to_unicode().values())
    tokens = [
        *letters,
        *(letter + "</w>" for letter in letters),
        *(a + b for a, b in merges),
    ]
    vocabulary = {token: index for index, token in enumerate([*tokens, START, END])}
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS, **special}
    for name, value in (("tokenizer_config", config), ("special_tokens_map", special)):
        text = json.dumps(value, indent=2) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return CLIPTokenizer.from_pretrained(folder)


def meaningless_words(tokenizer: CLIPTokenizer, count: int, seed: int) -> list[torch.Tensor]:
    """Token ids of random words of 2 to 5 letters; the identifier "shs" is not among them."""
    generator = randomness.generator(seed, "tiny-sd/words")
    words = []
    while len(words) < count:
        length = int(torch.randint(2, 6, (), generator=generator))
        letters = torch.randint(26, (length,), generator=generator).tolist()
        word = "".join(string.ascii_lowercase[letter] for letter in letters)
        if word != "shs" and word not in WORDS:
            words.append(torch.tensor(tokenizer(word).input_ids[1:-1]))
    return words


def letter_tokens(tokenizer: CLIPTokenizer) -> list[int]:
    """Ids of the tokens of single bytes, of which words outside of WORDS mostly consist."""
    letters = list(bytes_to_unicode().values())
    return tokenizer.convert_tokens_to_ids([*letters, *(letter + "</w>" for letter in letters)])


@torch.no_grad()
def mark_letters(text: CLIPTextModel, tokenizer: CLIPTokenizer, seed: int) -> None:
    """Add one vector, as long as a known word's, to the embeddings of all single bytes, in place.

    They were never trained and are short, so that an unknown word is next to nothing and may mean
    anything. Marked, such words are alike, which is soon learnt to mean nothing, and yet differ
    from no word at all: a LoRA can give its identifier a meaning.
    """
    weights = text.get_input_embeddings().weight
    known = first_tokens(tokenizer, ["mono", "poly", "cracked", "broken", "defective", "solar"])
    generator = randomness.generator(seed, "tiny-sd/letters")
    mark = torch.randn(weights.shape[1], generator=generator)
    length = weights[known].norm(dim=1).mean()
    letters = letter_tokens(tokenizer)
    if weights[letters].mean(0).norm() < length / 2:  # not marked yet
        weights[letters] += mark / mark.norm() * length


def first_tokens(tokenizer: CLIPTokenizer, words: list[str]) -> torch.Tensor:
    """The first token id of each word."""
    return torch.tensor([tokenizer(word).input_ids[1] for word in words])


def build_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Two transformer layers; (B, 24) token ids to (B, 24, 96)."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
