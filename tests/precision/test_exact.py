"""What is said of every node's result, and of the types that lose nothing, against the simulator."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.classifiers import mlp
from codesign.errors import CodesignError
from codesign.graph import (
    Convolution,
    Dense,
    DepthwiseConvolution,
    EinsumDense,
    FixedPoint,
    Graph,
    Input,
    Normalize,
    NormalizeKind,
    Overflow,
    Product,
    Rounding,
    Softmax,
    ThresholdedRelu,
    frozen,
)
from codesign.graph.convert import to_floats
from codesign.precision import analysed, retyped, rewrite
from codesign.simulate import execute, steps
from tests.graph.strategies import graphs

T = FixedPoint.parse
SUMS = (Dense, Convolution, DepthwiseConvolution, EinsumDense)


def ends(graph, seed, count=12):
    """Samples of which most numbers are at an end of their type."""
    rng = np.random.default_rng(seed)
    found = {}
    for node in graph.input_nodes:
        low, high = node.result.min_int, node.result.max_int
        inside = rng.integers(low, high, (count, *node.shape), endpoint=True)
        found[node.name] = np.where(rng.random(inside.shape) < 0.7, rng.choice([low, high], inside.shape), inside)
    return found


def run(graph, seed):
    """What every node answers; None where the samples ask for what there is not (a row of a table, no vertices)."""
    try:
        return execute(graph, ends(graph, seed))
    except CodesignError:
        return None


@settings(max_examples=100)
@given(graphs(), st.integers(0, 2**32 - 1))
def test_every_result_lies_in_what_is_said_of_it(graph, seed):
    known, answers = analysed(graph), run(graph, seed)
    for name, values in (answers or {}).items():
        held, step = known[name].held, graph[name].result.step
        numbers = [int(value) * step for value in (values.min(), values.max())]
        assert held.low <= numbers[0], name
        assert numbers[1] <= held.high, name
        scale = Fraction(2) ** held.fraction
        assert all((int(value) * step * scale).denominator == 1 for value in values.ravel()[:50]), name


class Exact:
    """Every type that follows is the one that loses nothing."""

    def stated(self, node):
        return {}

    def opened(self, node, key, wanted):
        return wanted


class Wider(Exact):
    """Sums have more bits at either end than they need."""

    def opened(self, node, key, wanted):
        more = key == "accum" and isinstance(node, SUMS)
        return replace(wanted, width=wanted.width + 9, integer=wanted.integer + 5) if more else wanted


@settings(max_examples=60)
@given(graphs(), st.integers(0, 2**32 - 1))
def test_with_derived_types_nothing_is_lost(graph, seed):
    """No result is rounded or too large, and wider sums give the same numbers."""
    try:
        exact, wider = rewrite(graph, Exact()), rewrite(graph, Wider())
    except CodesignError:  # a table whose function is not known, products of bits that are none any more
        return
    known = analysed(graph)
    answers, more = run(exact, seed), run(wider, seed)
    if answers is None:
        return
    for name, values in answers.items():
        if exact[name].result.significant is None:
            assert np.array_equal(to_floats(values, exact[name].result), to_floats(more[name], wider[name].result)), (
                name
            )
    if any(graph.runs(node) > 1 for node in graph):
        return  # the steps of a loop are not samples
    for step in steps(exact, ends(exact, seed)):
        same = any(source.result == step.node.result for source in exact.sources(step.node))  # that is no cast
        if "result" in known[step.node.name].wanted and not same and not isinstance(step.node, Softmax):
            assert (step.counts.rounded, step.counts.overflowed) == (0, 0), step.node.name


def one(node, source="fixed<6,3>", shape=(4,)):
    return Graph("g", (Input(name="x", inputs=(), shape=shape, result=T(source)), node), (node.name,))


def dense(**changed):
    fields = {
        "name": "fc",
        "inputs": ("x",),
        "shape": (1,),
        "result": T("fixed<20,10>"),
        "weight": frozen([[1], [2], [3], [1]]),
        "weight_type": T("fixed<4,2>"),
        "bias": frozen([1]),
        "bias_type": T("fixed<4,2>"),
        "accumulator": T("fixed<20,10>"),
    }
    return Dense(**{**fields, **changed})


def test_a_threshold_below_zero_lets_numbers_below_zero_through():
    node = ThresholdedRelu(
        name="t", inputs=("x",), shape=(4,), result=T("fixed<9,5>"), theta=frozen([-8]), theta_type=T("fixed<6,3>")
    )
    held = analysed(one(node))["t"].held
    assert (held.low, held.high) == (-1, T("fixed<6,3>").high)


def test_padding_is_among_what_a_convolution_reads():
    """Numbers of 1 to 2 less their neighbours are -1 to 1, but at the edge, where the neighbour is 0."""
    port = Input(name="x", inputs=(), shape=(3, 1), result=T("ufixed<1,1>"))
    one_more = Normalize(
        name="n", inputs=("x",), shape=(3, 1), result=T("ufixed<2,2>"), kind=NormalizeKind.BATCH_NORMALIZATION,
        scale=frozen([1]), scale_type=T("fixed<2,2>"), bias=frozen([1]), bias_type=T("fixed<2,2>"),
    )  # fmt: skip
    less = Convolution(
        name="c", inputs=("n",), shape=(3, 1), result=T("fixed<6,6>"), weight=frozen([[[-1]], [[1]]]),
        weight_type=T("fixed<2,2>"), bias=frozen([0]), bias_type=T("fixed<2,2>"), accumulator=T("fixed<6,6>"),
        strides=(1,), padding_before=(1,), padding_after=(0,),
    )  # fmt: skip
    known = analysed(Graph("g", (port, one_more, less), ("c",)))
    assert (known["n"].held.low, known["n"].held.high) == (1, 2)
    assert (known["c"].held.low, known["c"].held.high) == (-2, 2)


def test_counted_bits_become_twice_as_many_less_all():
    node = dense(
        weight=frozen([[1], [-1], [1], [1]]), weight_type=T("fixed<2,2>"), bias=frozen([0]), counts_agreement=True,
        product=Product.BOTH_BINARY,
    )  # fmt: skip
    held = analysed(one(node, "ufixed<1,1>"))["fc"].held
    assert (held.low, held.high) == (-4, 4)


def test_powers_of_two_that_are_shifted_have_no_exact_types():
    """A shift takes place in a type of its own, which may lose bits at both ends."""
    node = dense(weight=frozen([[1], [2], [4], [1]]), product=Product.WEIGHT_EXPONENTIAL, exponent_width=3)
    assert analysed(one(node))["fc"].wanted == {}


def test_sums_of_distributed_arithmetic_are_never_cut():
    node = dense(strategy="distributed_arithmetic", accumulator=T("fixed<13,6>"))
    made = retyped(one(node), {"x": {"result": T("fixed<12,6>")}})["fc"]
    assert made.accumulator.contains(analysed(one(made, "fixed<12,6>"))["fc"].wanted["accum"])
    assert made.accumulator != node.accumulator
    assert retyped(one(node), {"x": {"result": T("fixed<5,3>")}})["fc"].accumulator == node.accumulator


@pytest.mark.parametrize("bias", ["fixed<8,4,TRN,SAT_SYM>", "fixed<9,4,TRN,SAT_SYM>"])
def test_weights_that_round_to_zero_are_not_left_out_where_that_tells(bias):
    """As the conversion refuses it: a sum that begins with the lowest number keeps it only while nothing is added."""
    symmetric = T("fixed<8,4,TRN,SAT_SYM>")
    node = dense(strategy="resource_unrolled", reuse_factor=2, accumulator=symmetric, bias_type=T(bias))
    stated = {"fc": {"weight": T("fixed<2,2>")}}
    if T(bias) == symmetric:
        with pytest.raises(
            CodesignError, match=r"'fc' has strategy resource_unrolled, weights that round to 0 in fixed"
        ):
            retyped(one(node), stated)
    else:
        assert (retyped(one(node), stated)["fc"].weight == 0).any()


def test_the_modes_of_a_derived_type_are_not_looked_at_where_it_is_stated():
    graph = mlp()
    result = graph["fc1"].result.with_modes(Rounding.RND, Overflow.SAT)
    assert "result" not in analysed(retyped(graph, {"fc1": {"result": result}}))["fc1"].derived
