"""scripts/setup installs what requirements.txt or a file of constraints says, and keeps to it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = 'torch==2.15.0; python_version >= "3.11"\ntorchvision==0.29.2\nnumpy==2.4.6\n'
OLDER = "# for CUDA 12\n--extra-index-url https://example.org/cu126\ntorch==2.9.1+cu126\n"

GO = """#!/bin/sh
case "$*" in "env GOVERSION") echo go1.26.0 ;; "env CC") echo sh ;; esac
"""
PYTHON = """#!/bin/sh
case "$*" in
*configure.py*) mkdir -p build; : >build/env; echo "$0"; echo 3.11 ;;
"-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python3 ;;
*--dry-run*) exit "${FAIL:-0}" ;;
"-m pip install"*) cat build/requirements.txt build/constraints.txt >>pip.log; exit "${FAIL:-0}" ;;
esac
"""


@pytest.fixture
def set_up(tmp_path, monkeypatch):
    """Runs scripts/setup in a folder of its own with a Go and a Python that only note what they are
    asked; returns what pip was given, "" where it was not called."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "scripts/setup", tmp_path / "scripts")
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    (tmp_path / "older.txt").write_text(OLDER)
    nothing = "#!/bin/sh\n"
    stubs = {"go": GO, "python3": PYTHON, "pkg-config": nothing, "kizu": nothing}
    for name, text in stubs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"

    def run(rc: int = 0, **variables: str) -> str:
        log = tmp_path / "pip.log"
        log.write_text("")
        environment = {"PATH": path, "HOME": str(tmp_path)} | variables
        done = subprocess.run(
            ["bash", "scripts/setup"], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == rc, done.stderr
        return done.stderr if rc else log.read_text()

    return run


WITH_OLDER = REQUIREMENTS.replace("torch==2.15.0", "torch") + OLDER


def test_a_file_of_constraints_is_kept_to_until_another_is_named(set_up, tmp_path):
    assert set_up() == REQUIREMENTS + "\n"
    assert set_up() == ""
    kept = tmp_path / ".venv/kept"
    kept.touch()
    assert set_up(CONSTRAINTS="older.txt") == WITH_OLDER
    assert not kept.exists()  # nothing of the other versions is left
    assert set_up() == set_up(CONSTRAINTS="older.txt") == ""
    (tmp_path / "older.txt").write_text(OLDER.replace("2.9.1", "2.9.0"))
    assert set_up() == ""
    assert "torch==2.9.0+cu126" in set_up(CONSTRAINTS="older.txt")
    assert set_up(CONSTRAINTS="") == REQUIREMENTS + "\n"
    assert set_up() == ""


def test_an_installation_that_failed_is_tried_again(set_up):
    said = set_up(rc=2, CONSTRAINTS="older.txt", FAIL="1")
    assert "installing requirements.txt with older.txt failed" in said
    assert set_up() == WITH_OLDER
    assert set_up() == ""


def test_versions_that_are_not_to_be_had_cost_nothing(set_up, tmp_path):
    set_up()
    kept = tmp_path / ".venv/kept"
    kept.touch()
    assert ".venv is as it was" in set_up(rc=2, CONSTRAINTS="older.txt", FAIL="1")
    assert kept.exists() and set_up() == ""


def test_a_file_that_is_not_there_is_said(set_up):
    assert "CONSTRAINTS=none.txt cannot be read" in set_up(rc=2, CONSTRAINTS="none.txt")
