"""Encoded prompts in the form that a denoiser is conditioned on them."""

from dataclasses import dataclass
from itertools import chain

import torch

from common import runtime


@dataclass(frozen=True)
class Condition:
    """Embedding (B, L, D), and pooled embedding (B, P) where the family has one, else None.

    Where prompts are embedded in lengths of their own, the embedding is a list of B tensors (L, D).
    """

    embedding: torch.Tensor | list[torch.Tensor]
    pooled: torch.Tensor | None = None

    def __getitem__(self, rows: torch.Tensor) -> "Condition":
        """The conditions of some rows, repeated as the index on the CPU repeats them."""
        if isinstance(self.embedding, list):
            return Condition([self.embedding[row] for row in rows.tolist()])
        rows = runtime.to_device(rows, self.embedding.device)
        return Condition(self.embedding[rows], None if self.pooled is None else self.pooled[rows])


def stack(conditions: list[Condition]) -> Condition:
    """The rows of all, one after another."""
    pooled = [condition.pooled for condition in conditions]
    return Condition(
        joined([condition.embedding for condition in conditions]),
        None if pooled[0] is None else torch.cat(pooled),
    )


def joined(rows: list[torch.Tensor] | list[list]) -> torch.Tensor | list:
    """Tensors, or lists, one after another."""
    return torch.cat(rows) if isinstance(rows[0], torch.Tensor) else [*chain(*rows)]
