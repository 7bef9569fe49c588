"""A training that is cut short goes on from its checkpoint and ends in the same bytes."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import host
import train_lora
from common.errors import Cancelled

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).resolve().parents[2]
STEPS = 8


def contents(folder: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


@pytest.fixture
def whole(train_spec) -> tuple[dict, dict[str, bytes]]:
    """Result and files of an uninterrupted training."""
    spec = train_spec("whole", steps=STEPS)
    return train_lora.run(spec), contents(spec["out"])


@pytest.fixture
def interrupted(train_spec, tmp_path, monkeypatch):
    """Trains up to a step and is cancelled there; returns the spec to go on with."""

    def run(step: int, **changes) -> dict:
        keep = {"checkpoint": str(tmp_path / "checkpoint"), "checkpoint_seconds": 0.0} | changes
        done = []
        with monkeypatch.context() as patch:
            patch.setattr(host, "progress", lambda number, *_: done.append(number))
            patch.setattr(host, "cancelled", lambda: bool(done) and done[-1] >= step)
            with pytest.raises(Cancelled):
                train_lora.run(train_spec(f"cut{step}", steps=STEPS, **keep))
        return train_spec(f"again{step}", steps=STEPS, **keep)

    return run


def steps_of(run: dict, monkeypatch) -> tuple[dict, list[int]]:
    done = []
    monkeypatch.setattr(host, "progress", lambda number, *_: done.append(number))
    return train_lora.run(run), done


@pytest.mark.parametrize("step", [1, 5])
def test_goes_on_where_it_was_cancelled(whole, interrupted, monkeypatch, step):
    spec = interrupted(step)
    result, done = steps_of(spec, monkeypatch)
    assert done == list(range(step + 1, STEPS + 1))
    assert (result, contents(spec["out"])) == whole


def test_cancellation_alone_leaves_a_checkpoint(whole, interrupted, monkeypatch):
    spec = interrupted(3, checkpoint_seconds=1e9)
    result, done = steps_of(spec, monkeypatch)
    assert done[0] == 4
    assert (result, contents(spec["out"])) == whole


def test_an_earlier_artifact_and_a_checkpoint(train_spec, whole, interrupted, monkeypatch):
    first = train_spec("first", steps=2)
    train_lora.run(first)
    spec = interrupted(5, resume=first["out"])
    result, done = steps_of(spec, monkeypatch)
    assert done[0] == 6
    assert (result, contents(spec["out"])) == whole


def test_only_the_latest_stays(interrupted):
    folder = Path(interrupted(4)["checkpoint"])
    assert [entry.name for entry in folder.iterdir()] == ["00000004"]


@pytest.mark.parametrize("file", ["optimizer.safetensors", "losses.csv", "training.json"])
def test_a_damaged_one_is_passed_over(whole, interrupted, monkeypatch, file):
    spec = interrupted(4)
    path = Path(spec["checkpoint"], "00000004", file)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    result, done = steps_of(spec, monkeypatch)
    assert done[0] == 1
    assert (result, contents(spec["out"])) == whole


def test_one_of_another_recipe_is_passed_over(whole, interrupted, monkeypatch):
    folder = interrupted(4, seed=8)["checkpoint"]
    spec = interrupted(2, checkpoint=folder + "2") | {"checkpoint": folder}
    result, done = steps_of(spec, monkeypatch)
    assert done[0] == 1
    assert (result, contents(spec["out"])) == whole


def test_half_written_ones_are_no_checkpoints(whole, interrupted, monkeypatch):
    spec = interrupted(4)
    Path(spec["checkpoint"], "00000004").rename(Path(spec["checkpoint"], "00000004.123"))
    result, done = steps_of(spec, monkeypatch)
    assert done[0] == 1
    assert (result, contents(spec["out"])) == whole


def test_half_precision_goes_on(train_spec, interrupted, monkeypatch):
    spec = train_spec("half", steps=STEPS, precision="fp16")
    train_lora.run(spec)
    again = interrupted(5, precision="fp16")
    _, done = steps_of(again, monkeypatch)
    assert done[0] == 6
    assert contents(again["out"]) == contents(spec["out"])


def test_a_killed_process_goes_on(train_spec, tmp_path):
    """With SIGKILL, at whatever moment it comes: the files are those of a process left alone."""
    keep = {"steps": 40, "threads": 1, "checkpoint_seconds": 0.05}
    alone = train_spec("alone", checkpoint=str(tmp_path / "a"), **keep)
    spec = train_spec("killed", checkpoint=str(tmp_path / "b"), **keep)
    for one in (alone, spec):
        (tmp_path / f"{Path(one['out']).name}.json").write_text(json.dumps(one))
    stage = [sys.executable, SCRIPTS / "train_lora.py"]
    subprocess.run([*stage, tmp_path / "alone.json"], check=True, capture_output=True)
    with subprocess.Popen(
        [*stage, tmp_path / "killed.json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        while not process.stderr.readline().startswith(b"12/40"):
            pass
        time.sleep(0.003)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not contents(spec["out"])
    done = subprocess.run([*stage, tmp_path / "killed.json"], check=True, capture_output=True)
    assert b"going on from the checkpoint at step" in done.stderr
    assert contents(spec["out"]) == contents(alone["out"])
