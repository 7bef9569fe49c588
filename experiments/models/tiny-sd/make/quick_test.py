"""Choose cells to test on that look like none of those that tiny-sd or quick.yaml train on.

    python experiments/models/tiny-sd/make/quick_test.py > experiments/quick-test.csv

Cells cut from one brick, sister wafers, show the same grain, and the ELPV dataset has them in
modules side by side. Of the cells that tiny-sd was not trained on, in the order of their hashes,
those are left out that `kizu plan` finds alike to one of its 1,401 (of which 401 are in no class
of the experiment), then those alike to what quick.yaml trains on, until none is left.
"""

import csv
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import elpv_dataset

REPOSITORY = Path(__file__).resolve().parents[4]
CELLS = Path(elpv_dataset.__file__).parent / "data"
WANTED = {"functional": 120, "defective mono": 60, "defective poly": 60}

SEEN = """
name: seen
dataset: {format: folders, root: photos, noun: cell, good: seen, defects: [other]}
base: tiny-sd
conditions:
  test: {list: test.csv}
  training_sets: {one: {good: {real: 1}, defects: {real: 1}}}
classifier: {weights: none, steps: 1}
"""


def classes() -> dict[str, str]:
    """The class of every cell that tiny-sd does not know and the experiment does."""
    found, known = {}, seen()
    for line in (CELLS / "labels.csv").read_text().splitlines():
        name, probability, kind = line.split()
        if name not in known and float(probability) in (0.0, 1.0):
            found[name] = f"defective {kind}" if float(probability) else "functional"
    return found


def seen() -> set[str]:
    with (REPOSITORY / "experiments/models/tiny-sd/training_images.csv").open() as file:
        return {f"images/{row['name']}" for row in csv.DictReader(file)}


def plan(file: Path, store: Path, *options: str) -> set[str]:
    """The test photos that `kizu plan` says look like photos that are trained on."""
    command = [REPOSITORY / "bin" / "kizu", "plan", file, "--json", "--quiet", "--store", store]
    out = subprocess.run([*command, *options], stdout=subprocess.PIPE, check=True).stdout
    return {pair["test"] for pair in json.loads(out).get("similar", [])}


def write(path: Path, names: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in ["file", *sorted(names)]))


def alike_to_seen(candidates: list[str], folder: Path) -> set[str]:
    """Which cells look like one that tiny-sd was trained on, whatever its class."""
    *others, last = candidates  # either class needs a cell that is tested on, and one that is not
    for kind, names in (("seen", [*seen(), last]), ("other", others)):
        for name in names:
            place = folder / "photos" / kind / Path(name).name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CELLS / name, place)
    (folder / "seen.yaml").write_text(SEEN)
    tested = {f"other/{Path(name).name}": name for name in others[1:]}
    tested[f"seen/{Path(last).name}"] = last
    write(folder / "test.csv", list(tested))
    return {tested[name] for name in plan(folder / "seen.yaml", folder / "store")}


def main() -> None:
    kind = classes()
    order = sorted(kind, key=lambda name: hashlib.sha256((CELLS / name).read_bytes()).digest())
    folder = Path(tempfile.mkdtemp())
    dropped = alike_to_seen(order, folder)
    print(f"{len(dropped)} of {len(order)} cells look like one of tiny-sd's", file=sys.stderr)
    while True:
        chosen = []
        for wanted, count in WANTED.items():
            left = [name for name in order if kind[name] == wanted and name not in dropped]
            chosen += left[:count]
        write(folder / "quick.csv", chosen)
        tests = f"conditions.test={{list: {folder / 'quick.csv'}}}"
        alike = plan(REPOSITORY / "experiments/quick.yaml", folder / "store", "--set", tests)
        print(f"{len(alike)} look like one of the study's", file=sys.stderr)
        if not alike:
            break
        dropped |= alike
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerows([("file", "class"), *((name, kind[name]) for name in sorted(chosen))])
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
