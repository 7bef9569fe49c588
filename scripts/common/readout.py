"""Numbers that a training computes at every step, read from the device now and then."""

import time

import torch

READ_EVERY = 0.5  # seconds


class Readout:
    """Rows of numbers on a device.

    Reading one waits for everything that was asked of the device before, and would leave it idle
    once a step.
    """

    def __init__(self) -> None:
        self.unread: list[torch.Tensor] = []
        self.read_at = time.monotonic()

    def __len__(self) -> int:
        return len(self.unread)

    def add(self, row: torch.Tensor) -> None:
        """Add a step's numbers, (K,)."""
        self.unread.append(row.detach())

    def due(self) -> bool:
        """Whether it is time to read. On a CPU nothing is waited for, and it always is."""
        on_cpu = bool(self.unread) and self.unread[0].device.type == "cpu"
        return on_cpu or time.monotonic() - self.read_at >= READ_EVERY

    def read(self) -> list[list[float]]:
        """The rows that were added since the last time."""
        self.read_at = time.monotonic()
        rows = torch.stack(self.unread).tolist() if self.unread else []
        self.unread = []
        return rows
