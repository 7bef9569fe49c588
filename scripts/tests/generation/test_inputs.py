"""A method is given what it needs, and nothing that it does not take."""

import dataclasses

import pytest

from common.errors import StageError
from generation import methods


def test_inputs_are_those_that_the_method_names():
    method = methods.named("img2img")
    method.check_inputs(frozenset({"base", "source"}))
    method.check_inputs(frozenset({"base", "source", "lora"}))
    with pytest.raises(StageError, match="img2img needs a source"):
        method.check_inputs(frozenset({"base"}))
    with pytest.raises(StageError, match="img2img takes no mask"):
        method.check_inputs(frozenset({"base", "source", "mask"}))


def test_a_method_may_take_no_lora():
    method = dataclasses.replace(methods.named("img2img"), name="plain", takes=frozenset())
    with pytest.raises(StageError, match="plain takes no lora"):
        method.check_inputs(frozenset({"base", "source", "lora"}))
