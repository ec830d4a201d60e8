"""As many bits everywhere: which types become what, and what that does to the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import codesign
from benchmarks.classifiers import mlp
from codesign.errors import CodesignError, PrecisionError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    GateFunction,
    Graph,
    Input,
    Lstm,
    Overflow,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    Product,
    Quantizer,
    Rounding,
    Softmax,
    SoftmaxImplementation,
    frozen,
)
from codesign.graph.convert import to_floats
from codesign.precision import Bits, Requantizer, retyped, types_of, uniform, weight_slots
from codesign.precision.bits import fitted
from codesign.simulate import steps
from tests.graph.strategies import fixed_points, graphs

T = FixedPoint.parse


def texts(node):
    return {key: str(type_) for key, type_ in types_of(node).items()}


def test_the_types_of_a_classifier():
    made = uniform(mlp(), weights=4, activations=3)
    assert texts(made["x"]) == {"result": "ufixed<5,1>"}
    assert texts(made["fc1"]) == {
        "weight": "fixed<4,1,RND_CONV,SAT>",
        "bias": "fixed<4,-1,RND_CONV,SAT>",
        "accum": "fixed<13,6>",
        "result": "fixed<13,6>",
    }
    assert texts(made["relu1"]) == {"result": "ufixed<3,0,RND_CONV,SAT>"}
    assert made["fc2"].accumulator == made["fc2"].result
    assert made["fc2"].result.fraction == 3 + 3


@given(st.integers(2, 12), st.integers(1, 12), st.integers(0, 30))
def test_no_sum_overflows_and_none_is_rounded(weights, activations, seed):
    """Held against the simulator on samples at the ends of their range."""
    made = uniform(mlp((6, 4, 3), seed=seed), weights, activations)
    rng = np.random.default_rng(seed)
    port = made["x"].result
    x = rng.choice([port.min_int, port.max_int], (64, 6))
    for step in steps(made, {"x": x}):
        if isinstance(step.node, Dense):
            assert (step.counts.rounded, step.counts.overflowed) == (0, 0)
            assert step.node.accumulator == step.node.result


def test_as_many_bits_as_there_are_lose_nothing():
    graph = mlp()
    made = uniform(graph, 6, 6)
    for name in ("fc1", "fc2"):
        for array, type_ in (("weight", "weight_type"), ("bias", "bias_type")):
            before, after = (to_floats(getattr(g[name], array), getattr(g[name], type_)) for g in (graph, made))
            assert np.array_equal(before, after)
        assert made[name].weight_type is graph[name].weight_type
    assert made["relu1"] is graph["relu1"]


@given(fixed_points(16), st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_weights_keep_their_sign_and_are_nearest_but_at_the_end(type_, bits, seed):
    rng = np.random.default_rng(seed)
    values = frozen(rng.integers(type_.min_int, type_.max_int, 40, endpoint=True))
    found = fitted(values, type_, bits, what="weight")
    assert (found.signed, found.width) == (type_.signed, bits)
    for value in values.tolist():
        number = value * type_.step
        assert found.low - found.step < number < found.high + found.step
    extreme = max(abs(int(values.min()) * type_.step), abs(int(values.max()) * type_.step))
    if extreme:
        assert extreme * 2 > found.high or extreme * 2 > -found.low > 0  # one bit less would not do


def test_zeros_alone_have_no_fraction_that_sums_would_have_to_carry():
    assert fitted(frozen([0, 0]), T("fixed<8,1>"), 5, what="bias") == T("fixed<5,5,RND_CONV,SAT>")


def test_one_bit_is_none_for_signed_numbers():
    with pytest.raises(PrecisionError, match=r"layer 'fc1': weight has a sign and 1 bit in all, .* give at least 2"):
        uniform(mlp(), weights=1)
    assert uniform(mlp(), activations=1)["relu1"].result == T("ufixed<1,0,RND_CONV,SAT>")


@pytest.mark.parametrize("bits", [0, 65, -3])
def test_bits_out_of_reach_are_refused(bits):
    with pytest.raises(PrecisionError, match=f"weights of {bits} bits are not possible; give 1 to 64"):
        uniform(mlp(), weights=bits)


def test_single_layers_have_bits_of_their_own():
    made = uniform(mlp(), 4, 4, {"fc2": Bits(weights=3), "relu1": Bits(activations=7)})
    assert [made[name].weight_type.width for name in ("fc1", "fc2")] == [4, 3]
    assert made["relu1"].result.width == 7
    assert uniform(mlp(), layers={"fc2": Bits(weights=3)})["fc1"].weight_type.width == 6


def test_layers_that_have_nothing_to_choose_are_refused_by_name():
    with pytest.raises(
        PrecisionError, match="weights: layer 'relu1' has no weights; layers with weights are: fc1, fc2"
    ):
        uniform(mlp(), layers={"relu1": Bits(weights=4)})
    with pytest.raises(PrecisionError, match=r"activations: layer 'nope' is not in design 'digits'; .* are: relu1"):
        uniform(mlp(), layers={"nope": Bits(activations=4)})


def test_the_class_is_kept_and_nothing_is_made_twice():
    graph = codesign.Graph("g", mlp().nodes, ("fc2",))
    made = Requantizer(graph)
    first, second = made.uniform(Bits(4, 4)), made.uniform(Bits(4, 4), {"fc2": Bits(weights=5)})
    assert type(first) is codesign.Graph
    assert first["fc1"] is second["fc1"]
    assert first["fc2"] is not second["fc2"]
    assert Requantizer(graph).uniform(Bits()) is graph


def wrapping(accumulator, result):
    graph = mlp((4, 3, 2))
    dense = replace(graph["fc1"], accumulator=T(accumulator), result=T(result))
    return Graph("g", (graph["x"], dense, *graph.nodes[2:]), ("fc2",))


def test_sums_that_were_cut_stay_cut_and_shed_what_is_not_needed():
    exact = uniform(mlp((4, 3, 2)), weights=4)["fc1"].accumulator
    assert exact == T("fixed<9,1>")
    made = uniform(wrapping("fixed<6,0>", "fixed<9,3>"), weights=4)["fc1"]
    assert made.accumulator == T("fixed<6,0>")
    assert made.result == T("fixed<6,0>")
    wide = uniform(wrapping("fixed<30,10>", "fixed<30,10>"), weights=4)["fc1"]
    assert wide.accumulator == wide.result == exact


def test_layers_for_which_nothing_was_chosen_stay_as_they_are():
    graph = wrapping("fixed<30,10>", "fixed<30,10>")
    assert uniform(graph) is graph
    made = uniform(graph, layers={"fc2": Bits(weights=3)})
    assert made["fc1"] is graph["fc1"]
    assert made["fc2"].weight_type.width == 3


def test_results_that_saturate_are_left_as_they_are():
    made = uniform(wrapping("fixed<12,3>", "fixed<6,2,RND,SAT>"), weights=3, activations=3)
    assert made["fc1"].result == T("fixed<6,2,RND,SAT>")


def rectified(*results):
    """A chain of element-wise functions of these result types behind a dense layer."""
    graph = mlp((4, 3))
    nodes = list(graph.nodes)
    for index, (function, result) in enumerate(results):
        nodes.append(
            Activation(name=f"a{index}", inputs=(nodes[-1].name,), shape=(3,), result=result, function=function)
        )
    return Graph("g", tuple(nodes), (nodes[-1].name,))


RELU, LINEAR = ActivationFunction.RELU, ActivationFunction.LINEAR


def exact_relu():
    type_ = mlp((4, 3))["fc1"].result
    return replace(type_, signed=False, width=type_.width - 1, integer=type_.integer - 1)


def test_a_plain_relu_gets_bits_with_the_integer_bits_that_it_needs():
    graph = rectified((RELU, exact_relu()))
    made = uniform(graph, activations=4)
    assert made["a0"].result == FixedPoint(False, 4, exact_relu().integer)


def test_a_plain_relu_before_a_quantizer_stays_exact():
    graph = rectified((RELU, exact_relu()), (LINEAR, T("ufixed<6,0,RND,SAT>")))
    assert Requantizer(graph).quantizers == {"a1"}
    made = uniform(graph, activations=4)
    assert made["a0"] is graph["a0"]
    assert made["a1"].result == T("ufixed<4,0,RND,SAT>")


def test_a_cast_to_the_type_that_it_reads_follows():
    graph = rectified((RELU, T("ufixed<6,0,RND,SAT>")), (LINEAR, T("ufixed<6,0,RND,SAT>")))
    made = uniform(graph, activations=4)
    assert [made[name].result for name in ("a0", "a1")] == [T("ufixed<4,0,RND,SAT>")] * 2


def test_a_cast_for_a_layer_of_one_type_only_stays():
    """hls4ml's LSTM compiles with nothing else; the conversion puts a cast before it."""
    type_ = T("fixed<12,4>")
    cast = Activation(name="cast", inputs=("x",), shape=(5, 3), result=type_, function=LINEAR)
    square = {name: frozen(np.ones(shape, int)) for name, shape in (("weight", (3, 8)), ("recurrent_weight", (2, 8)))}
    flat = {name: frozen(np.ones(8, int)) for name in ("bias", "recurrent_bias")}
    gates = {"activation": GateFunction.RELU, "recurrent_activation": GateFunction.RELU}
    types = dict.fromkeys(("weight_type", "bias_type", "recurrent_weight_type", "recurrent_bias_type"), type_)
    lstm = Lstm(
        name="l", inputs=("cast",), shape=(2,), result=type_, accumulator=type_, **square, **flat, **types, **gates
    )
    port = Input(name="x", inputs=(), shape=(5, 3), result=T("fixed<9,3>"))
    made = uniform(Graph("g", (port, cast, lstm), ("l",)), weights=5, activations=4)
    assert made["cast"].result == made["l"].result == made["l"].accumulator == type_
    assert [made["l"].weight_type.width, made["l"].recurrent_bias_type.width] == [5, 5]


