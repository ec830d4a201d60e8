"""A beat's node on every beat gives what the whole node gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.graph import Concatenate, EinsumDense, Embedding, Input, Merge, MergeOperation, Transpose
from codesign.rtl.logic.beatwise import beat_node, of_beat
from codesign.rtl.stream import Layout, by_place, whole
from codesign.simulate import Operand, run_node
from tests.graph.strategies import graphs
from tests.rtl.designs import P, activation, every_class, normalize, port, words


def beats(values, lanes):
    return values.reshape(-1, lanes)


def check(node, sources, lanes, samples=4):
    beat = of_beat(node, sources, lanes)
    if beat is None:
        return None
    beat.node.check(beat.sources)
    assert beat.node.size == lanes
    rng = np.random.default_rng(0)
    given_ = [words(rng, source.result, (samples, *source.shape)) for source in sources]
    if isinstance(node, Embedding):
        given_ = [np.abs(x) % node.table.shape[0] for x in given_]
    expected = run_node(node, [Operand(x, s.result) for x, s in zip(given_, sources, strict=True)])
    parts = [
        Operand(beats(x, s.size).reshape(-1, *s.shape), s.result) for x, s in zip(given_, beat.sources, strict=True)
    ]
    np.testing.assert_array_equal(beats(expected, lanes), beats(run_node(beat.node, parts), lanes))
    return beat


@given(graphs(), st.data())
def test_every_beat_is_the_beat_of_the_whole(graph, data):
    for node in graph:
        lanes = data.draw(st.sampled_from([n for n in range(1, node.size + 1) if node.size % n == 0]))
        if isinstance(node, Input) or graph.runs(node) > 1 or "loop" in " ".join((node.name, *node.inputs)):
            continue
        check(node, graph.sources(node), lanes)


@pytest.mark.parametrize("node", every_class().nodes[2:], ids=lambda node: node.name)
def test_every_class_by_number_and_by_row(node):
    sources = every_class().sources(node)
    for lanes in {1, node.shape[-1], node.size}:
        check(node, sources, lanes)


def test_channels_repeat_from_pixel_to_pixel():
    source = port("x", (2, 3), "fixed<8,4>")
    node = normalize("n", "x", (2, 3), result="fixed<8,4>")
    assert check(node, [source], 3).node.scale.tolist() == node.scale.tolist()
    assert check(node, [source], 6) is not None
    assert check(node, [source], 2) is None
    assert check(node, [source], 1) is None
    assert check(normalize("n", "x", (2, 3), result="fixed<8,4>", n=1), [source], 1) is not None


def test_a_concatenation_takes_a_place_of_each():
    sources = [port("x", (4, 2), "fixed<8,4>"), port("y", (4, 3), "fixed<6,1>")]
    last = Concatenate(name="c", inputs=("x", "y"), shape=(4, 5), result=P("fixed<9,4>"), axis=1)
    assert [source.size for source in check(last, sources, 5).sources] == [2, 3]
    assert check(last, sources, 10) is None
    first = Concatenate(name="c", inputs=("x", "x"), shape=(8, 2), result=P("fixed<9,4>"), axis=0)
    assert check(first, [sources[0]] * 2, 2) is None


def test_a_dense_layer_over_the_last_axis_is_dense_at_every_place():
    rng = np.random.default_rng(0)
    type_ = P("fixed<6,2>")
    node = EinsumDense(
        name="e",
        inputs=("x",),
        shape=(4, 3),
        result=P("fixed<12,6>"),
        source_axes=(0, 1),
        weight=words(rng, type_, (1, 2, 3)),
        weight_type=type_,
        bias=np.broadcast_to(words(rng, type_, 3), (1, 4, 3)),
        bias_type=type_,
        interim_shape=(4, 3),
        result_axes=(0, 1),
        accumulator=P("fixed<16,8>"),
    )
    assert check(node, [port("x", (4, 2), "fixed<8,4>")], 3).sources[0].size == 2


def test_rows_of_a_table_are_looked_up_one_by_one():
    type_ = P("fixed<6,2>")
    table = words(np.random.default_rng(0), type_, (5, 3))
    node = Embedding(name="e", inputs=("x",), shape=(4, 3), result=type_, table=table, table_type=type_)
    source = port("x", (4,), "ufixed<4,4>")
    assert check(node, [source], 3).sources[0].size == 1
    assert check(node, [source], 6).sources[0].size == 2


def test_what_moves_numbers_has_no_beat():
    node = Transpose(name="t", inputs=("x",), shape=(2, 4), result=P("fixed<8,4>"), axes=(1, 0))
    source = port("x", (4, 2), "fixed<8,4>")
    assert beat_node(node, [source], [by_place(source.shape)]) is None


def test_beats_are_taken_as_they_come():
    source = port("x", (4, 6), "fixed<8,4>")
    node = activation("a", "x", (4, 6), "fixed<8,4>")
    for layout in (by_place(source.shape), whole(source.shape), Layout(2, 12)):
        beat = beat_node(node, [source], [layout])
        assert (beat.inputs, beat.output, beat.node.size) == ((layout,), layout, layout.lanes)


def test_beats_that_do_not_serve_give_way_to_places():
    source = port("x", (4, 6), "fixed<8,4>")
    channels = normalize("n", "x", (4, 6), result="fixed<8,4>")
    beat = beat_node(channels, [source], [Layout(2, 12)])
    assert (beat.inputs, beat.output) == ((Layout(6, 4),), Layout(6, 4))
    both = [source, port("y", (4, 2), "fixed<6,1>")]
    joined = Concatenate(name="c", inputs=("x", "y"), shape=(4, 8), result=P("fixed<9,4>"), axis=1)
    beat = beat_node(joined, both, [by_place(both[0].shape), whole(both[1].shape)])
    assert (beat.inputs, beat.output) == ((Layout(6, 4), Layout(2, 4)), Layout(8, 4))


def test_a_merge_that_repeats_one_operand_is_not_cut():
    sources = [port("x", (4, 6), "fixed<8,4>"), port("y", (6,), "fixed<6,1>")]
    node = Merge(name="m", inputs=("x", "y"), shape=(4, 6), result=P("fixed<9,4>"), operation=MergeOperation.MULTIPLY)
    assert beat_node(node, sources, [by_place((4, 6)), whole((6,))]) is None
    same = Merge(name="m", inputs=("x", "x"), shape=(4, 6), result=P("fixed<9,4>"), operation=MergeOperation.MULTIPLY)
    assert beat_node(same, [sources[0]] * 2, [by_place((4, 6))] * 2).output == Layout(6, 4)
