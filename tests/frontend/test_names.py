"""Identifiers made of names that come from strangers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

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
        ("perm", "perm_0"),
        ("n", "n_0"),
        ("N", "N"),
        ("while", "while_0"),
        ("input_layer", "input_layer"),
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


def test_no_layer_has_the_name_of_an_attribute_that_hls4ml_gives_it() -> None:
    """A layer's result is kept among its attributes, under its name."""
    layers = pytest.importorskip("hls4ml.model.layers")
    backends = pytest.importorskip("hls4ml.backends")
    classes = {
        get(cls)
        for cls in layers.layer_map.values()
        for get in [backends.get_backend(name).create_layer_class for name in ("Vivado", "Vitis")]
    }
    words = {attribute.name for cls in classes for attribute in cls.expected_attributes}
    words |= {
        word for path in _sources(layers) for word in re.findall(r"[gs]et_attr\(\s*'([a-z]\w*)'", path.read_text())
    }
    assert len(words) > 100
    assert {word for word in words if identifier(word) == word} == set()


def _sources(layers: Any) -> list[Path]:
    root = Path(layers.__file__).parent.parent
    return [path for part in ("model", "backends/fpga", "backends/vitis") for path in (root / part).rglob("*.py")]
