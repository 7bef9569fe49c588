"""Poisson image editing: a patch keeps its gradients, and takes the photo's colours at its edge.

Pérez, Gangnet and Blake, SIGGRAPH 2003. OpenCV's seamlessClone solves the same equations in the
rectangle around a mask, and so changes pixels outside it, which here are the photo's own.
"""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu


def blended(photo: np.ndarray, patch: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A photo with the gradients of a patch, both (H, W, 3) uint8, where the mask, (H, W) bool, is.

    Where the mask ends with the photo, nothing is asked of the pixels there. What no pixel of the
    photo is beside is the patch as it is.
    """
    edited = patch + continued(photo.astype(np.float64) - patch, mask)
    return np.where(mask[..., None], edited.round().clip(0, 255).astype(np.uint8), photo)


def continued(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Values, (H, W, C) float64, of which those `where` (H, W) are replaced by harmonic ones: each
    is the mean of its neighbours, of which there are four but at the edges. 0 if all are replaced.
    """
    found = np.where(where[..., None], 0, values)
    if where.any() and not where.all():
        known = _neighbours(found)[where]
        found[where] = splu(_laplacian(where), permc_spec="MMD_AT_PLUS_A").solve(known)
    return found


def _laplacian(where: np.ndarray) -> sparse.csc_matrix:
    """How many neighbours each pixel of an area has, and -1 for those that are in the area."""
    number = np.full(where.shape, -1)
    number[where] = np.arange(where.sum())
    pairs = []
    for one, other in ((number[1:], number[:-1]), (number[:, 1:], number[:, :-1])):
        both = (one >= 0) & (other >= 0)
        pairs += [(one[both], other[both]), (other[both], one[both])]
    rows, columns = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    degrees = _neighbours(np.ones((*where.shape, 1)))[where][:, 0]
    beside = sparse.coo_matrix((-np.ones(len(rows)), (rows, columns)), (len(degrees),) * 2)
    return (beside + sparse.diags(degrees)).tocsc()


def _neighbours(values: np.ndarray) -> np.ndarray:
    """The sum of each pixel's neighbours."""
    total = np.zeros_like(values)
    total[1:] += values[:-1]
    total[:-1] += values[1:]
    total[:, 1:] += values[:, :-1]
    total[:, :-1] += values[:, 1:]
    return total
