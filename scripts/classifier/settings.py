"""How a classifier is trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How to train; `steps` are optimizer steps of `batch_size` images.

    Sampling plain takes every image equally often, so that a class counts by its size; balanced
    takes every class equally often; real_share takes classes as plain does, and within one that
    has photos and generated images the share `real_share` of photos. Of the network all is
    trained, or its head: its last layer.
    """

    steps: int
    sampling: str
    batch_size: int
    learning_rate: float
    weight_decay: float
    precision: str
    seed: int
    augment: str = "mild"
    trained: str = "all"
    real_share: float = 0.0
    generated: tuple[bool, ...] = ()  # which training images are, for real_share
