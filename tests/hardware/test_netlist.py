"""The netlist after synthesis answers as the Graph does, bit for bit; a bit of a LUT changed is seen."""

from __future__ import annotations

import re

import numpy as np
import pytest

from codesign import rtl
from codesign.errors import UnsupportedLayerError
from codesign.graph import Graph
from codesign.simulate import execute
from codesign.verify.netlist import make_netlist
from codesign.verify.rtl import simulate_netlist
from codesign.verify.stimulus import random_inputs
from tests.rtl.designs import activation, dense, port

pytestmark = pytest.mark.tools


def small():
    nodes = (
        port("x", (3,), "fixed<4,2>"),
        dense("fc", "x", 3, 2, weight="fixed<4,1>", bias="fixed<4,1>", accumulator="fixed<12,6>", result="fixed<9,5>"),
        activation("relu", "fc", (2,), "ufixed<5,2,RND,SAT>"),
    )
    return Graph("small", nodes, ("relu",))


def write(folder, family):
    return rtl.write_project(small(), folder, clock_ns=20, family=family, part="")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.mark.parametrize(
    "family",
    [
        rtl.Family.ICE40,
        pytest.param(rtl.Family.ECP5, marks=pytest.mark.slow),
        pytest.param(rtl.Family.XILINX_7SERIES, marks=pytest.mark.slow),
    ],
)
def test_a_netlist_answers_as_the_graph(family, tmp_path, work):
    manifest = write(tmp_path / "rtl", family)
    inputs = random_inputs(small(), 200, 0)
    expected = execute(small(), inputs)["relu"]
    run = simulate_netlist(tmp_path / "rtl", inputs, work)
    np.testing.assert_array_equal(run.outputs["relu"], expected)
    assert (run.latency_cycles, run.interval) == (manifest.latency_cycles, manifest.interval)
    assert not run.faults
    assert not run.layers
    netlist = make_netlist(tmp_path / "rtl", manifest, work).sources[0]
    text = netlist.read_text()
    inits = re.findall(r"\.(?:LUT_INIT|INIT)\(\d+'h[0-9a-f]+\)", text)
    changed = re.sub(r"[0-9a-f]\)$", lambda m: f"{int(m[0][0], 16) ^ 15:x})", inits[len(inits) // 2])
    netlist.write_text(text.replace(inits[len(inits) // 2], changed))
    run = simulate_netlist(tmp_path / "rtl", inputs, work)
    assert (run.outputs["relu"] != expected).any()


def test_a_family_without_models_is_refused_by_name(tmp_path):
    write(tmp_path / "rtl", rtl.Family.GOWIN)
    with pytest.raises(UnsupportedLayerError, match=r"for gowin; convert for one of xilinx_7series, ecp5, ice40"):
        simulate_netlist(tmp_path / "rtl", random_inputs(small(), 5, 0), tmp_path / "work")


@pytest.mark.slow
def test_cells_without_a_model_are_synthesised_around_and_named(tmp_path, work):
    manifest = write(tmp_path / "rtl", rtl.Family.ECP5)
    top = tmp_path / "rtl" / "src" / f"{manifest.top}.v"
    memory = "reg [15:0] m [0:1023]; reg [15:0] q; reg [9:0] a; always @(posedge clk) begin a <= a + 1; m[a] <= "
    memory += "{a, x0_x_data[5:0]}; q <= m[x0_x_data[9:0]]; end\n(* keep *) wire kept = ^q;\nendmodule\n"
    top.write_text(top.read_text().replace("endmodule\n", memory))
    inputs = random_inputs(small(), 50, 0)
    run = simulate_netlist(tmp_path / "rtl", inputs, work)
    np.testing.assert_array_equal(run.outputs["relu"], execute(small(), inputs)["relu"])
    assert run.notes["note"] == "Yosys ships no model of 1 DP16KD: simulated as synthesised with -nobram -nodsp"
