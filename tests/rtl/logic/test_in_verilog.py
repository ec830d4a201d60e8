"""Nodes of every family as Verilog: their units answer as the Graph, whatever the traffic."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from codesign.graph import Embedding
from codesign.rtl.logic import WIDEST, widest_number
from tests.graph.strategies import CHAINED, JOINED, MOVING
from tests.rtl.image_nodes import shared, trial
from tests.rtl.logic.sweep import WITHOUT_LOGIC, draw_sources
from tests.rtl.unit_bench import Bench, check

# Units of their own, tested elsewhere; and GarNet, which does not take any number of vertices.
_OTHERS = {"_convolution", "_pooling", "_reshape", "_garnet"}


def random_nodes(family, count):
    """Some nodes of a family, each with what it reads."""
    found = []

    @settings(max_examples=count + 1, phases=[Phase.generate])
    @given(st.data())
    def collect(data):
        sources = draw_sources(data.draw)
        common = {"name": "n", "inputs": ("x1",)}
        node = family(data.draw, common, sources if family in JOINED else sources[1])
        used = [sources[int(name[1:])] for name in node.inputs]
        if not isinstance(node, Embedding) and widest_number(node, used) <= WIDEST:
            found.append((node, used))

    collect()
    return found[-count:]  # the first examples are the plainest


@pytest.mark.tools
def test_units_of_random_nodes_answer_as_the_graph(tmp_path):
    trials = []
    for family in (*CHAINED, *MOVING, *JOINED):
        if family.__name__ in WITHOUT_LOGIC | _OTHERS:
            continue
        for node, sources in random_nodes(family, 1):
            if len({source.name for source in sources}) == len(sources):
                trials.append(trial(f"u{len(trials)}", tuple(sources), node, seed=len(trials)))
    assert len(trials) > 12
    check(Bench(trials, tmp_path / "bench", shared(trials)), seeds=(1,), resets=(17,))
