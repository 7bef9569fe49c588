"""Large grids for benchmarks of the host: the article's two studies over many seeds.

A grid is made by the Go test TestGrid: an experiment file, small photos, and a store that has the
artifact of every task. It needs the Go environment: `. build/env` first.
"""

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
CELLS_A_SEED = 14


@dataclass(frozen=True)
class Grid:
    """A finished grid in a folder, with the program that it is run with."""

    folder: Path
    program: Path

    def command(self, *arguments: str) -> list[str]:
        """The command line of kizu in the grid's folder."""
        flags = ["--store", "runs", "--home", str(self.folder), "--devices", "cpu"]
        return [str(self.program), *arguments, *flags]

    def plan(self) -> dict[str, Any]:
        """What `kizu plan --json` prints: cells, and tasks with their needs."""
        command = self.command("plan", "grid.yaml", "--json")
        return json.loads(subprocess.check_output(command, cwd=self.folder))


def make(folder: Path, seeds: int) -> Grid:
    """Write a finished grid into an empty folder, and build the program beside it.

    Without a revision stamped into it, as the test has none: a report belongs to the version that
    wrote it, and another version would write it anew.
    """
    program = folder / "kizu"
    settings = os.environ | {"KIZU_GRID": str(folder), "KIZU_GRID_SEEDS": str(seeds)}
    for command in (
        ["go", "build", "-buildvcs=false", "-o", str(program), "./orchestrator"],
        ["go", "test", "-count=1", "-run", "^TestGrid$", "./orchestrator/command"],
    ):
        done = subprocess.run(command, cwd=REPOSITORY, env=settings, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return Grid(folder, program)


def machine() -> str:
    """The processor, its cores and the load of the last minute."""
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
