"""FIFOs, line buffers and loops of io_stream."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.estimate import Conditions, Flow, IoType, part_target
from codesign.estimate.vitis.dataflow import channels, dataflow_latency, feeding
from codesign.estimate.vitis.streams import fifo, line_buffer, loop_cycles, pieces, process
from codesign.graph import ClippedRelu, FixedPoint, Graph, Input, Reshape

EIGHT = FixedPoint(True, 8, 4)
PARALLEL = Conditions(Flow.VITIS, part_target("xcvu13p-flga2577-2-e"), 5.0)
STREAM = replace(PARALLEL, io_type=IoType.STREAM)


@pytest.fixture
def graph() -> Graph:
    """Two rectifiers, a flattening, and a third one."""
    x = Input(name="x", inputs=(), shape=(40, 4), result=EIGHT)
    a = ClippedRelu(name="a", inputs=("x",), shape=(40, 4), result=EIGHT, maximum=6)
    b = ClippedRelu(name="b", inputs=("a",), shape=(40, 4), result=EIGHT, maximum=6)
    flat = Reshape(name="flat", inputs=("b",), shape=(160,), result=EIGHT)
    c = ClippedRelu(name="c", inputs=("flat",), shape=(160,), result=EIGHT, maximum=6)
    return Graph("net", (x, a, b, flat, c), ("c",))


def test_a_fifo_is_shift_registers_or_block_ram_as_the_vendor_decides() -> None:
    assert fifo(148, 36).bram18 == 9, "as a published report has it"
    assert fifo(64, 36).bram18 == 4
    assert fifo(64, 9).bram18 == fifo(312, 1).bram18 == 0
    assert fifo(18, 1025).bram18 == 2


@given(st.integers(1, 300), st.integers(1, 3000), st.integers(0, 50))
def test_wider_fifos_are_never_cheaper(width: int, depth: int, more: int) -> None:
    few, many = fifo(width, depth), fifo(width + more, depth)
    assert (few.bram18 == 0) >= (many.bram18 == 0)
    assert many.ff + 1000 * many.bram18 >= few.ff
    assert many.lut + 1000 * many.bram18 >= few.lut


def test_every_reader_has_one_and_the_ends_have_none(graph: Graph) -> None:
    assert channels(graph, STREAM) == fifo(32, 40) + fifo(32, 40)
    assert channels(graph, PARALLEL).bram18 == 0


def test_a_flattened_stream_keeps_its_pieces(graph: Graph) -> None:
    (source,) = feeding(graph, graph["c"], STREAM)
    assert pieces(source.shape) == 40
    assert feeding(graph, graph["c"], PARALLEL) == (graph["flat"],)


def test_loops_are_counted_as_the_vendor_does() -> None:
    assert loop_cycles(36, 1, 2) == 38
    assert loop_cycles(1024, 1, 4) == 1028
    assert loop_cycles(64, 3, 4) == 194


def test_lines_wait_and_a_copied_window_costs_more() -> None:
    plain, copied = (line_buffer((3, 3), 8, 16, copied=copied) for copied in (False, True))
    assert (plain.lut, plain.ff) == (8 * 56, 8 * 9 * 16)
    assert copied.lut == 8 * 118, "as a published report has it"
    assert line_buffer((3,), 8, 16, copied=False).lut == 0, "one row waits for none"


def test_processes_that_stream_run_side_by_side() -> None:
    assert (
        dataflow_latency([(194, True), (38, True), (75, True), (14, False), (1, False), (3, False), (1053, False)])
        == 1071
    )
    assert dataflow_latency([(300, True), (106, True), (2, False)]) == 302
    assert dataflow_latency([(5, False)]) == 5
    assert dataflow_latency([]) == 0


def test_a_stream_with_two_readers_is_copied(graph: Graph) -> None:
    a = graph["a"]
    other = ClippedRelu(name="other", inputs=("a",), shape=a.shape, result=EIGHT, maximum=2)
    both = Graph("both", (*graph.nodes, other), ("c", "other"))
    more = channels(both, STREAM).lut - channels(graph, STREAM).lut
    assert more == 2 * fifo(32, 40).lut + process(40).lut, "one more reader, and the copies' own source"
