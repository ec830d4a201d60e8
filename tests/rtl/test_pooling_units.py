"""Pooling as units: values and cycles against the Graph and the behaviour that they claim."""

import pytest

from codesign.errors import UnsupportedLayerError
from codesign.rtl.stream import by_place
from codesign.rtl.units import Place, Source, plan
from tests.rtl.image_nodes import OPTIONS, P, pooling, port, shared, trial
from tests.rtl.unit_bench import Bench, check


def _nodes():
    image, plain, line, first = port((5, 4, 2)), port((4, 6, 2), "ufixed<4,2>"), port((9, 2)), port((2, 4, 6))
    saturating, integer = P("fixed<8,4,RND,SAT>"), {"accumulator": P("fixed<12,12>"), "integer_accumulator": True}
    return [
        (plain, pooling(plain, "max", "parallel", (2, 2))),
        (image, pooling(image, "max", "parallel", (3, 2), (2, 1), (1, 0), (1, 1))),
        (plain, pooling(plain, "max", "parallel", (3, 3), (1, 2), (1, 1), (1, 1))),
        (plain, pooling(plain, "max", "stream", (2, 3), accumulator=P("fixed<4,2>"))),
        (line, pooling(line, "max", "stream", (3,), (2,))),
        (image, pooling(image, "average", "parallel", (2, 2))),
        (image, pooling(image, "average", "parallel", (3, 3), (1, 1), (1, 1), (1, 1), count_padding=False)),
        (line, pooling(line, "average", "parallel", (4,), (2,), (1,), (2,), count_padding=False)),
        (image, pooling(image, "average", "parallel", (3, 2), (2, 2), (1, 0), (1, 0), accumulator=saturating)),
        (image, pooling(image, "average", "parallel", (2, 3), (1, 1), **integer)),
        (plain, pooling(plain, "average", "stream", (2, 3), accumulator=saturating)),
        (first, pooling(first, "max", "channels_first", (2, 3))),
        (first, pooling(first, "average", "channels_first", (3, 2), (2, 3), (1, 0), (0, 1), count_padding=False)),
        (image, pooling(image, "average", "running", shape=(2,))),
        (image, pooling(image, "max", "running", shape=(2,), accumulator=P("fixed<4,2>"))),
        (image, pooling(image, "average", "parallel", accumulator=saturating)),
        (image, pooling(image, "average", "running", shape=(2,), **integer)),
        (image, pooling(image, "max", "parallel", result=P("fixed<5,2>"), accumulator=P("fixed<5,2>"))),
        (line, pooling(line, "average", "stream", shape=(2,))),
        (first, pooling(first, "max", "channels_first", shape=(2,))),
    ]


@pytest.mark.tools
def test_pooling_answers_as_the_graph_whatever_the_traffic(tmp_path):
    trials = [trial(f"u{index}", (source,), node, seed=index) for index, (source, node) in enumerate(_nodes())]
    check(Bench(trials, tmp_path / "bench", shared(trials)))


def test_a_window_that_would_fill_the_device_with_registers_is_refused_by_name():
    source = port((80, 80, 8))
    node = pooling(source, "average", "parallel", (60, 60), (1, 1))
    with pytest.raises(UnsupportedLayerError, match=r"layer 'pool'.*\(60, 60\).*Pool in two steps"):
        plan(node, Place("u", (Source(source, by_place(source.shape)),), OPTIONS))
