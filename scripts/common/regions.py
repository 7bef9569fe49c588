"""Regions of photos, as the host names them: <path>#xywh=<x>,<y>,<width>,<height>.

The notation is that of W3C Media Fragments URI 1.0, 4.2.2 (w3.org/TR/media-frags), in whole pixels
of the upright photo; x and y are those of the upper left corner. Needs Pillow only.
"""

import os
import re
from dataclasses import dataclass

from PIL import Image

from common.errors import StageError

_FRAGMENT = re.compile(r"(.+)#xywh=(\d+),(\d+),(\d+),(\d+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Region:
    """A rectangle in a photo, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"xywh={self.x},{self.y},{self.width},{self.height}"

    def check(self, size: tuple[int, int], name: str) -> None:
        """StageError, with the picture's name, unless it lies in a picture of (width, height)."""
        right, bottom = self.x + self.width, self.y + self.height
        if not (self.width and self.height and right <= size[0] and bottom <= size[1]):
            raise StageError(
                f"image {name} has {size[0]}×{size[1]} pixels, and the region {self} is no part of"
                " it: give one inside the image"
            )

    def cut(self, picture: Image.Image, name: str) -> Image.Image:
        """What it shows of a picture, which `name` is for errors."""
        self.check(picture.size, name)
        return picture.crop((self.x, self.y, self.x + self.width, self.y + self.height))


def located(path: str) -> tuple[str, Region | None]:
    """The file of a path and, where the path ends in a fragment, the region of it.

    A photo of the host's ends in .png or the like, and so is never taken for another's region. A
    file that is itself called like one is read whole unless there is a file of the shorter name.
    """
    found = _FRAGMENT.fullmatch(path)
    if not found or (os.path.isfile(path) and not os.path.isfile(found[1])):
        return path, None
    return found[1], Region(*map(int, found.groups()[1:]))
