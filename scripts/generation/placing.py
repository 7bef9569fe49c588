"""Placing the mask of a defect on another photo: turned, scaled, and where the part is.

Coordinates are continuous, (x, y) in pixels from the photo's upper left corner, so that the centre
of pixel (row, column) is (column + 0.5, row + 0.5). Photos are (H, W, 3) uint8, masks (H, W) bool.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from generation.draws import Draws
from generation.part import part
from generation.shapes import SHAPES, bounds

TRIES = 100  # places that are drawn for a mask until one is on the part
SMALLEST = 16  # pixels of a mask once it is placed; fewer are too small
POINTS = 4096  # of a mask, at most, that are looked up on the part for every try
# A pixel is in a turned and scaled mask if a quarter of it is, so that a line of one pixel's width
# stays whole down to a scale of 0.7.
COVERED = 64  # of 255

Box = tuple[int, int, int, int]  # rows and columns: from, to before, from, to before


@dataclass(frozen=True)
class Pose:
    """How what is around a centre comes to lie around another: scaled and turned."""

    centre: tuple[float, float]  # in the photo that is taken from
    target: tuple[float, float]  # in the photo that is placed on
    angle: float = 0.0  # degrees, clockwise
    scale: float = 1.0

    def place(self, points: np.ndarray) -> np.ndarray:
        """Where points come to lie, (N, 2) to (N, 2)."""
        sine, cosine = self._turn(self.scale)
        return (points - self.centre) @ [[cosine, sine], [-sine, cosine]] + self.target

    def taking(self, centre: tuple[float, float]) -> "Pose":
        """What is around another centre, placed alike."""
        return replace(self, centre=centre)

    def cut(
        self, photo: np.ndarray, box: Box, resampling: Resampling = Resampling.BICUBIC
    ) -> np.ndarray:
        """What of a photo comes to lie in a box of the target, (h, w, 3).

        Without turn and scale these are the very pixels where they are moved by whole ones. Of what
        the photo does not show, its nearest pixels are taken.
        """
        return self._taken(photo, box, resampling)

    def mask(self, mask: np.ndarray, box: Box) -> np.ndarray:
        """What of a mask comes to lie in a box of the target, (h, w)."""
        grey = np.pad(mask.astype(np.uint8) * 255, 1)
        inner = replace(self, centre=(self.centre[0] + 1, self.centre[1] + 1))
        return inner._taken(grey, box, Resampling.BILINEAR) >= COVERED

    def _turn(self, scale: float) -> tuple[float, float]:
        angle = math.radians(self.angle)
        return scale * math.sin(angle), scale * math.cos(angle)

    def _taken(self, pixels: np.ndarray, box: Box, resampling: Resampling) -> np.ndarray:
        """The pixels of a box, by an affine transform of what they are made from."""
        top, bottom, left, right = box
        sine, cosine = self._turn(1 / self.scale)
        turn = np.array([[cosine, sine], [-sine, cosine]])
        corners = np.array([(x, y) for x in (left, right) for y in (top, bottom)]) - self.target
        corners = corners @ turn.T + self.centre
        (x, y), (right_end, bottom_end) = corners.min(0) - 3, corners.max(0) + 3
        first, above = math.floor(x), math.floor(y)
        rows = np.arange(above, math.ceil(bottom_end)).clip(0, pixels.shape[0] - 1)
        columns = np.arange(first, math.ceil(right_end)).clip(0, pixels.shape[1] - 1)
        start = turn @ (left - self.target[0], top - self.target[1]) + self.centre - (first, above)
        coefficients = (cosine, sine, start[0], -sine, cosine, start[1])
        picture = Image.fromarray(pixels[rows][:, columns])
        size = (right - left, bottom - top)
        return np.asarray(picture.transform(size, Image.Transform.AFFINE, coefficients, resampling))


@dataclass(frozen=True)
class Placed:
    """A mask on a photo."""

    mask: np.ndarray  # of the photo's size
    pose: Pose  # by which it came there
    on_part: float  # the share of it that is on the part, the rest being beside it or the photo
    off_part: bool  # no place was found for it, and it lies where most of it was on the part

    @property
    def too_small(self) -> bool:
        """Whether it has hardly any pixels."""
        return int(self.mask.sum()) < SMALLEST


@dataclass(frozen=True)
class Range:
    """How masks are placed: between two scales and two angles, in degrees, and with what share of
    their pixels on the part, in the photo."""

    low: float
    high: float
    angles: tuple[float, float] = (0.0, 360.0)
    on_part: float = 0.95


AS_IS = Range(1.0, 1.0, angles=(0.0, 0.0))


def place(mask: np.ndarray, photo: np.ndarray, poses: Range, draws: Draws) -> Placed:
    """A mask, of any photo, at a place on the part that a photo shows.

    Places are drawn, each with a turn and a scale, until enough of the mask is on the part; after
    TRIES the best of them is taken. A mask without pixels has none on the photo either.
    """
    if not mask.any():
        return Placed(np.zeros(photo.shape[:2], bool), Pose((0, 0), (0, 0)), 0.0, True)
    where = part(photo)
    top, bottom, left, right = bounds(mask)
    centre = ((left + right) / 2, (top + bottom) / 2)
    points, places = _points(mask), np.flatnonzero(where)
    best, share = None, -1.0
    for _ in range(TRIES):
        row, column = divmod(int(places[draws.below(len(places))]), where.shape[1])
        pose = _drawn(centre, (row, column), poses, draws)
        found = _share(pose.place(points), where)
        if found > share:
            best, share = pose, found
        if share >= poses.on_part:
            break
    assert best is not None
    return Placed(whole(best, mask, photo.shape[:2]), best, share, share < poses.on_part)


def place_shape(kind: str, photo: np.ndarray, poses: Range, draws: Draws) -> Placed:
    """A shape of SHAPES at a place on the part that a photo shows; boxes stay upright."""
    shape = SHAPES[kind](draws, min(photo.shape[:2]))
    upright = replace(poses, angles=(0.0, 0.0))
    return place(shape, photo, upright if kind == "boxes" else poses, draws)


def whole(pose: Pose, mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask on a photo of (H, W)."""
    top, bottom, left, right = bounds(mask)
    corners = pose.place(np.array([(x, y) for x in (left, right) for y in (top, bottom)], float))
    ends = [(math.floor(c.min()) - 1, math.ceil(c.max()) + 1) for c in corners.T]
    (first, last), (above, below) = (
        (min(max(low, 0), n), min(max(high, 0), n))
        for (low, high), n in zip(ends, size[::-1], strict=True)
    )
    placed = np.zeros(size, bool)
    if first < last and above < below:
        box = (above, below, first, last)
        placed[above:below, first:last] = pose.mask(mask, box)
    return placed


