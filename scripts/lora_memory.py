"""How many samples of a training step pass through the UNet at once: as many as fit.

One sample, and then two, are tried before the training begins, beside all LoRAs of the group: what
the second adds is what each takes, the rest is there once.
"""

import math
from dataclasses import dataclass

import allocations
import memory
import optimizers
from lora_batch import concatenate
from lora_group import Group
from lora_work import Work

SHARE = 0.7  # of free memory that is filled; the rest is for kernels' workspaces and other programs


@dataclass(frozen=True)
class Need:
    """Bytes that a training step takes beside what is there when it begins: for each sample at a
    time, and once, however many there are."""

    sample: int
    once: int


def samples_at_once(counts: list[int], parts: list[int], need: Need, free: int) -> int:
    """How many samples pass through the UNet together; every training has `counts` of them and asks
    for at least so many `parts`."""
    asked = [math.ceil(c / p) for c, p in zip(counts, parts, strict=True) if p > 1]
    room = int((SHARE * free - need.once) / max(1, need.sample))
    return max(1, min(sum(counts), *asked, room))


def limit(group: Group, works: list[Work]) -> None:
    """Set `group.at_once`, by memory and by the number of parts that a spec asks for."""
    counts = [len(work.training.draw(0, 0).batch) for work in works]
    parts = [work.spec.gradient_accumulation for work in works]
    free = memory.free_bytes(group.unet.device)
    group.at_once = samples_at_once(counts, parts, needed(group, works, free), free)


def needed(group: Group, works: list[Work], free: int) -> Need:
    """What a step of these trainings takes, found by trying; `free` bytes are free."""
    later = sum(_later(work) for work in works)
    one = _tried(group, works, 1)
    if 2 * one + later > SHARE * free:
        return Need(one, later)  # two may not fit
    sample = _tried(group, works, 2) - one
    return Need(sample, max(0, one - sample) + later)


def _tried(group: Group, works: list[Work], samples: int) -> int:
    """Bytes that so many samples take from their forward to the end of their backward pass.

    Whose they are makes no difference: all LoRAs' products are computed, as in a batch with samples
    of all.
    """
    trainings = [work.training for work in works]
    first = next(trainings[0].draw(0, 0).batch.split(1))
    batch, owners = concatenate([first] * samples), trainings[:1] * samples

    def compute() -> None:
        group.backward(batch, owners, trainings)

    group.rows.joined = [training.lora for training in trainings]
    try:
        return allocations.peak_of(compute, group.unet.device)
    finally:
        group.rows.joined = []
        for training in trainings:
            training.optimizer.inner.zero_grad(set_to_none=True)


def _later(work: Work) -> int:
    """Bytes that a training holds from its first step on: gradients, which stay from part to part,
    and the optimizer's state, unless that was loaded."""
    training = work.training
    weights = sum(parameter.nbytes for parameter in training.lora.parameters.values())
    state = 0 if training.optimizer.inner.state else optimizers.STATE[training.settings.optimizer]
    return int(weights * (1 + state))
