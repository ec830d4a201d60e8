"""Proofs: right layers are proven for every input, a wrong one is shown with an input that tells, the rest is named."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from codesign import rtl
from codesign.graph import FixedPoint, Graph, Overflow, Rounding, ZeroPadding
from codesign.simulate import Operand, run_node
from codesign.verify.formal import proof as proofs
from codesign.verify.formal.definition import NoDefinitionError, definition
from codesign.verify.formal.proof import LayerProof, Outcome, prove_layers
from codesign.verify.formal.result import climb_formal, summarise
from codesign.verify.record import junit, notes, passed
from codesign.verify.rung import Status
from tests.rtl.designs import activation, all_casts, dense, normalize, port

P = FixedPoint.parse


def design():
    nodes = (
        port("x", (3,), "fixed<4,2>"),
        dense("fc", "x", 3, 2, weight="fixed<4,1>", bias="fixed<4,1>", accumulator="fixed<9,5>", result="fixed<7,4>"),
        activation("relu", "fc", (2,), "ufixed<5,2,RND_CONV,SAT>"),
        normalize("norm", "relu", (2,), scale="fixed<4,2>", bias="fixed<5,2>", result="fixed<6,3,RND_INF,SAT_SYM>"),
    )
    return Graph("small", nodes, ("norm",))


def write(graph, folder):
    return rtl.write_project(graph, folder, clock_ns=20, family=rtl.Family.ECP5, part="")


@pytest.mark.tools
def test_right_layers_are_proven_and_a_wrong_one_is_shown(tmp_path):
    graph = design()
    manifest = write(graph, tmp_path / "rtl")
    result = climb_formal(tmp_path / "rtl", graph, tmp_path / "work")
    assert (result.status, result.compared) == (Status.EQUAL, ("fc", "relu", "norm"))
    module = next(bus.module for bus in manifest.layers if bus.node == "relu")
    path = tmp_path / "rtl" / "src" / f"{module}.v"
    changed, count = re.subn(r"assign model_out\[0:0\] = |assign model_out\[4:0\] = ", r"\g<0>1 ^ ", path.read_text())
    assert count == 1
    path.write_text(changed)
    result = climb_formal(tmp_path / "rtl", graph, tmp_path / "work")
    assert (result.status, result.compared) == (Status.DIFFERENT, ("fc", "norm"))
    assert result.first is not None
    assert (result.first.node, result.first.index) == ("relu", (0,))
    assert result.first.found == result.first.expected ^ 1
    assert "for the input word 0x" in result.first.reason
    word = int(re.search(r"input word (0x[0-9a-f]+)", result.first.reason)[1], 16)
    low = word & 127
    values = [[low - 128 if low >= 64 else low, 0]]
    (again,) = run_node(graph["relu"], [Operand(np.array(values), graph["fc"].result)])
    assert int(again[0]) == result.first.expected
    assert not passed([result])


@pytest.mark.tools
def test_what_comes_place_by_place_is_proven_a_beat(tmp_path):
    shape = (4, 3, 2)
    nodes = (
        port("x", shape, "fixed<5,2>"),
        ZeroPadding(
            name="pad", inputs=("x",), shape=(5, 3, 2), result=P("fixed<5,2>"), before=(1, 0, 0), after=(0, 0, 0)
        ),
        activation("relu", "pad", (5, 3, 2), "ufixed<3,2,RND,SAT>"),
        normalize("norm", "relu", (5, 3, 2), scale="fixed<4,2>", bias="fixed<5,2>", result="fixed<6,3,RND,SAT>"),
    )
    graph = Graph("places", nodes, ("norm",))
    manifest = write(graph, tmp_path / "rtl")
    assert {bus.node: bus.beats for bus in manifest.layers} == {"x": 12, "pad": 15, "relu": 15, "norm": 15}
    found = prove_layers(tmp_path / "rtl", graph, tmp_path / "work")
    assert [(item.node, item.outcome, item.numbers) for item in found] == [
        ("pad", Outcome.NOT_TRIED, 30),
        ("relu", Outcome.PROVEN, 2),
        ("norm", Outcome.PROVEN, 2),
    ]


@pytest.mark.tools
def test_what_does_not_end_in_time_is_not_passed(tmp_path, monkeypatch):
    nodes = (
        port("x", (8,), "fixed<6,2>"),
        dense("fc", "x", 8, 1, accumulator="fixed<20,8>", result="fixed<20,8>"),
    )
    graph = Graph("large", nodes, ("fc",))
    write(graph, tmp_path / "rtl")
    monkeypatch.setattr(proofs, "LIMIT_S", 1.0)
    (found,) = prove_layers(tmp_path / "rtl", graph, tmp_path / "work")
    assert (found.outcome, found.proven) == (Outcome.NOT_ENDED, 0)
    assert found.why == "1 of 1 numbers did not end in 1 s for the layer"


def test_how_proofs_make_a_rung():
    graph = design()
    whole = [LayerProof(name, Outcome.PROVEN, 2, 2) for name in ("fc", "relu", "norm")]
    assert summarise(graph, tuple(whole), 1.0).status is Status.EQUAL
    late = replace(whole[1], outcome=Outcome.NOT_ENDED, proven=1, why="1 of 2 numbers did not end")
    result = summarise(graph, (whole[0], late, whole[2]), 1.0)
    assert (result.status, result.compared) == (Status.PARTIAL, ("fc", "norm"))
    assert "relu: not ended, 1 of 2 numbers did not end" in notes(result)
    assert 'skipped="1"' in junit([result], "small")
    untried = tuple(replace(item, outcome=Outcome.NOT_TRIED, proven=0, why="why not") for item in whole)
    assert summarise(graph, untried, 1.0).status is Status.SKIPPED


@pytest.mark.tools
def test_a_unit_with_a_state_is_not_tried(tmp_path):
    graph = design()
    manifest = write(graph, tmp_path / "rtl")
    module = next(bus.module for bus in manifest.layers if bus.node == "relu")
    path = tmp_path / "rtl" / "src" / f"{module}.v"
    state = "reg s; always @(posedge clk) s <= s ^ in0_data[0];\n"
    text = path.read_text()
    head, rest = text.split("assign out_valid", 1)
    rest = rest.replace(".y(out_data)", ".y(made)", 1)
    path.write_text(f"{head}{state}wire [9:0] made; assign out_data = made ^ s;\nassign out_valid{rest}")
    found = {item.node: item for item in prove_layers(tmp_path / "rtl", graph, tmp_path / "work")}
    assert found["relu"].outcome is Outcome.NOT_TRIED
    assert found["relu"].why == "its unit keeps a state from clock to clock"
    assert found["norm"].outcome is Outcome.PROVEN


def test_what_has_no_definition():
    node = activation("a", "x", (1,), "fixed<4,2>")
    wrapped = replace(node, result=FixedPoint(True, 4, 2, Rounding.TRN, Overflow.WRAP_SM))
    with pytest.raises(NoDefinitionError, match="overflow mode WRAP_SM"):
        definition(wrapped, P("fixed<6,3>"), 1, "gold")
    saturating = dense("d", "x", 2, 1, accumulator="fixed<9,5,TRN,SAT>", result="fixed<7,4>")
    with pytest.raises(NoDefinitionError, match="an accumulator that saturates"):
        definition(saturating, P("fixed<6,3>"), 2, "gold")


@pytest.mark.tools
@pytest.mark.slow
def test_casts_in_every_mode_are_proven(tmp_path):
    """The RTL of these equals the Graph for every word in simulation: so does the definition, then."""
    whole = all_casts()
    casts = whole.nodes[1::5]
    graph = Graph("casts", (whole.nodes[0], *casts), tuple(node.name for node in casts))
    assert {node.result.rounding for node in casts} == set(Rounding)
    assert {node.result.overflow for node in casts} == set(Overflow)
    write(graph, tmp_path / "rtl")
    found = prove_layers(tmp_path / "rtl", graph, tmp_path / "work")
    left = [item for item in found if item.outcome is not Outcome.PROVEN]
    assert all("WRAP_SM" in item.why for item in left), left
    assert len(found) - len(left) >= 20