def around(mask: np.ndarray, width: int) -> Box:
    """The box around a mask and so many pixels more, where the photo has them."""
    top, bottom, left, right = bounds(mask)
    height, length = mask.shape
    rows = max(top - width, 0), min(bottom + width, height)
    return *rows, max(left - width, 0), min(right + width, length)


def _points(mask: np.ndarray) -> np.ndarray:
    """The centres of a mask's pixels, (N, 2), evenly thinned out to POINTS."""
    points = np.argwhere(mask)[:, ::-1] + 0.5
    return points[:: math.ceil(len(points) / POINTS)]


def _drawn(centre: tuple[float, float], pixel: tuple[int, int], poses: Range, draws: Draws) -> Pose:
    """A pose that moves the centre into a pixel, (row, column): without turn and scale by whole
    pixels, so that these are kept."""
    target = (pixel[1] + centre[0] % 1, pixel[0] + centre[1] % 1)
    angle = draws.between(*poses.angles)
    return Pose(centre, target, angle, draws.between(poses.low, poses.high))


def _share(points: np.ndarray, where: np.ndarray) -> float:
    """Of points, how many are on the part."""
    columns, rows = np.floor(points).astype(int).T
    inside = (rows >= 0) & (columns >= 0) & (rows < where.shape[0]) & (columns < where.shape[1])
    return float(where[rows[inside], columns[inside]].sum() / len(points))
