"""No stage changes its behaviour without a new version."""

import ast

import pytest

import fingerprints


@pytest.mark.parametrize("stage", fingerprints.current())
def test_a_change_is_declared(stage):
    now, before = fingerprints.current()[stage], fingerprints.recorded()[stage]
    if now["fingerprint"] == before["fingerprint"]:
        assert now == before, "record the new version: python scripts/tests/fingerprints.py"
        return
    same = " (raise it first if the stage now does something else)"
    note = "" if now["version"] > before["version"] else same
    pytest.fail(
        f"the code of {stage} has changed; its version in versions.json is {now['version']}{note}."
        " Then record it: python scripts/tests/fingerprints.py"
    )


def meaning(source: str) -> str:
    return fingerprints.meaning(ast.parse(source))


BEFORE = 'def f(x):\n    """Doc."""\n    return x + 1\n'


@pytest.mark.parametrize(
    "after",
    [
        "# a comment\ndef f(x):\n    return x + 1  # another\n",
        "def f(\n    x,\n):\n\n\n    return (x + 1)\n",
        'def f(x):\n    """Other doc."""\n    return x + 1\n',
    ],
)
def test_comments_docs_and_formatting_do_not_count(after):
    assert meaning(after) == meaning(BEFORE)


@pytest.mark.parametrize(
    "after",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x - 1\n",
        "def f(x, y=0):\n    return x + 1\n",
        "def f(x):\n    pass\n    return x + 1\n",
        "def f(x):\n    return '''x + 1'''\n",
    ],
)
def test_everything_else_does(after):
    assert meaning(after) != meaning(BEFORE)


def test_imports_are_followed(tmp_path):
    for name, text in {
        "stage": "import json\nimport one\n",
        "one": "def f():\n    from two import x\n",
        "two": "x = 1\nimport stage\n",
        "three": "",
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
    found = fingerprints.reached(tmp_path / "stage.py")
    assert sorted(path.stem for path in found) == ["one", "stage", "two"]