def test_a_softmax_gives_what_it_gave():
    """Probabilities are no sums, whose bits at either end could be spared."""
    graph = mlp((4, 3))
    dense = graph["fc1"]
    own = T("fixed<16,6>")
    softmax = Softmax(name="s", inputs=("fc1",), shape=(3,), result=own, implementation=SoftmaxImplementation.ARGMAX)
    made = uniform(Graph("g", (graph["x"], dense, softmax), ("s",)), weights=3, activations=3)
    assert made["s"].result == own


def test_numbers_above_zero_keep_the_bit_of_their_sign():
    assert fitted(frozen([8, 12]), T("fixed<8,4>"), 4, what="weight") == T("fixed<4,1,RND_CONV,SAT>")
    assert fitted(frozen([8, 12]), T("ufixed<8,4>"), 4, what="weight") == T("ufixed<4,0,RND_CONV,SAT>")


def test_signed_sums_of_numbers_above_zero_keep_the_bit_of_their_sign():
    port = Input(name="x", inputs=(), shape=(2,), result=T("ufixed<3,3>"))
    dense = Dense(
        name="fc", inputs=("x",), shape=(1,), result=T("fixed<20,10>"), weight=frozen([[7], [7]]),
        weight_type=T("ufixed<3,3>"), bias=frozen([0]), bias_type=T("ufixed<3,3>"), accumulator=T("fixed<20,10>"),
    )  # fmt: skip
    made = uniform(Graph("g", (port, dense), ("fc",)), weights=2)["fc"]
    assert made.weight.ravel().tolist() == [3, 3]  # 6 in steps of 2: 7 is within a step of it
    assert made.accumulator == T("fixed<8,8>")  # -128 .. 127 holds 2 * 7 * 6 = 84 and a sign


