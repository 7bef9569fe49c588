"""The losses of a training in progress."""

import math

import torch

from common.errors import DivergedError
from common.readout import Readout
from lora.state import LossRow


class LossCurve:
    """One row a step; the latest may still be on the device."""

    def __init__(self, rows: list[LossRow], learning_rate: float):
        self.rows = rows
        self.learning_rate = learning_rate
        self.readout = Readout()

    @property
    def steps(self) -> int:
        """How many steps there are, read or not."""
        return len(self.rows) + len(self.readout)

    def add(self, losses: torch.Tensor) -> None:
        """Add a step's loss, instance mean and class mean, (3,); NaN is no mean."""
        self.readout.add(losses)

    def due(self) -> bool:
        """Whether it is time to read."""
        return self.readout.due()

    def read(self) -> None:
        """Bring all rows up to date; DivergedError when a loss is no number."""
        for total, *means in self.readout.read():
            step = len(self.rows) + 1
            if not math.isfinite(total):
                raise DivergedError(
                    f"the loss became {total} at step {step}; use a smaller learning rate than"
                    f" {self.learning_rate:g}, or precision fp32 or bf16"
                )
            instance, prior = (None if math.isnan(mean) else mean for mean in means)
            self.rows.append(LossRow(step, total, instance, prior))
