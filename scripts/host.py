"""Stand-in for the module `host` that the worker process builds in.

The worker registers its own `host` before Python looks at any folder, so this file is imported
only when a stage is run alone (`python scripts/train_lora.py spec.json`) or under pytest.
"""

import sys
from typing import Any


def progress(done: int, total: int, fields: dict[str, float | str] | None = None) -> None:
    """Report that `done` of `total` units are finished; `fields` are shown beside, e.g. loss."""
    shown = " ".join(
        f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in (fields or {}).items()
    )
    print(f"{done}/{total} {shown}".rstrip(), file=sys.stderr, flush=True)


def log(message: str) -> None:
    """Write one line to the task's log."""
    print(message, file=sys.stderr, flush=True)


def cancelled() -> bool:
    """Whether the stage is asked to stop; a stage run alone is stopped with Ctrl-C instead."""
    return False


def progress_of(place: int, done: int, total: int, fields: dict[str, float | str]) -> None:
    """As `progress`, of one task of a group."""
    progress(done, total, {"task": str(place)} | fields)


def done(place: int, result: dict[str, Any], memory: dict[str, int]) -> None:
    """Report that a task of a group has written its artifact, and what it needed at most."""
    print(f"task {place}: {result} {memory}", file=sys.stderr, flush=True)


def failed(place: int, message: str) -> None:
    """Report that a task of a group cannot be done, and why."""
    print(f"task {place}: error: {message}", file=sys.stderr, flush=True)
