"""How long the host takes over a grid of ten thousand tasks, and how much memory.

Plans it, runs it with nothing to do, plans it with another learning rate, so that nearly every
task is to be run, and begins a run of all of it with real workers. Prints a row for each.

    . build/env && .venv/bin/python3 scripts/bench/host_memory.py
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import host_grid
import host_process

TASKS_A_SEED = 41
# The bundled base model on small pictures, so that tasks end while one looks.
SMALL = {
    "base: base": "base: tiny-sd\nlora: {resolution: 64, steps: 2, batch_size: 1}",
    "steps: [100, 5000]": "steps: [1, 3]",
    "classifier: {weights: none}": "classifier: {weights: none, epochs: 1, resolution: 32}",
}
CHANGED = {"base: base": "base: base\nlora: {learning_rate: 5e-4}"}


def write_variant(folder: Path, name: str, changes: dict[str, str]) -> None:
    """Write the grid's experiment file with some texts replaced."""
    text = (folder / "grid.yaml").read_text()
    for old, new in changes.items():
        if old not in text:
            raise SystemExit(f"grid.yaml has no {old!r}")
        text = text.replace(old, new)
    (folder / name).write_text(text)


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=10_000, help="size of the grid")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--run-seconds", type=float, default=60, help="of the run with workers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kizu-bench-") as name:
        measure(Path(name), arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> None:
    """Print a row for each use of the grid."""
    grid = host_grid.make(folder, -(-arguments.tasks // TASKS_A_SEED))
    write_variant(folder, "changed.yaml", CHANGED)
    write_variant(folder, "small.yaml", SMALL)
    head = f"host, {len(grid.plan()['tasks'])} tasks | {host_grid.machine()}"
    for what, command in {
        "plan": grid.command("plan", "grid.yaml"),
        "run with nothing to do": grid.command("run", "grid.yaml"),
        "plan with nearly all to be run": grid.command("plan", "changed.yaml"),
    }.items():
        usages = [host_process.run(command, folder) for _ in range(arguments.repetitions)]
        seconds = statistics.median(usage.seconds for usage in usages)
        peak = max(usage.megabytes for usage in usages)
        print(f"{head} | {what} | {seconds:.2f} s | {peak:.0f} MB", flush=True)
    command = [str(grid.program), "run", "small.yaml", "--store", "small-runs", "--quiet"]
    command += ["--home", str(host_grid.REPOSITORY), "--devices", "cpu"]
    usage = host_process.run_for(command, folder, arguments.run_seconds)
    made = sum(1 for _ in (folder / "small-runs" / "artifacts").glob("*/*/manifest.json"))
    print(
        f"{head} | run, its first {made} tasks | {usage.seconds:.0f} s | {usage.megabytes:.0f} MB"
    )


if __name__ == "__main__":
    main()
