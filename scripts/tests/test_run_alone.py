"""Every stage can be run alone from a spec file, without the host."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fingerprints

SCRIPTS = Path(__file__).resolve().parents[1]


def run(stage: str, spec: dict, tmp_path: Path) -> subprocess.CompletedProcess:
    file = tmp_path / "spec.json"
    file.write_text(json.dumps(spec))
    return subprocess.run(
        [sys.executable, SCRIPTS / f"{stage}.py", file], capture_output=True, text=True, timeout=300
    )


@pytest.mark.slow
def test_a_result_on_stdout_and_progress_on_stderr(train_spec, tmp_path):
    done = run("train_lora", train_spec(steps=2, threads=1), tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 2
    lines = done.stderr.splitlines()
    assert lines[:2] == ["reading 5 instance images", "reading 7 class images"]
    assert [line.split()[0] for line in lines[2:]] == ["1/2", "2/2"]


@pytest.mark.slow
def test_an_error_is_one_sentence(generate_spec, tmp_path):
    done = run("generate", generate_spec(base=str(tmp_path)), tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: base model")
    assert len(done.stderr.splitlines()) == 1


def test_every_stage_has_a_version():
    versions = fingerprints.current()
    assert set(versions) == {
        "train_lora",
        "generate",
        "autoencode",
        "classify",
        "detect",
        "measure",
        "choose",
        "judge",
    }
    for stage in versions:
        assert "def run(spec" in (SCRIPTS / f"{stage}.py").read_text()
