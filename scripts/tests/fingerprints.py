"""Fingerprints of the stages' code: what they do, apart from comments, doc strings and formatting.

A stage's fingerprint covers its own module and every module of scripts that it imports, directly
or not. tests/fingerprints.json records it together with the stage's version, so that a
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
    # "stage/method" is what a method adds to the version of its stage.
    versions = {stage: version for stage, version in versions.items() if "/" not in stage}
    return {
        stage: {"version": version, "fingerprint": fingerprint(SCRIPTS / f"{stage}.py")}
        for stage, version in versions.items()
    }


def recorded() -> dict[str, dict]:
    """What was recorded last."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def fingerprint(stage: Path) -> str:
    """Hash of the code of a stage and of all that it imports from its folder."""
    root, digest = stage.parent, hashlib.sha256()
    for module in sorted(reached(stage)):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        digest.update(f"{module.relative_to(root).as_posix()}\n{meaning(tree)}\n".encode())
    return digest.hexdigest()


def reached(stage: Path) -> set[Path]:
    """A stage and the modules of its folder and the packages there that it imports, directly or
    not. An import of one that there is not is a ValueError: nothing may drop out in silence."""
    root = stage.parent
    found, waiting = set(), [stage]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                waiting += imported(node, root) + listed(node, path)
    return found


def listed(node: ast.AST, path: Path) -> list[Path]:
    """The modules of a package whose own file makes a table of them (common.members)."""
    table = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "members"
    return sorted(path.parent.glob("*.py")) if table and path.name == "__init__.py" else []


def imported(node: ast.AST, root: Path) -> list[Path]:
    """The files below `root` that a statement imports."""
    if isinstance(node, ast.Import):
        return [path for alias in node.names for path in files(alias.name.split("."), root)]
    if not isinstance(node, ast.ImportFrom):
        return []
    if node.level:
        raise ValueError(f"line {node.lineno}: an import relative to the module's own package")
    package = node.module.split(".")
    found = files(package, root)
    if root.joinpath(*package).is_dir():
        own = defined(found[-1])
        for alias in node.names:
            if alias.name not in own:
                found += files([*package, alias.name], root)
    return found


def files(names: list[str], root: Path) -> list[Path]:
    """The files of a dotted name: packages on the way, and the module; none if it is no name below
    `root`."""
    if not (root / names[0]).is_dir() and not (root / f"{names[0]}.py").is_file():
        return []
    found = []
    for last in range(1, len(names) + 1):
        module = root.joinpath(*names[:last])
        path = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
        if not path.is_file():
            raise ValueError(f"{'.'.join(names)} is no module below {root}")
        found.append(path)
    return found


def defined(module: Path) -> set[str]:
    """The names that a module binds at its top."""
    found = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
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
