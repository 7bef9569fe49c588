"""How the losses of both roles add up in the modes that take after other trainers."""

import pytest

import train_lora
from common.specs import read_spec
from lora.spec import Spec
from lora.training import order_of
from lora_artifact import losses
from noise_floor import SUMS


def test_kohya_weighs_class_samples_in_mixed_batches(train_spec):
    """The loss of a step is the mean over its samples, class samples times the prior weight."""
    spec = train_spec(regularization="kohya", repeats=2, batch_size=3, prior_weight=0.25, steps=14)
    result = train_lora.run(spec)
    # An epoch is 5 * 2 instance samples and as many class samples: the first three of seven
    # images are used twice in it. 14 steps are two epochs of 7 batches.
    assert result["instance_exposures"] == {"distinct": 5, "min": 4, "max": 4}
    assert result["class_exposures"] == {"distinct": 7, "min": 2, "max": 4}
    mixed = set()
    for number, row in enumerate(losses(spec)):
        instance, class_ = order(spec).step(number)
        mixed.add((len(instance), len(class_)))
        means = [(instance, row["instance_loss"], 1), (class_, row["prior_loss"], 0.25)]
        total = sum(len(samples) * float(mean) * w for samples, mean, w in means if samples)
        count = len(instance) + len(class_)
        assert float(row["loss"]) == pytest.approx(total / count, rel=SUMS)
        assert [mean == "" for _, mean, _ in means] == [not samples for samples, _, _ in means]
    assert {(3, 0), (0, 3)} & mixed
    assert {(2, 1), (1, 2)} & mixed


def order(spec: dict):
    """The order of a spec's images."""
    read = read_spec(Spec, spec)
    counts = [len(concept.images) for concept in read.concepts().values()]
    return order_of(read.settings(), counts)


def test_diffusers_pairs_and_adds_means(train_spec):
    spec = train_spec(regularization="diffusers", batch_size=3, prior_weight=0.5, steps=6)
    result = train_lora.run(spec)  # two epochs of 7 pairs in batches of 3, 3 and 1
    assert result["class_exposures"] == {"distinct": 7, "min": 2, "max": 2}
    assert result["instance_exposures"] == {"distinct": 5, "min": 2, "max": 4}
    for row in losses(spec):
        total = float(row["instance_loss"]) + 0.5 * float(row["prior_loss"])
        assert float(row["loss"]) == pytest.approx(total, rel=SUMS)
