"""Encoded prompts in the form that a denoiser is conditioned on them."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Condition:
    """Embedding (B, 77, D), and pooled embedding (B, P) where the family has one, else None."""

    embedding: torch.Tensor
    pooled: torch.Tensor | None = None

    def __getitem__(self, rows: torch.Tensor) -> "Condition":
        """The conditions of some rows, repeated as the index repeats them."""
        return Condition(self.embedding[rows], None if self.pooled is None else self.pooled[rows])


def stack(conditions: list[Condition]) -> Condition:
    """The rows of all, one after another."""
    pooled = [condition.pooled for condition in conditions]
    return Condition(
        torch.cat([condition.embedding for condition in conditions]),
        None if pooled[0] is None else torch.cat(pooled),
    )
