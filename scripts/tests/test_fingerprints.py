"""No stage changes its behaviour without a new version."""

import ast
import shutil

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
        "stage.py": "import json\nimport one\nfrom package import four\n",
        "one.py": "def f():\n    from two import x\n",
        "two.py": "x = 1\nimport stage\n",
        "three.py": "",
        "package/__init__.py": "",
        "package/four.py": "import package.inner.five\nfrom package.six import f, g\n",
        "package/inner/five.py": "",
        "package/six.py": "",
        "package/seven.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "package/inner/__init__.py").write_text("")
    found = fingerprints.reached(tmp_path / "stage.py")
    names = [path.stem for path in found if path.stem != "__init__"]
    assert sorted(names) == ["five", "four", "one", "six", "stage", "two"]


@pytest.mark.parametrize(
    "text", ["from common import nothing", "import common.nothing", "from .common import errors"]
)
def test_an_import_that_cannot_be_followed_is_refused(text):
    with pytest.raises(ValueError, match=r"no module below|relative"):
        fingerprints.imported(ast.parse(text).body[0], fingerprints.SCRIPTS)


# A module of each package, and the stages whose artifacts depend on it.
PLANTED = {
    "common/randomness.py": {
        "train_lora",
        "generate",
        "classify",
        "detect",
        "measure",
        "choose",
        "judge",
    },
    "common/data_order.py": {"train_lora", "classify", "judge"},
    "diffusion/prompts.py": {"train_lora", "generate"},
    "diffusion/families/sdxl.py": {"train_lora", "generate", "autoencode"},
    "diffusion/latents.py": {"train_lora", "generate", "autoencode"},
    "lora/training.py": {"train_lora"},
    "lora/layers.py": {"train_lora", "generate"},
    "generation/methods/img2img.py": {"generate"},
    "classifier/training.py": {"classify", "judge"},
    "classifier/network.py": {"classify", "detect", "measure", "choose", "judge"},
    "common/structure.py": {"choose"},
}


@pytest.mark.parametrize("module", PLANTED)
@pytest.mark.slow
def test_a_change_changes_the_stages_that_it_reaches(module, tmp_path):
    scripts = tmp_path / "scripts"
    shutil.copytree(fingerprints.SCRIPTS, scripts, ignore=shutil.ignore_patterns("tests"))
    stages = {name: scripts / f"{name}.py" for name in fingerprints.recorded()}
    before = {name: fingerprints.fingerprint(stage) for name, stage in stages.items()}
    with open(scripts / module, "a", encoding="utf-8") as file:
        file.write("\nplanted = 1\n")
    now = {name: fingerprints.fingerprint(stage) for name, stage in stages.items()}
    assert {name for name in stages if now[name] != before[name]} == PLANTED[module]


def test_a_package_that_is_a_table_of_its_modules_reaches_them(tmp_path):
    (tmp_path / "stage.py").write_text("import package\n")
    (tmp_path / "package").mkdir()
    for name, text in {
        "__init__": "members(__name__, __path__, 'ENTRY')\n",
        "one": "import two\n",
    }.items():
        (tmp_path / "package" / f"{name}.py").write_text(text)
    (tmp_path / "two.py").write_text("")
    found = fingerprints.reached(tmp_path / "stage.py")
    assert {path.stem for path in found} == {"stage", "__init__", "one", "two"}
