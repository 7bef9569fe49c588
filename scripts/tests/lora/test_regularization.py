"""Instance and class images come as each mode says, in the counts that the host states."""

import json
from pathlib import Path

import pytest

from common import randomness
from lora.regularization import MODES, Order

TABLE = json.loads(
    (Path(__file__).parents[3] / "orchestrator/stage/testdata/exposures.json").read_text()
)
CASES = [
    (seed, count, batch_size, steps)
    for seed in (0, 1, 2**62)
    for count in (1, 2, 7, 18, 391)
    for batch_size in (1, 4, 9)
    for steps in (1, 10, 57)
]


def uses(exposures: list[int]) -> dict[str, int]:
    used = [times for times in exposures if times]
    ends = {"min": min(used, default=0), "max": max(used, default=0)}
    return {"given": len(exposures), "distinct": len(used)} | ends


@pytest.mark.parametrize("case", TABLE["counted_by_hand"] + TABLE["counted_by_stage"])
def test_counts_are_those_of_the_table_that_the_host_is_tested_with(case):
    order = Order(
        mode=case["mode"],
        seed=case["seed"],
        instance=case["instance"],
        class_=case["class"],
        batch_size=case["batch_size"],
        repeats=case["repeats"],
        class_repeats=case.get("class_repeats", 1),
    )
    instance, class_ = order.exposures(case["steps"])
    assert uses(instance) == case["want_instance"]
    assert uses(class_) == case["want_class"]


def test_permutation_is_that_of_the_host():
    case = TABLE["permutation"]
    want = tuple(case["want"])
    got = randomness.permutation(case["seed"], case["purpose"], case["index"], len(want))
    assert got == want


@pytest.mark.parametrize(("seed", "count", "batch_size", "steps"), CASES)
def test_exact_uses_every_image_evenly(seed, count, batch_size, steps):
    used, others = Order("exact", seed, count, 3, batch_size).exposures(steps)
    assert len(used) == count
    assert sum(used) == sum(others) == steps * batch_size
    assert max(used) - min(used) <= 1


def test_exact_visits_every_image_once_a_pass_and_passes_differ():
    order = Order("exact", 5, 8, 0, 4)
    walk = [i for step in range(6) for i in order.step(step).instance]
    passes = [walk[0:8], walk[8:16], walk[16:24]]
    assert all(sorted(one) == list(range(8)) for one in passes)
    assert passes[0] != passes[1] != passes[2]


def test_exact_walks_alike_whatever_the_batch_size_and_the_other_role():
    by_four = [i for s in range(15) for i in Order("exact", 3, 7, 0, 4).step(s).instance]
    by_six = [i for s in range(10) for i in Order("exact", 3, 7, 50, 6).step(s).instance]
    assert by_four == by_six


def test_kohya_uses_the_first_images_in_list_order_and_fills_up_from_the_first():
    _, class_ = Order("kohya", 1, 18, 391, 1, repeats=10).exposures(360)
    assert class_ == [1] * 180 + [0] * 211
    _, class_ = Order("kohya", 1, 18, 50, 1, repeats=10).exposures(360)
    assert class_ == [4] * 30 + [3] * 20


def test_kohya_mixes_roles_in_batches_of_the_full_size_but_one():
    """As in the loader, the short batch may come anywhere in its epoch."""
    places = set()
    order = Order("kohya", 2, 18, 391, 7, repeats=10)
    for epoch in range(30):
        batches = [order.step(epoch * 52 + number) for number in range(52)]
        sizes = [len(one.instance) + len(one.class_) for one in batches]
        assert sorted(sizes) == [3] + [7] * 51
        places.add(sizes.index(3))
        assert any(len(one.instance) > len(one.class_) for one in batches)
        assert any(len(one.instance) < len(one.class_) for one in batches)
    assert len(places) > 10


def test_diffusers_pairs_by_index_and_ends_an_epoch_with_the_short_batch():
    order = Order("diffusers", 2, 18, 391, 4)
    pairs = []
    for number in range(98):
        instance, class_ = order.step(number)
        assert len(instance) == len(class_) == (4 if number < 97 else 3)
        pairs += zip(instance, class_, strict=True)
    assert sorted(pairs) == sorted((i % 18, i) for i in range(391))
    assert [i for i, _ in pairs[:18]] != list(range(18))


@pytest.mark.parametrize("mode", MODES)
def test_a_step_does_not_depend_on_the_steps_before_it(mode):
    order = Order(mode, 3, 18, 50, 4, repeats=2)
    forward = [order.step(step) for step in range(60)]
    randomness.permutation.cache_clear()
    backward = [order.step(step) for step in reversed(range(60))]
    assert forward == backward[::-1]
    assert len(set(map(str, forward))) == 60


@pytest.mark.parametrize("mode", MODES)
def test_seeds_and_roles_have_orders_of_their_own(mode):
    one, other = (Order(mode, seed, 50, 50, 50).step(0) for seed in (0, 1))
    assert one != other
    assert mode == "diffusers" or one.instance != one.class_
