"""Made-up photos that masks are placed on, (H, W, 3) uint8."""

from pathlib import Path

import numpy as np
from PIL import Image


def nut(side: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A mottled brown ellipse on a dark noisy ground, and where it is."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side - 0.5
    where = (x / 0.36) ** 2 + (y / 0.3) ** 2 <= 1
    photo = rng.normal(12, 3, (side, side, 3))
    photo[where] = np.array([140, 95, 60]) * (1 - 0.5 * np.hypot(x, y)[where][:, None])
    photo[where] += rng.normal(0, 12, photo[where].shape)
    return photo.clip(0, 255).astype(np.uint8), where


def shaded(
    side: int = 160, part: tuple = (190, 160, 120), ground: tuple = (215, 200, 70)
) -> tuple[np.ndarray, np.ndarray]:
    """A part that casts a soft shadow to its right, noisy, and where the part is."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] / side - 0.5
    where = ((x + 0.06) / 0.24) ** 2 + (y / 0.28) ** 2 <= 1
    away = ((x - 0.04) / 0.28) ** 2 + (y / 0.3) ** 2  # of the shadow, 1 at its edge
    light = 1 - 0.45 * (1.5 - away).clip(0, 1)
    photo = np.array(ground) * light[..., None]
    photo[where] = np.array(part) * (1 - 0.3 * np.hypot(x, y)[where][:, None])
    return (photo + rng.normal(0, 4, photo.shape)).clip(0, 255).astype(np.uint8), where


def texture(side: int = 120, seed: int = 0) -> np.ndarray:
    """A rough grey surface that fills the photo."""
    photo = np.random.default_rng(seed).normal(120, 20, (side, side, 1)).repeat(3, 2)
    return photo.clip(0, 255).astype(np.uint8)


def mesh(side: int = 120) -> np.ndarray:
    """Dark wires on a bright ground, from edge to edge."""
    y, x = np.mgrid[:side, :side]
    wires = (x % 12 < 4) | (y % 12 < 4)
    return np.where(wires, 40, 210).astype(np.uint8)[..., None].repeat(3, 2)


def strip(side: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """A bright part from the upper to the lower edge, as a zipper is, and where it is."""
    where = np.zeros((side, side), bool)
    where[:, side // 3 : 2 * side // 3] = True
    photo = np.random.default_rng(0).normal(30, 2, (side, side, 3))
    photo[where] += 150
    return photo.clip(0, 255).astype(np.uint8), where


def save(pixels: np.ndarray, path: Path) -> str:
    """A photo, or a mask of bool, in a file."""
    Image.fromarray(pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint8) * 255).save(
        path
    )
    return str(path)


def scratch(side: int = 120) -> np.ndarray:
    """A mask of 20 × 5 pixels with a corner cut off, (H, W) bool."""
    mask = np.zeros((side, side), bool)
    mask[40:45, 30:50] = True
    mask[40:42, 30:33] = False
    return mask
