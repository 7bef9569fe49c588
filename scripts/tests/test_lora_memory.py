"""How many samples pass through the UNet at once follows from what they are found to take."""

from contextlib import ExitStack

import pytest
import torch

import allocations
import base_model
import lora_layers
import lora_memory
import optimizers
import together
import train_lora
from lora_group import Group
from lora_memory import Need
from lora_work import Work

PLENTY = 10**12


@pytest.mark.parametrize(
    ("counts", "parts", "need", "free", "at_once"),
    [
        ([4, 4], [1, 1], Need(10, 0), 10**9, 8),  # all of them
        ([4, 4], [1, 2], Need(10, 0), 10**9, 2),  # as many parts as one asks for
        ([4, 4], [1, 1], Need(10, 0), 50, 3),  # 70 % of what is free
        ([4, 4], [1, 1], Need(10, 14), 50, 2),  # beside what is there once
        ([4, 4], [1, 1], Need(10, 100), 50, 1),  # one at least
        ([4, 4], [1, 1], Need(0, 0), 50, 8),
    ],
)
def test_as_many_as_fit(counts, parts, need, free, at_once):
    assert lora_memory.samples_at_once(counts, parts, need, free) == at_once


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


def peak(group: Group, works: list[Work]) -> int:
    """Bytes of one whole step, all its samples at once."""
    return allocations.peak_of(
        lambda: group.step([(work.training, 0) for work in works]), torch.device("cpu")
    )


def weights(works: list[Work]) -> int:
    return sum(p.nbytes for work in works for p in work.training.lora.parameters.values())


@pytest.mark.parametrize("ranks", [[4], [2, 4, 32], [64] * 8])
def test_a_step_takes_what_was_found_before_it(group, ranks):
    """Within a tenth, the gradients and states that stay counted twice at most."""
    made, works = group(ranks)
    need = lora_memory.needed(made, works, PLENTY)
    found = need.once + 4 * len(ranks) * need.sample
    taken = peak(made, works)
    assert 0.9 * taken < found < 1.1 * taken + 3 * weights(works)


def test_checkpoints_of_gradients_take_less(group):
    made, works = group([4])
    plain = lora_memory.needed(made, works, PLENTY).sample
    train_lora.checkpoint_gradients(made.pipeline, False)
    less = lora_memory.needed(made, works, PLENTY)
    assert less.sample < 0.9 * plain
    assert less.once + 4 * less.sample > 0.9 * peak(made, works)


def test_where_two_may_not_fit_one_is_tried(group):
    made, works = group([4])
    assert lora_memory.needed(made, works, 10).once == 3 * weights(works)


def test_states_are_as_large_as_expected():
    name = "adamw"
    parameter = torch.nn.Parameter(torch.ones(1000))
    made = optimizers.Optimizer(name, [optimizers.Group([parameter], 1.0)], "constant", 0, 1)
    parameter.grad = torch.ones(1000)
    made.inner.step()
    state = made.inner.state[parameter].values()
    size = sum(v.nbytes for v in state if isinstance(v, torch.Tensor) and v.numel() > 1)
    assert size == pytest.approx(optimizers.STATE[name] * parameter.nbytes, rel=0.01)
