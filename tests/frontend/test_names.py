"""Identifiers made of names that come from strangers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.frontend.names import identifier, unique_identifiers


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fc1", "fc1"),
        ("dense/kernel", "dense_kernel"),
        ('../../x; rm -rf $HOME "', "x_rm_rf_HOME"),
        ("1st", "layer_1st"),
        ("", "layer"),
        ("__", "layer"),
        ("input", "input_0"),
        ("Ärger", "rger"),
        ("x" * 100, "x" * 48),
    ],
)
def test_identifier(name: str, expected: str) -> None:
    assert identifier(name) == expected


@given(st.lists(st.text(max_size=60), unique=True, max_size=12))
def test_unique_and_safe_whatever_comes(names: list[str]) -> None:
    given_names = unique_identifiers(names)
    assert list(given_names) == names
    assert len({value.lower() for value in given_names.values()}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", value) for value in given_names.values())
