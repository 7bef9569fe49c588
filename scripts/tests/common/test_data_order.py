"""The order of images is fair, prefix-stable and a function of its arguments."""

import math
from collections import Counter

import pytest

from common import data_order, randomness

CASES = [
    (seed, count, batch_size, steps)
    for seed in (0, 1, 2**62)
    for count in (1, 2, 7, 18, 391)
    for batch_size in (1, 4, 9)
    for steps in (1, 10, 57)
]


@pytest.mark.parametrize(("seed", "count", "batch_size", "steps"), CASES)
def test_every_image_is_used_evenly(seed, count, batch_size, steps):
    used = data_order.exposures(seed, "instance", count, batch_size, steps)
    assert len(used) == count
    assert sum(used) == steps * batch_size
    assert max(used) - min(used) <= 1


def test_each_pass_visits_every_image_once_and_passes_differ():
    walk = [i for step in range(6) for i in data_order.step_indices(5, "class", 8, 4, step)]
    passes = [walk[0:8], walk[8:16], walk[16:24]]
    assert all(sorted(one) == list(range(8)) for one in passes)
    assert passes[0] != passes[1] != passes[2]


def test_a_step_does_not_depend_on_the_steps_before_it():
    forward = [data_order.step_indices(3, "class", 50, 4, step) for step in range(40)]
    randomness.permutation.cache_clear()
    backward = [data_order.step_indices(3, "class", 50, 4, step) for step in reversed(range(40))]
    assert forward == backward[::-1]


def test_the_walk_does_not_depend_on_the_batch_size():
    by_four = [i for step in range(15) for i in data_order.step_indices(3, "class", 7, 4, step)]
    by_six = [i for step in range(10) for i in data_order.step_indices(3, "class", 7, 6, step)]
    assert by_four == by_six


def test_roles_and_seeds_have_orders_of_their_own():
    orders = {
        tuple(data_order.step_indices(seed, role, 50, 50, 0))
        for seed in (0, 1)
        for role in ("instance", "class")
    }
    assert len(orders) == 4


@pytest.mark.parametrize("sizes", [(3, 3), (1, 20), (24, 110, 110, 110, 110)])
@pytest.mark.parametrize("batch_size", [1, 4, 32])
def test_balanced_steps_use_every_class_evenly(sizes, batch_size):
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    walk = [
        index
        for step in range(40)
        for index in data_order.balanced_step_indices(6, "train", labels, batch_size, step)
    ]
    assert len(walk) == 40 * batch_size
    of_class = [sum(labels[index] == label for index in walk) for label in range(len(sizes))]
    assert max(of_class) - min(of_class) <= 1
    for label, size in enumerate(sizes):
        first = labels.index(label)
        used = [walk.count(index) for index in range(first, first + size)]
        assert max(used) - min(used) <= 1


def test_a_balanced_step_does_not_depend_on_the_steps_before_it():
    labels = [0] * 7 + [1] * 30
    forward = [data_order.balanced_step_indices(3, "train", labels, 4, step) for step in range(40)]
    randomness.permutation.cache_clear()
    assert forward[::-1] == [
        data_order.balanced_step_indices(3, "train", labels, 4, step)
        for step in reversed(range(40))
    ]
    assert forward != [
        data_order.balanced_step_indices(4, "train", labels, 4, step) for step in range(40)
    ]


def test_a_share_of_each_class_are_photos():
    labels = [0] * 6 + [1] * 12 + [2] * 3
    generated = [False] * 2 + [True] * 4 + [False] * 2 + [True] * 10 + [False] * 3
    for share in (0.25, 0.5, 0.9):
        drawn = [
            index
            for step in range(30)
            for index in data_order.shared_step_indices(
                5, "train", labels, generated, share, 7, step
            )
        ]
        assert len(drawn) == 210
        classes = Counter(labels[index] for index in drawn)
        assert classes == {0: 60, 1: 120, 2: 30}  # as without a share: ten walks through all
        for label in (0, 1):
            photos = [i for i in drawn if labels[i] == label and not generated[i]]
            assert len(photos) == math.floor(classes[label] * share)
            for kind in (False, True):
                of = [i for i in range(21) if labels[i] == label and generated[i] == kind]
                used = [drawn.count(i) for i in of]
                assert max(used) - min(used) <= 1
        assert Counter(i for i in drawn if labels[i] == 2) == {18: 10, 19: 10, 20: 10}


def test_a_shared_step_does_not_depend_on_the_steps_before_it():
    labels, generated = [0, 0, 0, 1, 1, 1], [False, True, True, False, False, True]
    steps = [
        data_order.shared_step_indices(1, "train", labels, generated, 0.5, 4, step)
        for step in range(9)
    ]
    long = data_order.shared_step_indices(1, "train", labels, generated, 0.5, 36, 0)
    assert [index for step in steps for index in step] == long
