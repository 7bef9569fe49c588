"""Packages that are a table: a file for each entry, and nothing else to be written down."""

import importlib
import pkgutil
from typing import Any


def members(package: str, path: list[str], attribute: str) -> tuple[Any, ...]:
    """What the modules of a package, which gives its `__name__` and `__path__`, call `attribute`,
    in the order of the modules' names. A module that has no such thing is no entry."""
    names = sorted(info.name for info in pkgutil.iter_modules(path))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return tuple(getattr(module, attribute) for module in modules if hasattr(module, attribute))
