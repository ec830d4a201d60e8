"""Errors: every one of ours is a CodesignError, with an exit code of the command line."""

from __future__ import annotations

import inspect

import pytest

from codesign import errors
from codesign.errors import CodesignError, InterruptedRunError, RtlBehaviourError

OURS = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]


@pytest.mark.parametrize("cls", OURS)
def test_every_error_is_ours_and_explained(cls):
    assert issubclass(cls, CodesignError)
    assert inspect.getdoc(cls)
    assert str(cls("layer 'fc': said what is wrong")) == "layer 'fc': said what is wrong"


@pytest.mark.parametrize("cls", OURS)
def test_bad_input_exits_2_a_failed_check_1_and_an_interrupt_130(cls):
    assert cls.exit_code == {InterruptedRunError: 130, RtlBehaviourError: 1}.get(cls, 2)
