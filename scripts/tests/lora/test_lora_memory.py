"""How many samples pass through the UNet at once follows from what they are found to take."""

from contextlib import ExitStack

import pytest
import torch

import train_lora
from common import allocations, together
from diffusion import base_model
from lora import layers as lora_layers
from lora import memory as lora_memory
from lora import optimizers
from lora.group import Group
from lora.memory import Need
from lora.work import Work

pytestmark = pytest.mark.slow

PLENTY = 10**12
MANY = 10**9  # samples: more than fit, if each takes as much as the first


def need(*moments: tuple[int, int], always: int = 0) -> Need:
    return Need(frozenset(moments), always)


@pytest.mark.parametrize(
    ("counts", "parts", "needed", "free", "at_once"),
    [
        ([4, 4], [1, 1], need((0, 10)), 10**9, 8),  # all of them
        ([4, 4], [1, 2], need((0, 10)), 10**9, 2),  # as many parts as one asks for
        ([4], [1], need((0, 10)), 10**9, 4),
        ([4, 4], [1, 1], need((0, 10)), 50, 3),  # 70 % of what is free
        ([4, 4], [1, 1], need((14, 10)), 50, 2),  # beside what is there once
        ([4, 4], [1, 1], need((0, 10), always=14), 50, 2),
        ([4, 4], [1, 1], need((0, 10), (30, 1)), 50, 3),  # at the moment that needs most
        ([4, 4], [1, 1], need((0, 10), (34, 1)), 50, 1),
        ([4, 4], [1, 1], need((100, 10)), 50, 1),  # one at least
        ([4, 4], [1, 1], need((0, 0)), 50, 8),
    ],
)
def test_as_many_as_fit(counts, parts, needed, free, at_once):
    assert lora_memory.samples_at_once(counts, parts, needed, free) == at_once


@pytest.fixture
def group(train_spec, base):
    """Builds a group of LoRAs of these ranks, and its works."""
    device = torch.device("cpu")
    with base_model.borrow(str(base), device, torch.float32) as pipeline, ExitStack() as stack:

        def build(ranks: list[int], **changes) -> tuple[Group, list[Work]]:
            works = []
            for number, rank in enumerate(ranks):
                spec = train_spec(f"{len(ranks)}-{number}", rank=rank, alpha=1.0, **changes)
                works.append(Work(together.Member(spec, number)))
            together.begun(works, pipeline)
            trainings = [work.training for work in works]
            rows = lora_layers.beside(pipeline, [training.lora for training in trainings])
            return Group(pipeline, stack.enter_context(rows), trainings), works

        yield build


def taken(group: Group, works: list[Work]) -> int:
    """Bytes of two steps, all samples of each at once; the first leaves optimizer states."""
    device = torch.device("cpu")

    def steps() -> None:
        for step in range(2):
            group.step([(work.training, step) for work in works])

    return max(allocations.trace_of(steps, device))


def weights(works: list[Work]) -> int:
    return sum(p.nbytes for work in works for p in work.training.lora.parameters.values())


@pytest.mark.parametrize(
    ("ranks", "target", "more"),
    [
        ([4], "attention", 1.05),
        ([2, 4, 32], "attention", 1.05),
        ([64] * 8, "attention", 1.05),
        ([256] * 4, "attention", 1.05),
        ([4] * 6, "attention+conv", 1.1),
    ],
)
def test_a_step_takes_what_was_found_before_it(group, ranks, target, more):
    """However large LoRAs are beside the samples; in one part, gradients do not stay beside what
    the forward pass holds."""
    made, works = group(ranks, target=target)
    found = lora_memory.needed(made, works, MANY, PLENTY).of(4 * len(ranks))
    most = taken(made, works)
    assert most < more * found
    assert found < 1.05 * most + weights(works)


def test_checkpoints_of_gradients_take_less(group):
    made, works = group([4])
    plain = lora_memory.needed(made, works, MANY, PLENTY).of(4)
    train_lora.checkpoint_gradients(made.pipeline, False)
    less = lora_memory.needed(made, works, MANY, PLENTY).of(4)
    assert less < 0.9 * plain
    assert taken(made, works) < 1.05 * less


def test_where_two_may_not_fit_one_is_tried(group):
    made, works = group([4])
    one = lora_memory.needed(made, works, 4, 10)
    assert one.always == 4 * weights(works)
    assert len(one.moments) == 1
    assert one.of(2) >= lora_memory.needed(made, works, MANY, PLENTY).of(2)


def test_where_all_fit_one_is_tried(group):
    made, works = group([4, 4])
    one = lora_memory.needed(made, works, 8, PLENTY)
    assert len(one.moments) == 1
    assert taken(made, works) < 1.1 * one.of(8)


def test_states_are_as_large_as_expected():
    name = "adamw"
    parameter = torch.nn.Parameter(torch.ones(1000))
    made = optimizers.Optimizer(
        name, [optimizers.ParameterGroup([parameter], 1.0)], "constant", 0, 1
    )
    parameter.grad = torch.ones(1000)
    made.inner.step()
    state = made.inner.state[parameter].values()
    size = sum(v.nbytes for v in state if isinstance(v, torch.Tensor) and v.numel() > 1)
    assert size == pytest.approx(optimizers.STATE[name] * parameter.nbytes, rel=0.01)
