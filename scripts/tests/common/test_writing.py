"""Pictures are written by a thread; an artifact is whole, or its task fails, all the same."""

import errno
import threading
from pathlib import Path

import pytest

import autoencode
import generate
from common import images, writing
from common.writing import Writer


def test_calls_come_in_their_order_in_another_thread():
    seen = []
    with Writer() as writer:
        for number in range(30):
            writer.add(lambda n: seen.append((n, threading.current_thread())), number)
        writer.wait()
    assert [number for number, _ in seen] == list(range(30))
    assert threading.current_thread() not in {thread for _, thread in seen}


def test_no_more_wait_than_may():
    go, seen = threading.Event(), []
    with Writer() as writer:
        writer.add(go.wait)
        for number in range(writing.WAITING - 1):
            writer.add(seen.append, number)
        assert seen == []
        threading.Timer(0.1, go.set).start()
        writer.add(seen.append, -1)  # returns when the first is done
        assert go.is_set()


def test_what_fails_is_raised_and_nothing_is_left():
    seen = []

    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill(writer: Writer) -> None:
        writer.add(fail)
        with pytest.raises(OSError, match="No space left"):
            writer.wait()
        writer.add(fail)
        for number in range(100):
            writer.add(seen.append, number)

    with pytest.raises(OSError, match="No space left"), Writer() as writer:
        fill(writer)
    assert len(seen) <= writing.WAITING
    assert not writer._thread._threads or not any(t.is_alive() for t in writer._thread._threads)


@pytest.fixture
def stages(generate_spec, base, photos, tmp_path):
    """Those that write pictures, each with its spec."""
    (tmp_path / "autoencoded").mkdir()
    autoencoded = {
        **{"out": str(tmp_path / "autoencoded"), "device": "cpu", "base": str(base)},
        **{"resolution": 16, "precision": "fp32", "images": photos[:3]},
    }
    made = generate_spec(resolution=16, steps=2)
    return {
        "generate": (generate, made | {"images": made["images"][:3]}),
        "autoencode": (autoencode, autoencoded),
    }


@pytest.mark.parametrize("stage", ["generate", "autoencode"])
def test_a_stage_ends_when_all_is_written(stages, monkeypatch, stage):
    module, spec = stages[stage]
    go, write = threading.Event(), images.write_png

    def slow(*given) -> None:
        threading.Timer(0.2, go.set).start()
        go.wait()
        write(*given)

    monkeypatch.setattr(images, "write_png", slow)
    assert module.run(spec)["images"] == 3
    assert len(list(Path(spec["out"], "images").iterdir())) == 3


@pytest.mark.parametrize("stage", ["generate", "autoencode"])
def test_a_full_disk_fails_the_stage(stages, monkeypatch, stage):
    module, spec = stages[stage]

    def full(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(images, "write_png", full)
    with pytest.raises(OSError, match="No space left on device"):
        module.run(spec)
