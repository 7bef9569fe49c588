"""The threshold of an inspection against hand-computed curves."""

import pytest
import torch

from classifier import threshold


def chosen(good: list[float], defective: list[float], recall: float = 0.0) -> float:
    scores = torch.tensor([*good, *defective], dtype=torch.float64)
    return threshold.choose(scores, torch.arange(len(scores)) >= len(good), recall)


@pytest.mark.parametrize(
    ("good", "defective", "recall", "wanted"),
    [
        # kinds that are apart: halfway between them
        ([0.125, 0.25], [0.75, 0.875], 0.0, 0.5),
        ([0.125, 0.25], [0.75, 0.875], 1.0, 0.5),
        # one defect below a good photo: Youden gives it up, a recall of 1 does not
        ([0.25, 0.25, 0.25, 0.5], [0.375, 0.75, 0.75, 0.75], 0.0, 0.625),
        ([0.25, 0.25, 0.25, 0.5], [0.375, 0.75, 0.75, 0.75], 1.0, 0.3125),
        ([0.25, 0.25, 0.25, 0.5], [0.375, 0.75, 0.75, 0.75], 0.75, 0.625),
        # a recall that only sorting everything out has
        ([0.5, 0.5], [0.25, 0.75], 1.0, 0.25),
        # all scores alike: everything is sorted out
        ([0.5], [0.5], 0.95, 0.5),
    ],
)
def test_it_is_where_the_curve_says(good, defective, recall, wanted):
    assert chosen(good, defective, recall) == wanted


def rates(scores, defective, limit):
    out = scores >= limit
    return out[defective].double().mean(), out[~defective].double().mean()


def test_no_other_threshold_is_better():
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        scores = torch.randint(20, (30,), generator=generator).double() / 20
        defective = torch.rand(30, generator=generator) < 0.4
        for recall in (0.0, 0.8, 1.0):
            at = threshold.choose(scores, defective, recall)
            found, alarms = rates(scores, defective, at)
            for limit in torch.arange(0, 1.1, 0.025).tolist():
                other, others = rates(scores, defective, limit)
                if recall == 0:
                    assert other - others <= found - alarms
                elif other >= recall:
                    assert found >= recall and others >= alarms


def test_photos_are_held_out_and_generated_images_are_not():
    labels = [0, 0, 0, 1, 1, 2]
    assert threshold.held_out([1, 2, 0, 1, 0, 2], labels, 2) == [[0, 3], [1, 5]]


def test_a_side_without_photos_holds_out_generated_images():
    labels = [0, 0, 1, 1, 2]
    assert threshold.held_out([1, 2, 0, 0, 0], labels, 2) == [[0, 2, 4], [1, 3]]
