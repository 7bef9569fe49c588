"""Counter-based randomness: every draw is a function of (seed, purpose, index...).

No generator is kept from one draw to the next. Resuming, chaining, batching and grouping
therefore cannot change a draw, and neither can the device: draws are made on the CPU.
"""

import hashlib
from functools import lru_cache

import torch


def derive_seed(seed: int, purpose: str, *index: int | str) -> int:
    """A 63-bit seed from the first 8 bytes of BLAKE2b over the canonical text of the arguments."""
    digest = hashlib.blake2b(_text(seed, purpose, *index), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def generator(seed: int, purpose: str, *index: int | str) -> torch.Generator:
    """A fresh CPU generator for one draw; it must not outlive the draw."""
    return torch.Generator("cpu").manual_seed(derive_seed(seed, purpose, *index))


@lru_cache(maxsize=16)
def permutation(seed: int, purpose: str, index: int, count: int) -> tuple[int, ...]:
    """0..count-1 in random order, by sorting hashes, so no library's shuffle can change it.

    The hash is SHA-256, which the host has too: plan.permutation says the same order beforehand.
    """
    return tuple(
        sorted(range(count), key=lambda i: hashlib.sha256(_text(seed, purpose, index, i)).digest())
    )


def _text(*parts: int | str) -> bytes:
    return "\x1f".join(map(str, parts)).encode()
