"""Where a ready signal would pass more units than a clock has time for, a FIFO ends its way; nothing else changes."""

from __future__ import annotations

import pytest

from codesign import rtl
from codesign.graph import Graph
from codesign.rtl.fabric import ECP5, Cut
from codesign.rtl.network import build_units, connect, plan_units
from codesign.rtl.parts import Fifo
from codesign.rtl.units import Options
from tests.rtl.designs import activation, port


def chain(length):
    nodes = [port("x", (3,), "fixed<8,4>")]
    for index in range(length):
        nodes.append(
            activation(f"a{index}", nodes[-1].name, (3,), "fixed<8,4,RND,SAT>" if index % 2 else "fixed<6,3,RND,SAT>")
        )
    return Graph("chain", tuple(nodes), (nodes[-1].name,))


def fifos_of(graph, in_a_row):
    units = build_units(plan_units(graph, Options(rtl.Family.ECP5, 20.0, Cut(ECP5, 20.0))))
    return [part for part in connect(graph, units, {}, in_a_row=in_a_row).parts if isinstance(part, Fifo)]


@pytest.mark.parametrize(("in_a_row", "expected"), [(None, 0), (1, 4), (2, 2), (3, 2), (9, 0)])
def test_no_way_is_longer_than_allowed(in_a_row, expected):
    assert len(fifos_of(chain(7), in_a_row)) == expected


def test_faster_clocks_end_it_sooner():
    rows = [Cut(ECP5, period).units_in_a_row for period in (3.0, 6.0, 10.0, 40.0)]
    assert rows == sorted(rows)
    assert rows[0] == 1
    assert rows[-1] > 20


def test_it_costs_cycles_but_no_interval(tmp_path):
    graph = chain(7)
    fast, slow = (
        rtl.write_project(graph, tmp_path / str(clock), clock_ns=clock, family=rtl.Family.ECP5, part="")
        for clock in (7.0, 40.0)
    )
    assert fast.interval == slow.interval == 1
    assert fast.latency_cycles > slow.latency_cycles
    assert any(path.endswith("cs_fifo.sv") for path in fast.sources)
    assert not any(path.endswith("cs_fifo.sv") for path in slow.sources)
