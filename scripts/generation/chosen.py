"""The artifact of the stage choose: images that are kept, as in one of generate, and others."""

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

from common.image_quality import FLAGS

SHOWN = 8  # of what is thrown away, to be looked at


@dataclass(frozen=True)
class Candidate:
    """One of an image's candidates: its number, from 1, and its row of generate's images.csv."""

    number: int
    folder: Path
    row: dict[str, str]
    score: float

    @property
    def flawed(self) -> bool:
        """Whether generate remarks on it."""
        return any(self.row[flag] != "0" for flag in FLAGS) or bool(self.row.get("remark"))


def rows_of(folder: Path) -> dict[str, dict[str, str]]:
    """The rows of an artifact's images.csv, by the images' file names."""
    with open(folder / "images.csv", newline="", encoding="utf-8") as handle:
        return {row["name"]: row for row in csv.DictReader(handle)}


def write(out: Path, kept: list[Candidate], thrown: list[Candidate]) -> None:
    """Copy what is kept, byte for byte, and the first of what is not."""
    for candidate in kept:
        for kind in ("images", "masks"):
            copy(candidate.folder / kind / candidate.row["name"], out / kind)
    write_rows(out / "images.csv", [row_of(candidate) for candidate in kept])
    rows = [row_of(candidate) | {"name": thrown_name(candidate)} for candidate in thrown]
    write_rows(out / "thrown.csv", rows)
    for candidate in thrown[:SHOWN]:
        name = candidate.row["name"]
        copy(candidate.folder / "images" / name, out / "thrown", thrown_name(candidate))


def copy(file: Path, folder: Path, name: str = "") -> None:
    """Copy a file, if there is one, into a folder."""
    if file.is_file():
        folder.mkdir(exist_ok=True)
        shutil.copyfile(file, folder / (name or file.name))


def thrown_name(candidate: Candidate) -> str:
    """The file name of a candidate that is not kept: 0007-2.png is the second of image 0007."""
    name = Path(candidate.row["name"])
    return f"{name.stem}-{candidate.number}{name.suffix}"


def row_of(candidate: Candidate) -> dict[str, str]:
    """A candidate's row of a table."""
    return candidate.row | {
        "candidate": str(candidate.number),
        "score": f"{candidate.score:.6f}",
    }


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    """Write a table; an empty file for none."""
    with open(file, "w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
