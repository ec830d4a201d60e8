"""Convolutions as units: values and cycles against the Graph and the behaviour that they claim."""

import pytest

from tests.rtl.image_nodes import P, convolution, port, shared, trial
from tests.rtl.unit_bench import Bench, check

pytestmark = pytest.mark.tools


def _trials():
    gray, colour = port((5, 6, 1)), port((6, 5, 2), "ufixed<4,2>")
    line = port((9, 2))
    column, dot = port((4, 1, 2)), port((1, 1, 3))
    cases = [
        (gray, convolution(gray, (3, 3), 2, before=(1, 1), after=(1, 1))),
        (colour, convolution(colour, (3, 3), 2)),
        (colour, convolution(colour, (2, 2), 2, strides=(2, 2), after=(0, 1), seed=2)),
        (colour, convolution(colour, (3, 2), 3, strides=(2, 1), before=(1, 0), after=(1, 1), seed=3)),
        (colour, convolution(colour, (1, 1), 3, seed=4)),
        (line, convolution(line, (3,), 2, before=(1,), after=(1,), seed=5)),
        (line, convolution(line, (4,), 2, strides=(3,), before=(3,), seed=6)),
        (column, convolution(column, (3, 1), 2, before=(1, 0), after=(1, 0), seed=7)),
        (dot, convolution(dot, (1, 1), 2, before=(1, 2), after=(2, 1), seed=8)),
        (gray, convolution(gray, (1, 2), 1, strides=(3, 2), before=(2, 3), after=(1, 0), seed=9)),
        (colour, convolution(colour, (3, 3), 0, depthwise=True, before=(1, 1), after=(1, 1), seed=10)),
        (line, convolution(line, (2,), 0, depthwise=True, strides=(2,), seed=11)),
        (colour, convolution(colour, (2, 2), 2, accumulator=P("fixed<7,3,RND,SAT>"), seed=12)),
        (
            colour,
            convolution(
                colour,
                (2, 2),
                2,
                accumulator=P("fixed<7,3,TRN,SAT>"),
                strategy="resource",
                reuse_factor=4,
                seed=13,
            ),
        ),
        (
            colour,
            convolution(
                colour,
                (2, 2),
                0,
                depthwise=True,
                accumulator=P("fixed<7,2,TRN,SAT>"),
                strategy="resource",
                reuse_factor=4,
                seed=14,
            ),
        ),
    ]
    return [trial(f"u{index}", (source,), node) for index, (source, node) in enumerate(cases)]


def test_unrolled_convolutions_answer_as_the_graph_whatever_the_traffic(tmp_path):
    trials = _trials()
    check(Bench(trials, tmp_path / "bench", shared(trials)))
