"""Convolutions of every geometry, unrolled and folded, for `test_image_units.py`."""

from dataclasses import replace

from tests.rtl.image_nodes import OPTIONS, P, convolution, port, trial


def unrolled_convolutions():
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
    return [trial(f"conv{index}", (source,), node) for index, (source, node) in enumerate(cases)]


def folded_convolutions():
    gray, colour = port((5, 6, 1)), port((6, 5, 4), "ufixed<4,2>")
    line, narrow = port((9, 2)), port((6, 5, 2))
    saturating = P("fixed<9,4,RND,SAT>")
    cases = [
        (gray, convolution(gray, (3, 3), 4, before=(1, 1), after=(1, 1)), 9),
        (gray, convolution(gray, (3, 3), 4, before=(1, 1), after=(1, 1)), 40),
        (gray, convolution(gray, (3, 3), 4, strides=(2, 2), after=(0, 1)), 6),
        (colour, convolution(colour, (3, 3), 6, before=(1, 1), after=(1, 1), seed=1), 36),
        (colour, convolution(colour, (2, 2), 6, strides=(2, 3), seed=2), 100),
        (colour, convolution(colour, (3, 2), 6, before=(2, 2), after=(2, 2), seed=3), 7),
        (colour, convolution(colour, (1, 1), 6, seed=4), 12),
        (colour, convolution(colour, (3, 3), 6, seed=5), 3),
        (line, convolution(line, (3,), 4, before=(2,), seed=6), 6),
        (line, convolution(line, (4,), 4, strides=(3,), after=(2,), seed=7), 3),
        (narrow, convolution(narrow, (2, 2), 3, accumulator=saturating, before=(1, 0), seed=8), 24),
        (
            narrow,
            convolution(narrow, (2, 2), 3, accumulator=saturating, strategy="resource", reuse_factor=4, seed=9),
            12,
        ),
        (narrow, convolution(narrow, (3, 3), 0, depthwise=True, before=(1, 1), after=(1, 1), seed=10), 9),
        (line, convolution(line, (2,), 0, depthwise=True, seed=11), 4),
    ]
    return [
        trial(f"folded{index}", (source,), node, options=replace(OPTIONS, reuse={"conv": reuse}), seed=index)
        for index, (source, node, reuse) in enumerate(cases)
    ]
