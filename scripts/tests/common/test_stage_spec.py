"""Specs are read strictly."""

from dataclasses import dataclass

import pytest

from common.errors import StageError
from common.specs import read_spec


@dataclass(frozen=True)
class Inner:
    path: str
    class_: int = 0


@dataclass(frozen=True)
class Outer:
    rate: float
    inner: Inner
    many: list[Inner]
    names: list[str]
    flag: bool = False


GOOD = {"rate": 1, "inner": {"path": "a"}, "many": [{"path": "b", "class": 2}], "names": ["x"]}


def test_nested_values_keywords_defaults_and_whole_numbers_for_floats():
    spec = read_spec(Outer, GOOD)
    assert spec == Outer(1.0, Inner("a"), [Inner("b", 2)], ["x"])
    assert isinstance(spec.rate, float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rates": 1}, "unknown key 'rates'"),
        ({"inner": {}}, "spec.inner: key 'path' is missing"),
        ({"many": [{"path": 3}]}, r"spec.many\[0\].path: expected str, got int"),
        ({"rate": "fast"}, "spec.rate: expected float, got str"),
        ({"flag": 1}, "spec.flag: expected bool, got int"),
        ({"names": "x"}, "spec.names: expected list, got str"),
        ({"inner": 3}, "spec.inner: expected dict, got int"),
        ({"many": [{"path": "b", "class": True}]}, "expected int, got bool"),
    ],
)
def test_mistakes_are_named(change, message):
    with pytest.raises(StageError, match=message):
        read_spec(Outer, GOOD | change)


def test_missing_key_is_named():
    with pytest.raises(StageError, match="key 'rate' is missing"):
        read_spec(Outer, {})
