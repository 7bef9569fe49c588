"""Turning the dict that the host sends into a typed, strictly checked dataclass."""

import dataclasses
from typing import Any, TypeVar, get_args, get_origin

from common.errors import StageError

Spec = TypeVar("Spec")


def read_spec(kind: type[Spec], values: dict[str, Any], where: str = "spec") -> Spec:
    """Build the dataclass `kind` from `values`.

    A field name may end in an underscore where the key is a Python keyword (class_ for "class").
    A field whose type is a dataclass, or a list of them, is read from nested dicts. Unknown and
    missing keys are StageErrors: ignoring one would train something other than what was asked for.
    """
    fields = {field.name.rstrip("_"): field for field in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise StageError(f"{where}: unknown key {unknown[0]!r}; known keys: {', '.join(fields)}")
    arguments = {}
    for key, field in fields.items():
        if key in values:
            arguments[field.name] = _convert(field.type, values[key], f"{where}.{key}")
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise StageError(f"{where}: key {key!r} is missing")
    return kind(**arguments)


def _convert(kind: Any, value: Any, where: str) -> Any:
    if get_origin(kind) is list:
        return [
            _convert(get_args(kind)[0], item, f"{where}[{index}]")
            for index, item in enumerate(_checked(list, value, where))
        ]
    if dataclasses.is_dataclass(kind):
        return read_spec(kind, _checked(dict, value, where), where)
    if kind is float and type(value) is int:
        return float(value)
    return _checked(kind, value, where)


def _checked(kind: type, value: Any, where: str) -> Any:
    # bool is a subclass of int, but True is no number of steps.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise StageError(f"{where}: expected {kind.__name__}, got {type(value).__name__}")
    return value
