"""Test photos that a classifier looks at in tiles: one answer for all tiles of a photo."""

from collections.abc import Sequence

import torch

GOOD = 0  # index of the class of parts without a defect, in every experiment


def worst(names: Sequence[str], probabilities: torch.Tensor) -> list[int]:
    """Which row of `probabilities`, (N, classes), answers for each photo, by first appearance.

    Tiles of one photo have one name. A photo is as bad as its worst tile: the one with the smallest
    probability of the good class. A part is defective if it is so anywhere, and most tiles of a
    defective part show none of it, which a mean over them would drown: the assumption of learning
    from multiple instances (Dietterich, Lathrop and Lozano-Pérez, Artificial Intelligence 89,
    1997). Of tiles that are equally bad it is the one whose other probabilities come first in
    order, so that the order of the tiles does not matter.
    """
    rows = probabilities.tolist()
    badness = [(row[GOOD], row) for row in rows]
    answers: dict[str, int] = {}
    for number, name in enumerate(names):
        if name not in answers or badness[number] < badness[answers[name]]:
            answers[name] = number
    return list(answers.values())


def boxes(size: tuple[int, int], side: int) -> list[tuple[int, int, int, int]]:
    """Where the tiles of a photo of (width, height) are: left, top, right, bottom.

    As few squares of a side as cover it, evenly spread, as the host cuts the photos of a study
    (plan/region.go); a side of 0, or a longer one than the shorter of the photo, stands for that.
    """
    side = min(side or min(size), *size)
    columns, rows = (_spread(length, side) for length in size)
    return [(x, y, x + side, y + side) for y in rows for x in columns]


def _spread(length: int, piece: int) -> list[int]:
    """Where the fewest pieces that cover a length begin, the first at its start, the last so that
    it ends with it."""
    gaps = -(-length // piece) - 1
    inner = [(2 * i * (length - piece) + gaps) // (2 * gaps) for i in range(1, gaps + 1)]
    return [0, *inner]
