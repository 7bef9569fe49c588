"""A task's peak memory is its own; what it does not use is let go where memory is scarce."""

import pytest
import torch

import classify
import measure
from common import memory
from diffusion import base_model

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


@pytest.fixture
def stages(photos, tmp_path):
    """classify and measure, each a function without arguments."""
    common = {"device": "cpu", "weights": "none", "resolution": 32}
    images = [{"path": path, "class": i % 2, "name": str(i)} for i, path in enumerate(photos)]
    train = [{"path": image["path"], "class": image["class"]} for image in images]
    numbers = {"seed": 0, "batch_size": 4, "learning_rate": 1e-3, "weight_decay": 0.0, "steps": 1}
    words = {"model": "efficientnet_b0", "precision": "fp32", "classes": ["good", "bad"]}
    lists = {"train": train, "test": images}
    looked_at = {"model": "efficientnet_b0", "calibration": [], "images": photos}
    (tmp_path / "c").mkdir()
    (tmp_path / "m").mkdir()
    return {
        "classify": lambda: classify.run(
            common | numbers | words | lists | {"out": str(tmp_path / "c")}
        ),
        "measure": lambda: measure.run(common | looked_at | {"out": str(tmp_path / "m")}),
    }


@pytest.mark.parametrize("stage", ["classify", "measure"])
@pytest.mark.parametrize(("free", "stays"), [(6, True), (4, False)])
def test_a_base_model_makes_room_where_half_of_memory_is_taken(
    base, stages, monkeypatch, stage, free, stays
):
    memory.reset({"device": "cpu"})
    with base_model.borrow(str(base), torch.device("cpu"), torch.float32):
        pass
    monkeypatch.setattr(memory, "total_bytes", lambda _: 10)
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    assert not memory.make_room(torch.device("cpu"))  # the task at hand uses it
    memory.reset({"device": "cpu"})
    stages[stage]()
    assert (base_model._cached is not None) == stays


def test_memory_that_ran_out_is_known():
    """torch's own exception, in its own words."""
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert memory.ran_out(caught.value)
    assert memory.ran_out(MemoryError())
    assert memory.ran_out(OSError("mmap: Cannot allocate memory (os error 12)"))
    assert not memory.ran_out(RuntimeError("shapes cannot be multiplied"))
