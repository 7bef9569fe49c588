"""A task's peak memory is its own."""

import pytest
import torch

from common import memory

pytestmark = pytest.mark.slow

MEGABYTE = 1 << 20


def test_the_peak_counts_what_was_freed_since_and_not_what_was_freed_before():
    spec = {"device": "cpu"}
    big = torch.ones(400 * MEGABYTE // 4)
    del big
    memory.reset(spec)
    before = memory.peak(spec)
    small = torch.ones(200 * MEGABYTE // 4)
    del small
    after = memory.peak(spec)
    assert before["host_bytes"] > 0
    assert 150 * MEGABYTE < after["host_bytes"] - before["host_bytes"] < 300 * MEGABYTE
    assert after["device_bytes"] == 0


def test_what_earlier_tasks_left_is_not_counted():
    spec = {"device": "cpu"}
    memory.reset(spec)
    alone = memory.peak(spec)["host_bytes"]
    left = torch.ones(400 * MEGABYTE // 4)
    memory.reset(spec)
    own = torch.ones(200 * MEGABYTE // 4)
    assert 150 * MEGABYTE < memory.peak(spec)["host_bytes"] - alone < 300 * MEGABYTE
    del left, own


def test_what_is_kept_counts_for_a_task_that_uses_it(monkeypatch):
    spec, model = {"device": "cpu"}, [torch.ones(400 * MEGABYTE // 4)]
    monkeypatch.setattr(memory, "_kept", [])
    memory.reset(spec)
    alone = memory.peak(spec)["host_bytes"]
    kept = memory.keep(lambda: (sum(t.nbytes for t in model), "cpu"), model.clear)
    memory.reset(spec)
    without = memory.peak(spec)["host_bytes"] - alone
    kept.used = True
    assert memory.peak(spec)["host_bytes"] - alone - without == 400 * MEGABYTE
    # Another takes its place: the peak is that of the task with the new one.
    kept.let_go("cpu")
    model.append(torch.ones(200 * MEGABYTE // 4))
    assert memory.peak(spec)["host_bytes"] - alone < 300 * MEGABYTE


def test_memory_that_ran_out_is_known():
    """torch's own exception, in its own words."""
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert memory.ran_out(caught.value)
    assert memory.ran_out(MemoryError())
    assert memory.ran_out(OSError("mmap: Cannot allocate memory (os error 12)"))
    assert not memory.ran_out(RuntimeError("shapes cannot be multiplied"))


def test_the_peak_of_a_gpu_is_a_tasks_own(monkeypatch):
    """With a base model that the task does not use, and one that was trained before it."""
    gpu = {"now": 0, "most": 0}

    def allocate(count: int) -> None:
        gpu["now"] += count
        gpu["most"] = max(gpu.values())

    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: gpu["now"])
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: gpu["most"])
    monkeypatch.setattr(
        torch.cuda, "reset_peak_memory_stats", lambda _: gpu.update(most=gpu["now"])
    )
    monkeypatch.setattr(memory, "_kept", [])
    base = memory.keep(lambda: (700, "cuda"), lambda: None)
    spec = {"device": "cuda:0"}
    allocate(700)
    memory.reset(spec)
    base.used = True
    allocate(900)
    allocate(-900)
    assert memory.peak(spec)["device_bytes"] == 1600
    memory.reset(spec)
    allocate(200)
    allocate(-200)
    assert memory.peak(spec)["device_bytes"] == 200
