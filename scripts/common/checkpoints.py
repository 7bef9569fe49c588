"""Checkpoints of a training in progress: after a kill it goes on from the latest one.

A checkpoint holds the state of a training, which its stage writes. Randomness is counter-based, so
nothing else is needed, and when checkpoints are written does not change the result. Each is a
folder named by its number of steps, written beside its place, synced and moved there: what has a
number is whole.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import host
from common.errors import StageError

HASHES_FILE = "sha256.json"


class Checkpoints:
    """The checkpoints of one training in `folder`; "" keeps none. One is due every `seconds`."""

    def __init__(self, folder: str, seconds: float):
        self.folder = Path(folder) if folder else None
        self.seconds = seconds
        self.saved = time.monotonic()

    def latest(self, check: Callable[[Path], None]) -> Path | None:
        """The whole checkpoint with the most steps that `check` has no StageError for; None
        without one."""
        if self.folder is None or not self.folder.is_dir():
            return None
        numbered = [entry for entry in self.folder.iterdir() if entry.name.isdigit()]
        for entry in sorted(numbered, key=lambda entry: int(entry.name), reverse=True):
            try:
                _check_hashes(entry)
                check(entry)
            except StageError as error:
                host.log(f"checkpoint passed over: {error}")
                continue
            host.log(f"going on from the checkpoint at step {int(entry.name)}")
            return entry
        return None

    def due(self) -> bool:
        """Whether it is time for the next one."""
        return self.folder is not None and time.monotonic() - self.saved >= self.seconds

    def save(self, steps: int, write: Callable[[Path], None]) -> None:
        """Have the state after so many steps written as a checkpoint, and remove the earlier
        ones."""
        if self.folder is None or not steps:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.folder / f"{steps:08d}"
        beside = self.folder / f"{place.name}.{os.getpid()}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        write(beside)
        _write_hashes(beside)
        for path in (*beside.iterdir(), beside):
            _sync(path)
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
        _sync(self.folder)
        for entry in self.folder.iterdir():
            if entry != place:
                shutil.rmtree(entry, ignore_errors=True)
        self.saved = time.monotonic()


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.iterdir() if file.name != HASHES_FILE)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _write_hashes(folder: Path) -> None:
    (folder / HASHES_FILE).write_text(json.dumps(_digests(folder)), encoding="utf-8")


def _check_hashes(folder: Path) -> None:
    """StageError when a file is not what was written."""
    try:
        wanted = json.loads((folder / HASHES_FILE).read_text(encoding="utf-8"))
        found = _digests(folder)
    except (OSError, ValueError) as error:
        raise StageError(f"{folder} cannot be read ({error})") from error
    if wanted != found:
        raise StageError(f"{folder} is damaged")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
