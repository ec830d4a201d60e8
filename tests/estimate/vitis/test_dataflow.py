"""Whole designs of the vitis flow with layers of every kind: processes, their channels, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import CodesignError, UnsupportedLayerError
from codesign.estimate import Conditions, Estimate, Flow, IoType, estimate, part_target
from codesign.estimate.vitis.dataflow import is_dataflow
from codesign.graph import (
    FLOAT,
    Activation,
    ActivationFunction,
    ClippedRelu,
    Concatenate,
    Convolution,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    ReadTimeStep,
    Reshape,
    WriteTimeStep,
    frozen,
)
from tests.graph.strategies import graphs

EIGHT, WIDE = FixedPoint(True, 8, 4), FixedPoint(True, 18, 9)
PARALLEL = Conditions(Flow.VITIS, part_target("xcvu13p-flga2577-2-e"), 5.0)
STREAM = replace(PARALLEL, io_type=IoType.STREAM)


@pytest.fixture
def cnn() -> Graph:
    """A convolution, a rectifier, pooling, and a dense layer."""
    random = np.random.default_rng(5)
    x = Input(name="x", inputs=(), shape=(8, 8, 1), result=EIGHT)
    conv = Convolution(
        name="conv",
        inputs=("x",),
        shape=(6, 6, 4),
        result=WIDE,
        weight=frozen(random.integers(-128, 128, (3, 3, 1, 4))),
        weight_type=EIGHT,
        bias=frozen([0, 1, 2, 3]),
        bias_type=EIGHT,
        accumulator=WIDE,
        strides=(1, 1),
        padding_before=(0, 0),
        padding_after=(0, 0),
    )
    relu = Activation(name="relu", inputs=("conv",), shape=(6, 6, 4), result=EIGHT, function=ActivationFunction.RELU)
    pool = Pooling(
        name="pool",
        inputs=("relu",),
        shape=(3, 3, 4),
        result=EIGHT,
        kind=PoolingKind.MAX,
        arithmetic=PoolingArithmetic.STREAM,
        window=(2, 2),
        stride=(2, 2),
        before=(0, 0),
        after=(0, 0),
        count_padding=False,
        accumulator=EIGHT,
    )
    flat = Reshape(name="flat", inputs=("pool",), shape=(36,), result=EIGHT)
    fc = Dense(
        name="fc",
        inputs=("flat",),
        shape=(3,),
        result=WIDE,
        weight=frozen(random.integers(-128, 128, (36, 3))),
        weight_type=EIGHT,
        bias=frozen([0, 0, 0]),
        bias_type=EIGHT,
        accumulator=WIDE,
    )
    return Graph("cnn", (x, conv, relu, pool, flat, fc), ("fc",))


def check(found: Estimate) -> None:
    for name in ("lut", "ff", "dsp", "bram", "latency_cycles", "interval"):
        whole = getattr(found, name)
        assert whole is not None
        assert math.isfinite(whole.high)
        assert whole.low >= 0
    for name in ("lut", "ff", "dsp", "bram"):
        parts = [getattr(part, name).value for part in (*found.layers, found.rest)]
        assert getattr(found, name).value == pytest.approx(sum(parts), abs=len(parts)), name


def test_a_convolutional_design_streams(cnn: Graph) -> None:
    found = estimate(cnn, STREAM)
    check(found)
    rows = {layer.name: layer for layer in found.layers}
    assert list(rows) == ["conv", "relu", "pool", "fc"], "a flattened stream is no process"
    relu = rows["relu"].latency_cycles
    assert relu is not None
    assert relu.value == 36 + 2, "a clock for each of 36 pixels, as a published report has it"
    assert found.latency_cycles is not None
    assert rows["conv"].latency_cycles is not None
    assert rows["fc"].latency_cycles is not None
    assert found.latency_cycles.value == rows["conv"].latency_cycles.value + rows["fc"].latency_cycles.value
    assert any(line.startswith("convolution: fitted to") for line in found.basis)
    assert any(line.startswith("pooling: fitted to") for line in found.basis)


def test_in_io_parallel_its_layers_wait_for_each_other(cnn: Graph) -> None:
    found = estimate(cnn, PARALLEL)
    check(found)
    latencies = [layer.latency_cycles.value for layer in found.layers if layer.latency_cycles is not None]
    assert found.latency_cycles is not None
    assert found.latency_cycles.value == sum(latencies) + 2
    assert is_dataflow(cnn, PARALLEL)


def test_a_stream_works_on_one_piece_at_a_time(cnn: Graph) -> None:
    parallel, stream = ({layer.name: layer for layer in estimate(cnn, c).layers}["relu"] for c in (PARALLEL, STREAM))
    assert parallel.lut is not None
    assert stream.lut is not None
    assert stream.lut.value < parallel.lut.value / 10


def test_what_is_inside_a_loop_over_steps_takes_all_of_them() -> None:
    x = Input(name="x", inputs=(), shape=(5, 4), result=EIGHT)
    read = ReadTimeStep(name="read", inputs=("x",), shape=(4,), result=EIGHT, n_time_steps=5)
    clip = ClippedRelu(name="clip", inputs=("read",), shape=(4,), result=EIGHT, maximum=3)
    write = WriteTimeStep(name="write", inputs=("clip",), shape=(5, 4), result=EIGHT)
    found = estimate(Graph("steps", (x, read, clip, write), ("write",)), PARALLEL)
    rows = {layer.name: layer for layer in found.layers}
    for name in ("read", "clip"):
        interval = rows[name].interval
        assert interval is not None
        assert interval.value == 5


def test_a_pipeline_has_no_processes() -> None:
    x = Input(name="x", inputs=(), shape=(6,), result=EIGHT)
    clip = ClippedRelu(name="clip", inputs=("x",), shape=(6,), result=EIGHT, maximum=3)
    graph = Graph("small", (x, clip), ("clip",))
    assert not is_dataflow(graph, PARALLEL)
    assert is_dataflow(graph, STREAM)
    assert estimate(graph, PARALLEL).interval is not None


def test_the_interval_is_wider_on_parts_that_nothing_was_measured_on(cnn: Graph) -> None:
    here, there = (
        estimate(cnn, replace(STREAM, target=part_target(part)))
        for part in ("xcvu13p-flga2577-2-e", "xc7a100t-csg324-1")
    )
    for found in (here, there):
        check(found)
    conv, other = (next(layer for layer in e.layers if layer.name == "conv").ff for e in (here, there))
    assert conv is not None
    assert other is not None
    assert other.high / other.value - 1 == pytest.approx(2 * (conv.high / conv.value - 1))


def test_floating_point_is_refused_by_name() -> None:
    x = Input(name="x", inputs=(), shape=(3,), result=FLOAT)
    both = Concatenate(name="both", inputs=("x", "x"), shape=(6,), result=EIGHT, axis=0)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'both' reads float.*give it a fixed-point type"):
        estimate(Graph("floats", (x, both), ("both",)), PARALLEL)


@given(graphs(), st.sampled_from([PARALLEL, STREAM]))
@settings(max_examples=40, deadline=None)
def test_of_any_design_an_answer_or_a_sentence(graph: Graph, conditions: Conditions) -> None:
    try:
        found = estimate(graph, conditions)
    except CodesignError as error:
        found, refusal = None, str(error)
    if found is not None:
        check(found)
    else:
        assert any(repr(node.name) in refusal for node in graph)
