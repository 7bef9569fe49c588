"""The packages of scripts import each other one way."""

import ast
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1]

# What a package may import of the others.
MAY_IMPORT = {
    "common": set(),
    "diffusion": {"common"},
    "lora": {"common", "diffusion"},
    "generation": {"common", "diffusion", "lora"},
    "classifier": {"common"},
    "detector": {"classifier", "common"},
}


def test_every_package_is_listed():
    found = {path.parent.name for path in SCRIPTS.glob("*/__init__.py")}
    assert found == set(MAY_IMPORT)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package):
    stages = {path.stem for path in SCRIPTS.glob("*.py")} - {"host"}
    for file in (SCRIPTS / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            tops = {name.split(".")[0] for name in names}
            others = tops & (set(MAY_IMPORT) - {package} | stages)
            assert others <= MAY_IMPORT[package], f"{file.name} imports {others}"


def test_only_families_know_a_unet_by_name():
    for file in SCRIPTS.rglob("*.py"):
        if not {"families", "tests", "bench"} & set(file.relative_to(SCRIPTS).parts):
            assert ".unet" not in file.read_text(encoding="utf-8"), file
