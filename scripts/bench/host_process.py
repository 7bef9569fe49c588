"""Run a program and see how long it takes and how much memory it takes."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Wall time in seconds and the largest resident set in MB (1e6 bytes)."""

    seconds: float
    megabytes: float


def run(command: list[str], folder: Path) -> Usage:
    """Run a command that starts no processes of its own, and must succeed; drops its output."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, resources = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Usage(seconds, resources.ru_maxrss * 1024 / 1e6)


def run_for(command: list[str], folder: Path, seconds: float) -> Usage:
    """Let a command run for a while, then ask it to stop.

    The kernel adds up what a process and its children took, so its own peak is read while it runs.
    """
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and time.perf_counter() - began < seconds:
        time.sleep(0.2)
        peak = max(peak, peak_of(process.pid))
    process.terminate()
    process.wait()
    return Usage(time.perf_counter() - began, peak)


def peak_of(pid: int) -> float:
    """The largest resident set of a running process so far, in MB; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
