"""How many samples of a training step pass through the UNet at once: as many as fit.

One sample is tried before the training begins, and what it keeps for its backward pass is measured.
"""

import math

import torch

import memory
from lora_group import Group
from lora_work import Work

SHARE = 0.7  # of free memory that is filled; the rest is for kernels' workspaces and other programs


def limit(group: Group, works: list[Work]) -> None:
    """Set `group.at_once`, by memory and by the number of parts that a spec asks for."""
    counts = [len(work.training.draw(0, 0).batch) for work in works]
    parts = [work.spec.gradient_accumulation for work in works]
    asked = [math.ceil(c / p) for c, p in zip(counts, parts, strict=True) if p > 1]
    needed, free = needed_by_one(group, works[0]), memory.free_bytes(group.unet.device)
    group.at_once = max(1, min(sum(counts), *asked, int(SHARE * free / max(1, needed))))


def needed_by_one(group: Group, work: Work) -> int:
    """Bytes that one sample takes from its forward to the end of its backward pass.

    On a CPU, where nobody counts allocations, what autograd keeps.
    """
    training = work.training
    sample = next(training.draw(0, 0).batch.split(1))
    device = group.unet.device
    frozen = {p.untyped_storage().data_ptr() for p in group.unet.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in frozen:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        group.backward(sample, [training], [training])
    training.optimizer.inner.zero_grad(set_to_none=True)
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) - before
    return sum(kept.values())
