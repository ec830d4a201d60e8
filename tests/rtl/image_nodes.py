"""Units over images and sequences, each on its own, with what it is given and what it shall answer."""

from __future__ import annotations

import numpy as np

from codesign.graph import (
    Convolution,
    DepthwiseConvolution,
    FixedPoint,
    Graph,
    Input,
    Node,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    frozen,
)
from codesign.rtl.family import Family, cut_for
from codesign.rtl.primitives import primitives, tables
from codesign.rtl.stream import Layout, by_place
from codesign.rtl.units import Options, Place, Source, build, plan
from codesign.simulate import execute
from codesign.verify.stimulus import random_inputs
from tests.rtl.unit_bench import Trial, beats

P = FixedPoint.parse
OPTIONS = Options(Family.XILINX_7SERIES, 10.0, cut_for(Family.XILINX_7SERIES, 10.0))
FRAMES = 3


def words(rng, type_, shape):
    return frozen(rng.integers(type_.min_int, type_.max_int, size=shape, endpoint=True))


def port(shape, type_="fixed<5,2>", name="x"):
    return Input(name=name, inputs=(), shape=shape, result=P(type_))


def _pads(given, axes):
    return (0,) * axes if given is None else given


def convolution(
    source, kernel, filters, *, strides=None, before=None, after=None, depthwise=False, seed=0, name="conv", **more
):
    """A convolution of random weights; `filters` is ignored by depthwise ones."""
    rng = np.random.default_rng(seed)
    axes, channels = len(kernel), source.shape[-1]
    strides, before, after = strides or (1,) * axes, _pads(before, axes), _pads(after, axes)
    filters = channels if depthwise else filters
    lengths = zip(source.shape[:-1], kernel, strides, before, after, strict=True)
    shape = (*((n + b + a - k) // s + 1 for n, k, s, b, a in lengths), filters)
    weight, bias = P("fixed<4,1>"), P("fixed<5,2>")
    given = {
        "result": P("fixed<8,4,RND,SAT>"),
        "weight_type": weight,
        "bias_type": bias,
        "accumulator": P("fixed<16,8>"),
        "weight": words(rng, weight, (*kernel, channels) if depthwise else (*kernel, channels, filters)),
        "bias": words(rng, bias, filters),
    }
    kind = DepthwiseConvolution if depthwise else Convolution
    return kind(
        name=name,
        inputs=(source.name,),
        shape=shape,
        strides=strides,
        padding_before=before,
        padding_after=after,
        **{**given, **more},
    )


def pooling(source, kind, arithmetic, window=None, stride=None, before=None, after=None, count_padding=True, **more):
    """A pooling node; over the whole image where no window is given."""
    arithmetic = PoolingArithmetic(arithmetic)
    first = arithmetic is PoolingArithmetic.CHANNELS_FIRST
    lengths, channels = (source.shape[1:], source.shape[0]) if first else (source.shape[:-1], source.shape[-1])
    window = window or lengths
    stride = stride or window
    before, after = _pads(before, len(lengths)), _pads(after, len(lengths))
    covered = stride if first else window
    counts = [(n + b + a - k) // s + 1 for n, k, s, b, a in zip(lengths, covered, stride, before, after, strict=True)]
    return Pooling(
        **{
            "name": "pool",
            "inputs": (source.name,),
            "shape": (channels, *counts) if first else (*counts, channels),
            "result": P("fixed<8,4,RND,SAT>"),
            "kind": PoolingKind(kind),
            "arithmetic": arithmetic,
            "window": window,
            "stride": stride,
            "before": before,
            "after": after,
            "count_padding": count_padding,
            "accumulator": P("fixed<12,7>"),
            **more,
        }
    )


def trial(module: str, sources: tuple[Node, ...], node: Node, *, options=OPTIONS, layouts=None, seed=0) -> Trial:
    """The unit of a node, with random samples of its sources and what the Graph answers."""
    graph = Graph("alone", (*sources, node), (node.name,))
    layouts = layouts or [by_place(source.shape) for source in sources]
    place = Place(module, tuple(Source(s, layout) for s, layout in zip(sources, layouts, strict=True)), options)
    planned, unit = plan(node, place), build(node, place)
    assert planned.inputs == unit.inputs
    assert planned.output == unit.output
    samples = random_inputs(graph, FRAMES, seed)
    expected = execute(graph, samples)[node.name]
    inputs = tuple(
        (beats(samples[source.name], layout), source.result.width)
        for source, layout in zip(sources, unit.inputs, strict=True)
    )
    return Trial(unit, inputs, (beats(expected, unit.output), node.result.width))


def shared(trials) -> list[str]:
    """Verilog that the units' logic shares: alkaid's tables and primitives."""
    found = tables([stage for trial in trials for stage in trial.unit.stages])
    texts = [text for trial in trials for text in trial.unit.files.values()]
    found.update(primitives("\n".join([*texts, *found.values()])))
    return list(found.values())


__all__ = ["FRAMES", "OPTIONS", "Layout", "P", "convolution", "pooling", "port", "shared", "trial", "words"]
