"""Writing files while the next are computed: a PNG takes as long as some steps on a GPU."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

WAITING = 8  # what waits to be written stays in memory


class Writer:
    """Calls functions in a thread, one after another. What one raises, such as the OSError of a
    full disk, a later call of either method raises; at the end nothing is left running."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future] = deque()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: Any) -> None:
        self._thread.shutdown(cancel_futures=True)

    def add(self, write: Callable[..., None], *arguments: Any) -> None:
        """Have a function called."""
        self._waiting.append(self._thread.submit(write, *arguments))
        self.wait(WAITING)

    def wait(self, left: int = 0) -> None:
        """Wait until at most so many calls are left."""
        while len(self._waiting) > left:
            self._waiting.popleft().result()
