"""How many samples of a training step pass through the UNet at once: as many as fit.

One sample is tried before the training begins, beside all LoRAs of the group. Where all would not
fit if each took as much, two are tried: what the second adds at each moment is what each takes
then, the rest is there once. The moments differ: many samples need most when the forward pass ends,
large LoRAs in the backward pass.
"""

import bisect
import math
from dataclasses import dataclass

import torch

from common import allocations, memory
from lora import optimizers
from lora.batch import concatenate
from lora.group import Group
from lora.work import Work

# Of free memory that is filled; the rest is for kernels' workspaces, other programs, and the copies
# with which convolutions of several LoRAs are computed together (up to a tenth).
SHARE = 0.7


@dataclass(frozen=True)
class Need:
    """Bytes that a training step takes beside what is there when the training begins.

    `moments` of the step have two numbers each: what is there once, and what each sample adds that
    passes through the UNet together with the others. `always` is there from the first step on.
    """

    moments: frozenset[tuple[int, int]]
    always: int

    def of(self, samples: int) -> int:
        """Bytes of a step in which so many samples pass together."""
        return self.always + max(once + each * samples for once, each in self.moments)


NOTHING = Need(frozenset({(0, 0)}), 0)


def samples_at_once(counts: list[int], parts: list[int], need: Need, free: int) -> int:
    """How many samples pass through the UNet together, of the `counts` of all trainings, each of
    which asks for at least so many `parts`."""
    asked = [math.ceil(c / p) for c, p in zip(counts, parts, strict=True) if p > 1]
    most = min([sum(counts), *asked])
    return max(1, bisect.bisect_right(range(1, most + 1), SHARE * free, key=need.of))


def limit(group: Group, works: list[Work]) -> None:
    """Set `group.at_once`, by memory and by the number of parts that a spec asks for."""
    counts = [len(work.training.draw(0, 0).batch) for work in works]
    parts = [work.spec.gradient_accumulation for work in works]
    if works[0].spec.reproducible:
        # Whatever the memory: what does not fit is tried again in more parts.
        group.at_once = samples_at_once(counts, parts, NOTHING, free=0)
        return
    free = memory.free_bytes(group.denoiser.device)
    need = needed(group, works, sum(counts), free)
    group.at_once = samples_at_once(counts, parts, need, free)


def needed(group: Group, works: list[Work], samples: int, free: int) -> Need:
    """What a step of these trainings, of so many samples in all, takes at most, found by trying;
    `free` bytes are free."""
    always = sum(_always(work) for work in works)
    with torch.no_grad():
        group.condition([work.training for work in works])  # is kept, and would count as a sample's
    one = _tried(group, works, 1)
    as_the_first = Need(frozenset({(0, max(one))}), always)
    if as_the_first.of(samples) <= SHARE * free or as_the_first.of(2) > SHARE * free:
        return as_the_first  # all fit; or two may not
    two = _tried(group, works, 2)
    # From the end: at the beginning, the first of them fills tables that the second finds.
    moments = zip(reversed(one), reversed(two), strict=False)
    return Need(frozenset((2 * a - b, b - a) for a, b in moments), always)


def _tried(group: Group, works: list[Work], samples: int) -> list[int]:
    """Bytes alive during the forward and backward pass of so many samples.

    Whose they are makes little difference: each passes through one LoRA. Gradients are there
    already, as in all parts of a step but the first.
    """
    trainings = [work.training for work in works]
    first = next(trainings[0].draw(0, 0).batch.split(1))
    batch, owners = concatenate([first] * samples), trainings[:1] * samples
    for training in trainings:
        for parameter in training.lora.parameters.values():
            parameter.grad = torch.zeros_like(parameter)
    try:
        return allocations.trace_of(
            lambda: group.backward(batch, owners, trainings), group.denoiser.device
        )
    finally:
        for training in trainings:
            training.optimizer.inner.zero_grad(set_to_none=True)


def _always(work: Work) -> int:
    """Bytes that a training holds from its first step on: gradients, which stay from part to part,
    the optimizer's state, unless that was loaded, and its weights beside those of other LoRAs."""
    training = work.training
    weights = sum(parameter.nbytes for parameter in training.lora.parameters.values())
    state = 0 if training.optimizer.inner.state else optimizers.STATE[training.settings.optimizer]
    return int(weights * (2 + state))
