"""A classifier that is cut short goes on from its checkpoint and ends in the same bytes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import classify
import host
from common.errors import Cancelled

CLASSIFY = Path(__file__).resolve().parents[1] / "classify.py"
KILLS = int(os.environ.get("KIZU_KILLS", "2"))  # each costs a start of Python
STEPS, FOLDS = 4, 2
ALL = STEPS * (1 + FOLDS)


@pytest.fixture
def build(classify_spec, tmp_path):
    """Builds a spec whose training photos are in folds, with a folder for checkpoints."""

    def build(name: str, **changes) -> dict:
        small = {"model": "mobilenet_v3_small", "steps": STEPS, "folds": FOLDS}
        spec = classify_spec(name, **small, keep=True, **changes)
        for place, image in enumerate(spec["train"]):
            image["fold"] = place % FOLDS + 1
        return spec | {"checkpoint": str(tmp_path / "kept"), "checkpoint_seconds": 0.0} | changes

    return build


def contents(spec: dict) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(spec["out"]).iterdir()}


def run(spec: dict, monkeypatch, until: int = ALL + 1) -> tuple[dict | None, list[int]]:
    """The result, None where it was cancelled after `until` steps, and the steps computed."""
    done = []
    with monkeypatch.context() as patch:
        patch.setattr(host, "progress", lambda number, total, *_: done.append((number, total)))
        patch.setattr(host, "cancelled", lambda: bool(done) and done[-1][0] >= until)
        try:
            result = classify.run(spec)
        except Cancelled:
            result = None
    assert {total for _, total in done} <= {ALL}
    return result, [number for number, _ in done]


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["all", "head"])
def test_it_goes_on_in_every_training(build, monkeypatch, trained):
    settings = {"trained": trained, "augment": "none" if trained == "head" else "mild"}
    whole = build("whole", **settings, checkpoint="")
    wanted = run(whole, monkeypatch)
    assert wanted[1] == list(range(1, ALL + 1))
    cut, computed = build("cut", **settings), []
    for until in (1, 2, 5, 7, 10):  # two in each fold's training, then one in that on all photos
        result, steps = run(cut, monkeypatch, until)
        assert result is None and steps[-1] == until
        computed += steps
    result, steps = run(cut, monkeypatch)
    assert computed + steps == wanted[1]
    assert (result, contents(cut)) == (wanted[0], contents(whole))


def test_cancellation_alone_leaves_a_checkpoint(build, monkeypatch):
    cut = build("cut", checkpoint_seconds=1e9)
    run(cut, monkeypatch, 5)
    _, steps = run(cut, monkeypatch)
    assert steps[0] == 6


def test_one_of_another_classifier_is_passed_over(build, monkeypatch):
    run(build("cut", seed=8), monkeypatch, 2)
    _, steps = run(build("other"), monkeypatch)
    assert steps[0] == 1


def test_cancelling_without_checkpoints_just_stops(build, monkeypatch, tmp_path):
    with pytest.raises(Cancelled), monkeypatch.context() as patch:
        patch.setattr(host, "cancelled", lambda: True)
        classify.run(build("cut", checkpoint=""))
    assert not (tmp_path / "kept").exists()


@pytest.mark.slow
def test_killed_processes_go_on(build, tmp_path):
    """With SIGKILL, further on each time: the files are those of a process left alone."""
    alone, spec = build("alone", checkpoint="", threads=1), build("killed", threads=1)
    for one in (alone, spec):
        (tmp_path / f"{Path(one['out']).name}.json").write_text(json.dumps(one))
    stage = [sys.executable, CLASSIFY]
    subprocess.run([*stage, tmp_path / "alone.json"], check=True, capture_output=True)
    reached = 0
    for _ in range(KILLS):
        with subprocess.Popen(
            [*stage, tmp_path / "killed.json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            for line in process.stderr:
                done = line.partition(b"/")[0]
                if done.isdigit() and int(done) > reached:
                    reached = int(done)
                    break
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert "predictions.csv" not in contents(spec)
    done = subprocess.run([*stage, tmp_path / "killed.json"], check=True, capture_output=True)
    assert b"going on from the checkpoint at step" in done.stderr
    assert contents(spec) == contents(alone)
