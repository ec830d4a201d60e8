"""Every operation of a Graph has a model in the vitis flow or is refused by name, and more bits are never cheaper."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import CodesignError, UnsupportedLayerError
from codesign.estimate import Conditions, Flow, IoType, part_target
from codesign.estimate.vitis import estimate as _dense_layers  # noqa: F401  (they register)
from codesign.estimate.vitis import layers as _layers  # noqa: F401
from codesign.estimate.vitis.dataflow import feeding
from codesign.estimate.vitis.families import FAMILY_OF
from codesign.estimate.vitis.module import Module, module
from codesign.graph import (
    ClippedRelu,
    Concatenate,
    Convolution,
    DepthwiseConvolution,
    Dot,
    Einsum,
    EinsumDense,
    Elu,
    FixedPoint,
    GarNet,
    GarNetReference,
    Graph,
    Input,
    LayerNormalization,
    Merge,
    MergeOperation,
    Node,
    Overflow,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    PRelu,
    Rounding,
    TableActivation,
    Transpose,
    ZeroPadding,
    frozen,
)
from codesign.graph.activation_tables import TableFunction, table
from codesign.graph.nodes import OPERATIONS
from tests.graph.strategies import graphs

PART = part_target("xcvu13p-flga2577-2-e")
PARALLEL = Conditions(Flow.VITIS, PART, 5.0)
STREAM = replace(PARALLEL, io_type=IoType.STREAM)
ELSEWHERE = {"dense", "activation", "normalize", "softmax", "input"}
"""Operations that other modules of the package model; an input has none."""


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_modelled_or_refused(name: str) -> None:
    kind = OPERATIONS[name]
    registered = module.dispatch(kind) is not module.dispatch(object)
    assert registered or kind is Input, f"nothing is registered for {kind.__name__}"
    assert kind in FAMILY_OF or name in ELSEWHERE or kind in (GarNet, GarNetReference)


def answer(graph: Graph, node: Node, conditions: Conditions) -> tuple[Module | None, str]:
    """A node's module, or why there is none."""
    try:
        return module(node, feeding(graph, node, conditions), conditions), ""
    except CodesignError as error:
        return None, str(error)


@given(graphs(), st.sampled_from([PARALLEL, STREAM]), st.sampled_from([3.0, 10.0]))
@settings(max_examples=40, deadline=None)
def test_of_any_graph_an_answer_that_makes_sense(graph: Graph, conditions: Conditions, clock_ns: float) -> None:
    conditions = replace(conditions, clock_ns=clock_ns)
    for node in graph:
        if isinstance(node, Input) or any(s.result.significant for s in (node, *graph.sources(node))):
            continue
        row, refusal = answer(graph, node, conditions)
        assert not refusal or (repr(node.name) in refusal and "--flow rtl" in refusal)
        if row is not None:
            assert all(math.isfinite(value) and value >= 0 for value in (row.lut, row.ff))
            assert all(isinstance(value, int) for value in (row.dsp, row.bram18, row.latency, row.interval))
            assert min(row.dsp, row.bram18, row.latency) >= 0
            assert row.interval >= 1


def test_a_garnet_is_refused_with_what_to_do() -> None:
    node = object.__new__(GarNet)
    object.__setattr__(node, "name", "my_garnet")
    with pytest.raises(
        UnsupportedLayerError, match=r"layer 'my_garnet': the vitis flow has no cost model of GarNet.*--flow rtl"
    ):
        module(node, (), PARALLEL)


