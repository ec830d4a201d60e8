"""RTL that codesign wrote, checked as if a stranger had: ports told by their names, cycles as claimed."""

from __future__ import annotations

import pytest

from codesign import rtl
from codesign.road.foreign_rtl import Check, check_design
from codesign.rtl.facing import Facing
from codesign.rtl.manifest import Interface
from codesign.verify.rung import Status
from codesign.verify.stimulus import random_inputs
from codesign.verify.vendor.design import Where
from tests.verify.vendor.designs import relu_graph


@pytest.mark.tools
@pytest.mark.slow
@pytest.mark.parametrize("interface", list(Interface))
def test_every_interface(tmp_path, workshop, interface):
    graph = relu_graph((4, 3))
    made = rtl.write_project(
        graph, tmp_path / "rtl", clock_ns=10, family=rtl.Family.ECP5, part="", facing=Facing(interface)
    )
    where = Where(rtl=tmp_path / "rtl" / "src", top=made.top)
    claims = Check(latency=made.latency_cycles, interval=made.interval)
    checked = check_design(graph, where, random_inputs(graph, 60, 1), workshop, claims)
    assert checked.design.wrapped.protocol.value == interface.value
    assert [(result.rung, result.status) for result in checked.results] == [
        ("rtl", Status.EQUAL),
        ("cycles", Status.EQUAL),
        ("paused", Status.EQUAL),
    ]