@pytest.mark.parametrize("integer", [False, True])
def test_an_integer_accumulator_in_another_type_is_none_any_more(integer):
    port = Input(name="x", inputs=(), shape=(4, 2), result=T("fixed<6,6>"))
    pool = Pooling(
        name="p", inputs=("x",), shape=(2, 2), result=T("fixed<9,8>"), kind=PoolingKind.AVERAGE,
        arithmetic=PoolingArithmetic.PARALLEL, window=(2,), stride=(2,), before=(0,), after=(0,), count_padding=True,
        accumulator=T("fixed<9,9>"), integer_accumulator=integer,
    )  # fmt: skip
    graph = Graph("g", (port, pool), ("p",))
    assert retyped(graph, {"p": {"result": T("fixed<9,7>")}})["p"].integer_accumulator is integer
    assert retyped(graph, {"p": {"accum": T("fixed<10,9>")}})["p"].integer_accumulator is False


def test_quantizers_with_a_type_for_every_number():
    node = Quantizer(
        name="q", inputs=("x",), shape=(3,), result=T("fixed<9,3>"), signed=frozen([1, 0, 0]), width=frozen([6, 5, 0]),
        integer=frozen([2, 1, 0]), rounding=Rounding.RND, overflow=Overflow.SAT,
    )  # fmt: skip
    graph = Graph("g", (Input(name="x", inputs=(), shape=(3,), result=T("fixed<9,3>")), node), ("q",))
    made = uniform(graph, activations=4)["q"]
    assert made.width.tolist() == [4, 4, 0]
    assert made.result == T("fixed<5,2>")
    assert (made.rounding, made.overflow) == (Rounding.RND, Overflow.SAT)


def test_bits_that_are_counted_have_no_other_number_of_bits():
    two = T("fixed<2,2>")
    dense = Dense(
        name="fc", inputs=("x",), shape=(1,), result=T("fixed<8,8>"), weight=frozen([[1], [-1]]), weight_type=two,
        bias=frozen([0]), bias_type=two, accumulator=T("fixed<8,8>"), product=Product.BOTH_BINARY,
    )  # fmt: skip
    graph = Graph("g", (Input(name="x", inputs=(), shape=(2,), result=T("ufixed<1,1>")), dense), ("fc",))
    assert weight_slots(dense) == ()
    assert uniform(graph, weights=4)["fc"].weight_type == two


@settings(max_examples=100)
@given(graphs(), st.integers(1, 10), st.integers(1, 10))
def test_any_graph_gets_its_bits_or_a_reason(graph, weights, activations):
    try:
        made = uniform(graph, weights, activations)
    except CodesignError:
        return
    for node in made:
        for slot in weight_slots(node):
            assert getattr(node, slot.field).width == weights
    kept = Requantizer(graph).quantizers
    for name in kept:
        if not isinstance(made[name], Quantizer):
            assert made[name].result.width == activations
            assert made[name].result.signed == graph[name].result.signed
