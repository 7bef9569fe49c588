"""Fingerprints of the stages' code: what they do, apart from comments, doc strings and formatting.

A stage's fingerprint covers its own module and every module of this folder that it imports,
directly or not. tests/fingerprints.json records it together with the stage's version, so that a
change of behaviour cannot go without a new version in versions.json unnoticed. Once the version is
right, record it:

    python scripts/tests/fingerprints.py
"""

import ast
import hashlib
import json
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]
RECORD = SCRIPTS / "tests" / "fingerprints.json"


def current() -> dict[str, dict]:
    """For each stage its version and the fingerprint of its code."""
    versions = json.loads((SCRIPTS / "versions.json").read_text(encoding="utf-8"))
    return {
        stage: {"version": version, "fingerprint": fingerprint(SCRIPTS / f"{stage}.py")}
        for stage, version in versions.items()
    }


def recorded() -> dict[str, dict]:
    """What was recorded last."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def fingerprint(stage: Path) -> str:
    """Hash of the code of a stage and of all that it imports from its folder."""
    digest = hashlib.sha256()
    for module in sorted(reached(stage)):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        digest.update(f"{module.stem}\n{meaning(tree)}\n".encode())
    return digest.hexdigest()


def reached(module: Path) -> set[Path]:
    """A module and the modules beside it that it imports, directly or not."""
    found, waiting = set(), [module]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            waiting += [p for name in names if (p := path.with_name(f"{name}.py")).is_file()]
    return found


def meaning(node: ast.AST | list | object) -> str:
    """A syntax tree as text, the same in every version of Python; positions are left out.

    Unlike ast.dump it leaves out empty fields, of which newer versions have more.
    """
    if isinstance(node, list):
        return "[" + ",".join(meaning(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and _documented(node):
            value = value[1:]
        if value not in (None, []) and name not in ("kind", "type_comment"):
            fields.append(f"{name}={meaning(value)}")
    return f"{type(node).__name__}({','.join(fields)})"


def _documented(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None


if __name__ == "__main__":
    RECORD.write_text(json.dumps(current(), indent=2) + "\n", encoding="utf-8")