def fixed(width: int) -> FixedPoint:
    return FixedPoint(True, width, width // 2)


def read(shape: tuple[int, ...], width: int, name: str = "x") -> Input:
    return Input(name=name, inputs=(), shape=shape, result=fixed(width))


def pooling(width: int, stream: bool) -> tuple[Node, tuple[Node, ...]]:
    arithmetic = PoolingArithmetic.STREAM if stream else PoolingArithmetic.PARALLEL
    return Pooling(
        name="n",
        inputs=("x",),
        shape=(4, 4, 3),
        result=fixed(width),
        kind=PoolingKind.MAX,
        arithmetic=arithmetic,
        window=(2, 2),
        stride=(2, 2),
        before=(0, 0),
        after=(0, 0),
        count_padding=False,
        accumulator=fixed(width),
    ), (read((8, 8, 3), width),)


def convolution(width: int, kind: type[Convolution] | type[DepthwiseConvolution]) -> tuple[Node, tuple[Node, ...]]:
    shape = (3, 3, 2, 4) if kind is Convolution else (3, 3, 2)
    weight = np.random.default_rng(3).integers(-128, 128, shape)
    filters = shape[-1]
    return kind(
        name="n",
        inputs=("x",),
        shape=(6, 6, filters),
        result=fixed(20),
        weight=frozen(weight),
        weight_type=FixedPoint(True, 8, 1),
        bias=frozen(np.zeros(filters, dtype=np.int64)),
        bias_type=FixedPoint(True, 8, 1),
        accumulator=fixed(20),
        strides=(1, 1),
        padding_before=(0, 0),
        padding_after=(0, 0),
    ), (read((8, 8, 2), width),)


def case(name: str, width: int, stream: bool) -> tuple[Node, tuple[Node, ...]]:
    """A layer that reads numbers of so many bits."""
    shape = (5, 4)
    common: dict[str, Any] = {"name": "n", "inputs": ("x",), "shape": shape, "result": fixed(width)}
    entries = FixedPoint(True, 18, 8, Rounding.RND, Overflow.SAT)
    x = (read(shape, width),)
    one = frozen([1 << 8])
    made: dict[str, Any] = {
        "clipped": lambda: (ClippedRelu(**common, maximum=6), x),
        "prelu": lambda: (PRelu(**common, alpha=frozen([77, 3, 0, 64]), alpha_type=fixed(16)), x),
        "sigmoid": lambda: (
            TableActivation(**common, table=table(TableFunction.SIGMOID, 1024, entries), table_type=entries, span=16),
            x,
        ),
        "elu": lambda: (
            Elu(
                **common,
                table=table(TableFunction.ELU, 1024, entries),
                table_type=entries,
                alpha=one,
                alpha_type=fixed(16),
            ),
            x,
        ),
        "add": lambda: (
            Merge(**{**common, "inputs": ("x", "y")}, operation=MergeOperation.ADD),
            (*x, read(shape, width, "y")),
        ),
        "multiply": lambda: (
            Merge(**{**common, "inputs": ("x", "y")}, operation=MergeOperation.MULTIPLY),
            (*x, read(shape, width, "y")),
        ),
        "pooling": lambda: pooling(width, stream),
        "convolution": lambda: convolution(width, Convolution),
        "depthwise": lambda: convolution(width, DepthwiseConvolution),
    }
    node, sources = made[name]()
    return node, sources


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "name", ["clipped", "prelu", "sigmoid", "elu", "add", "multiply", "pooling", "convolution", "depthwise"]
)
@given(width=st.integers(4, 24), more=st.integers(1, 6))
@settings(max_examples=10, deadline=None)
def test_more_bits_are_never_cheaper(name: str, stream: bool, width: int, more: int) -> None:
    conditions = STREAM if stream else PARALLEL
    few, many = (module(*case(name, bits, stream), conditions) for bits in (width, width + more))
    assert few is not None
    assert many is not None
    # A product may leave the LUTs for a DSP block, which stands for at least a hundred of them.
    assert many.lut + 100 * many.dsp >= few.lut + 100 * few.dsp
    assert many.bram18 >= few.bram18
    if not few.dsp:
        assert many.ff >= few.ff


def rows(node: Node, sources: tuple[Node, ...]) -> tuple[Module | None, Module | None]:
    return module(node, sources, PARALLEL), module(node, sources, STREAM)


def test_what_only_moves_numbers_is_wires_or_a_process() -> None:
    x = read((4, 3), 8)
    moved = Transpose(name="t", inputs=("x",), shape=(3, 4), result=x.result, axes=(1, 0))
    padded = ZeroPadding(name="p", inputs=("x",), shape=(6, 3), result=x.result, before=(1, 0), after=(1, 0))
    both = Concatenate(name="c", inputs=("x", "x"), shape=(4, 6), result=x.result, axis=1)
    for node, sources in ((moved, (x,)), (padded, (x,)), (both, (x, x))):
        parallel, stream = rows(node, sources)
        assert parallel is None
        assert stream is not None
        assert stream.latency >= max(4, math.prod(node.shape[:-1]))


@pytest.mark.parametrize("kind", [Convolution, DepthwiseConvolution])
def test_windows_take_turns_in_io_parallel(kind: Any) -> None:
    node, sources = convolution(8, kind)
    row = module(node, sources, PARALLEL)
    assert row is not None
    assert row.latency >= 36, "a clock for each of 36 windows at least"
    assert row.interval == row.latency + 1


def test_reuse_of_a_window_makes_a_stream_slower() -> None:
    node, sources = convolution(8, Convolution)
    once, often = (module(node, sources, replace(STREAM, reuse={"n": reuse})) for reuse in (1, 6))
    assert once is not None
    assert often is not None
    assert often.latency >= 63 * 6 > once.latency
    assert often.dsp <= once.dsp


def test_a_pointwise_convolution_streams_a_pixel_a_clock() -> None:
    x = read((8, 8, 3), 8)
    base, _ = convolution(8, Convolution)
    assert isinstance(base, Convolution)
    node = replace(base, shape=(8, 8, 4), weight=frozen(np.arange(12).reshape(1, 1, 3, 4)))
    row = module(node, (x,), STREAM)
    assert row is not None
    assert 64 <= row.latency <= 64 + 10


@pytest.mark.parametrize("kind", [Dot, Einsum, EinsumDense, LayerNormalization])
def test_what_hls4ml_has_in_io_parallel_only_is_refused_in_a_stream(kind: type[Node]) -> None:
    node = object.__new__(kind)
    object.__setattr__(node, "name", "mine")
    with pytest.raises(
        UnsupportedLayerError, match=rf"layer 'mine': hls4ml has no C\+\+ of {kind.__name__} for io_stream"
    ):
        module(node, (), STREAM)
