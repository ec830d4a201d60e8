"""Every family of operations, with any types, modes and parameters: its logic gives what the simulator gives."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.graph.strategies import CHAINED, JOINED, MOVING
from tests.rtl.logic.sweep import WITHOUT_LOGIC, check, draw_sources

FAMILIES = [family for family in (*CHAINED, *MOVING, *JOINED) if family.__name__ not in WITHOUT_LOGIC]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__.strip("_"))
def test_any_node_of_a_family(family):
    @settings(max_examples=8, phases=[Phase.generate], report_multiple_bugs=False)
    @given(st.data())
    def any_node(data):
        sources = draw_sources(data.draw)
        common = {"name": "n", "inputs": ("x1",)}
        node = family(data.draw, common, sources if family in JOINED else sources[1])
        check(node, [sources[int(name[1:])] for name in node.inputs], ternary_adders=data.draw(st.booleans()))

    any_node()
