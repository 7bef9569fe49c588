"""Where a photo shows the part, and where the background behind it."""

import numpy as np
from PIL import Image, ImageFilter

SIDE = 256  # pixels that the longer side is scaled down to
RING = 0.03  # of the shorter side: how wide the border is
LEAST_CONTRAST = 16.0  # of 255, between the part's and the background's distance from the border
LEAST_RATIO = 4.0  # of these distances
MOST_AT_BORDER = 0.5  # the share of the part in the border, against that inside
SHADOW = (0.35, 1.0)  # brightness of a shadow, as multiples of the background's: from, to
MOST_TINT = 0.2  # of a shadow, by what it lacks in brightness
LEAST_REST = 0.3  # of what stands out, the least that is the part and no shadow
LEAST_PIECE = 0.05  # of the largest piece of the part: smaller ones may be the rim of a shadow


def part(photo: np.ndarray) -> np.ndarray:
    """Where the part is in a photo, (H, W, 3) uint8 to (H, W) bool; everywhere if the photo is one
    of a surface, without a background.

    The part is what has another colour than the border's median, by Otsu's threshold (1979) on
    the distance in RGB. Nearly all textures can be split in two so, too. It is a part only if it
    stands out, LEAST_CONTRAST above the background and LEAST_RATIO times as far from the border's
    colour, and if it leaves the border free: of a mesh the border shows as much as the middle.
    A shadow that it casts on the background is none of it.
    """
    small = _reduced(photo)
    colour = np.median(small[border(small.shape[:2])], axis=0)
    distance = np.sqrt(np.square(small - colour).sum(-1))
    inside = distance > otsu(distance)
    if not _stands_out(distance, inside):
        return np.ones(photo.shape[:2], bool)
    clean = Image.fromarray(_without_shadow(small, colour, _clean(inside)))
    whole = np.asarray(clean.resize(photo.shape[1::-1], Image.Resampling.NEAREST))
    return whole if whole.any() else ~whole


def _without_shadow(photo: np.ndarray, colour: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """What is inside without the background in shadow, if enough is left.

    A shadow leaves the background its chromaticity and takes light from it (Horprasert, Harwood and
    Davis, ICCV Frame-Rate Workshop 1999): pixels are the background's colour times SHADOW, and what
    they differ by besides, the distortion of chromaticity, is less than MOST_TINT of what they lack
    in brightness. Where that holds of nearly all, the part is as grey as the background, and
    nothing tells it from a shadow. What the rest encloses is the part's.
    """
    from scipy import ndimage  # which takes long to import, and only masks that are placed need it

    brightness = photo @ colour / max(float(colour @ colour), 1e-6)
    tint = np.sqrt(np.square(photo - brightness[..., None] * colour).sum(-1))
    lacking = (1 - brightness) * np.sqrt(colour @ colour)
    shadow = inside & (brightness > SHADOW[0]) & (brightness < SHADOW[1])
    rest = _clean(inside & ~(shadow & (tint < MOST_TINT * lacking)))
    if rest.sum() < LEAST_REST * inside.sum():
        return inside
    pieces, _ = ndimage.label(rest)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    large = sizes >= LEAST_PIECE * sizes.max()
    return inside & ndimage.binary_fill_holes(large[pieces])


def _clean(mask: np.ndarray) -> np.ndarray:
    """A mask without specks."""
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(grey.filter(ImageFilter.MedianFilter(5))) > 0


def _reduced(photo: np.ndarray) -> np.ndarray:
    """Scaled down to SIDE, each pixel the mean of those that it stands for."""
    picture = Image.fromarray(photo)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(picture, np.float32)


def border(size: tuple[int, int]) -> np.ndarray:
    """The pixels along the edges of a photo of (H, W), bool."""
    width = max(1, round(RING * min(size)))
    ring = np.ones(size, bool)
    ring[width:-width, width:-width] = False
    return ring


def otsu(values: np.ndarray) -> float:
    """The threshold between 256 steps of values that leaves the least variance on either side; of
    several, as in a gap between two heaps, the mean."""
    counts, edges = np.histogram(values, bins=256, range=(0, max(float(values.max()), 1e-6)))
    middles = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts), np.cumsum(counts * middles)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    between = np.where((below > 0) & (above > 0), between, -1.0)
    return float(edges[1:][between == between.max()].mean())


def _stands_out(distance: np.ndarray, inside: np.ndarray) -> bool:
    ring = border(distance.shape)
    if not inside.any() or inside.all() or ring.all():
        return False
    near, far = distance[~inside].mean(), distance[inside].mean()
    if far - near < LEAST_CONTRAST or far < LEAST_RATIO * near:
        return False
    return inside[ring].mean() <= MOST_AT_BORDER * inside[~ring].mean()
