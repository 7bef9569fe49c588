"""A finished grid with nothing to do, in kizu and as the same DAG in Snakemake.

Snakemake gets what it is quickest with: a rule for every kind of task, tasks as wildcards, inputs
looked up in a table, every output a small file that exists, and no record of parameters or code
to compare. kizu also looks at the photos and at its model. Prints one row of a table.

    . build/env && .venv/bin/python3 scripts/bench/snakemake_noop.py
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import host_grid
import host_process

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
ENVIRONMENT = host_grid.REPOSITORY / "build" / "bench-venv"

SNAKEFILE = """
import json
needs = json.load(open("needs.json"))

rule all:
    input: list(needs)
"""

RULE = """
rule {kind}:
    input: lambda wildcards: needs["out/{kind}/" + wildcards.task]
    output: "out/{kind}/{{task}}"
    shell: "touch {{output}}"
"""


class NotMeasuredError(Exception):
    """Why there is no figure."""


def install() -> Path:
    """Install Snakemake into an environment of its own, once; returns the program."""
    stamp = ENVIRONMENT / "installed"
    wanted = REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        python = str(ENVIRONMENT / "bin" / "python3")
        for command in (
            [sys.executable, "-m", "venv", str(ENVIRONMENT)],
            [python, "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)],
        ):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                lines = (done.stderr or done.stdout).strip().splitlines()
                raise NotMeasuredError(f"Snakemake cannot be installed: {lines[-1]}")
        stamp.write_text(wanted)
    return ENVIRONMENT / "bin" / "snakemake"


def write_workflow(folder: Path, plan: dict[str, Any]) -> None:
    """Write the plan's DAG as a Snakemake workflow whose outputs are all there and equally old."""
    outputs = {task["id"]: f"out/{task['kind']}/{task['key']}" for task in plan["tasks"]}
    needs = {outputs[task["id"]]: [outputs[n] for n in task["needs"]] for task in plan["tasks"]}
    (folder / "needs.json").write_text(json.dumps(needs))
    kinds = sorted({task["kind"] for task in plan["tasks"]})
    rules = "".join(RULE.format(kind=kind) for kind in kinds)
    (folder / "Snakefile").write_text(SNAKEFILE + rules)
    for kind in kinds:
        (folder / "out" / kind).mkdir(parents=True)
    for output in outputs.values():
        (folder / output).write_text("done\n")
        os.utime(folder / output, (1e9, 1e9))


def require(command: list[str], folder: Path, words: str) -> None:
    """Make sure that a command says so when it finds nothing to do."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0 or words not in done.stdout + done.stderr:
        raise SystemExit(f"{command[0]} does not say {words!r}:\n{done.stdout}{done.stderr}")


def measure(folder: Path, seeds: int, repetitions: int) -> str:
    """Time both by turns, and write the row."""
    grid = host_grid.make(folder, seeds)
    plan = grid.plan()
    kizu = grid.command("run", "grid.yaml")
    require(kizu, folder, f"everything is reused: all {len(plan['tasks'])} tasks")
    edges = sum(len(task["needs"]) for task in plan["tasks"])
    size = f"{len(plan['cells'])} cells, {len(plan['tasks'])} tasks, {edges} edges"
    ours = [host_process.run(kizu, folder)]
    try:
        program = install()
    except NotMeasuredError as reason:
        return f"{size} | kizu {ours[0].seconds:.2f} s | not measured: {reason}"
    write_workflow(folder, plan)
    theirs = [str(program), "--cores", "1"]
    require(theirs, folder, "Nothing to be done")
    ours, others = [], []
    for _ in range(repetitions):
        ours.append(host_process.run(kizu, folder))
        others.append(host_process.run([*theirs, "--quiet", "all"], folder))
    a = statistics.median(usage.seconds for usage in ours)
    b = statistics.median(usage.seconds for usage in others)
    version = subprocess.check_output([str(program), "--version"], text=True).strip()
    return (
        f"{size} | kizu {a:.2f} s, {max(u.megabytes for u in ours):.0f} MB"
        f" | Snakemake {version} {b:.1f} s, {max(u.megabytes for u in others):.0f} MB"
        f" | {b / a:.0f}× | medians of {repetitions}, by turns"
    )


def main() -> None:
    """Print the row."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cells", type=int, default=1000, help="size of the grid")
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    seeds = -(-arguments.cells // host_grid.CELLS_A_SEED)
    with tempfile.TemporaryDirectory(prefix="kizu-bench-") as folder:
        row = measure(Path(folder), seeds, arguments.repetitions)
    print(f"no-op run of a finished grid | {host_grid.machine()} | {row}")


if __name__ == "__main__":
    main()
