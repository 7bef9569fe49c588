"""PatchCore's coreset against brute force, and its score against the formula by hand."""

import math

import pytest
import torch

from detector import patchcore


def points(count: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def test_the_coreset_is_greedy():
    """Every next row is the one farthest from those before, by the distances themselves."""
    rows = points(60, 5)
    taken = patchcore.coreset(rows, 0.4, seed=3).tolist()
    assert len(set(taken)) == len(taken) == 24
    apart = torch.cdist(rows.double(), rows.double())
    for place in range(1, len(taken)):
        assert taken[place] == apart[taken[:place]].amin(0).argmax()


def test_the_coreset_is_drawn_by_the_seed_alone():
    rows = points(50, 300)  # wider than it is projected to
    first = patchcore.coreset(rows, 0.2, seed=1)
    torch.manual_seed(8)
    assert torch.equal(first, patchcore.coreset(rows, 0.2, seed=1))
    assert not torch.equal(first, patchcore.coreset(rows, 0.2, seed=2))


def test_a_projected_coreset_covers_clusters():
    """Twenty clusters far apart, in many dimensions: one row of each is taken before a second."""
    centres = 100 * points(20, 400)
    rows = (centres[:, None] + points(20 * 6, 400, 1).view(20, 6, 400)).flatten(0, 1)
    taken = patchcore.coreset(rows, 20 / 120, seed=0)
    assert sorted((taken // 6).tolist()) == list(range(20))


def test_equal_rows_and_few():
    assert len(patchcore.coreset(torch.ones(10, 4), 0.5, seed=0).unique()) == 5
    assert len(patchcore.coreset(points(3, 4), 0.1, seed=0)) == 1


def test_the_score_by_hand():
    """The worst patch is at (6, 0), 3 from the remembered (3, 0), whose neighbours are all four."""
    memory = torch.tensor([[0.0, 0.0], [3.0, 0.0], [6.0, 4.0], [6.0, 20.0]])
    patches = torch.tensor([[0.0, 1.0], [6.0, 0.0], [3.0, 0.5]])
    beside = [3.0, 6.0, 4.0, 20.0]
    weight = 1 - math.exp(3) / sum(map(math.exp, beside))
    assert patchcore.score(memory, patches).item() == pytest.approx(3 * weight, abs=1e-9)


def test_neighbours_are_the_nearest_nine():
    memory = torch.arange(20.0)[:, None] * 10
    weight = 1 - math.exp(1) / sum(math.exp(10 * i + 1) for i in range(9))
    score = patchcore.score(memory, torch.tensor([[-1.0]]))
    assert score.item() == pytest.approx(weight, abs=1e-9)


def test_one_remembered_patch_has_no_neighbours():
    score = patchcore.score(torch.zeros(1, 2), torch.tensor([[3.0, 4.0], [1.0, 0.0]]))
    assert score.item() == 5


def test_a_distance_too_small_for_float32_products():
    """Far from 0, differences of squares drown what patches differ by."""
    memory = torch.cat([torch.full((1, 64), 1000.0), points(30, 64)])
    patch = torch.full((1, 64), 1000.0)
    patch[0, 0] += 0.5
    weight = 1 - 1 / torch.cdist(patch, memory).sub(0.5).exp().topk(9, largest=False).values.sum()
    assert patchcore.score(memory, patch).item() == pytest.approx(0.5 * weight.item(), abs=1e-6)


def test_images_do_not_depend_on_each_other():
    memory, images = points(40, 6), points(5 * 7, 6, 1).view(5, 7, 6)
    together = patchcore.scores(memory, images)
    assert together.tolist() == [patchcore.score(memory, image).item() for image in images]
    for image, score in zip(images, together, strict=True):
        assert score <= torch.cdist(image.double(), memory.double()).amin(1).max()
