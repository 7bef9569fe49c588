"""The losses of a training in progress."""

import math
import time

import torch

from errors import DivergedError
from training_state import LossRow

READ_EVERY = 0.5  # seconds


class LossCurve:
    """One row a step.

    Losses stay on the device for a while: reading one waits for everything that was asked of the
    device before, and would leave it idle once a step.
    """

    def __init__(self, rows: list[LossRow], learning_rate: float):
        self.rows = rows
        self.learning_rate = learning_rate
        self.unread: list[torch.Tensor] = []
        self.read_at = time.monotonic()

    @property
    def steps(self) -> int:
        """How many steps there are, read or not."""
        return len(self.rows) + len(self.unread)

    def add(self, losses: torch.Tensor) -> None:
        """Add a step's loss, instance mean and class mean, (3,); NaN is no mean."""
        self.unread.append(losses)

    def due(self) -> bool:
        """Whether it is time to read. On a CPU nothing is waited for, and it always is."""
        on_cpu = bool(self.unread) and self.unread[0].device.type == "cpu"
        return on_cpu or time.monotonic() - self.read_at >= READ_EVERY

    def read(self) -> None:
        """Bring all rows up to date; DivergedError when a loss is no number."""
        self.read_at = time.monotonic()
        if not self.unread:
            return
        values = torch.stack(self.unread).tolist()
        self.unread = []
        for total, *means in values:
            step = len(self.rows) + 1
            if not math.isfinite(total):
                raise DivergedError(
                    f"the loss became {total} at step {step}; use a smaller learning rate than"
                    f" {self.learning_rate:g}, or precision fp32 or bf16"
                )
            instance, prior = (None if math.isnan(mean) else mean for mean in means)
            self.rows.append(LossRow(step, total, instance, prior))
