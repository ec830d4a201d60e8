"""Types that a user states: what becomes of integers, tables and everything behind them, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import codesign
from benchmarks.classifiers import mlp
from codesign.errors import GraphError, PrecisionError
from codesign.graph import (
    FLOAT,
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    GateFunction,
    Graph,
    Input,
    Lstm,
    Overflow,
    Product,
    Reshape,
    Rounding,
    Softmax,
    SoftmaxImplementation,
    TableActivation,
    frozen,
)
from codesign.graph.activation_tables import TableFunction, table
from codesign.graph.convert import to_floats
from codesign.graph.softmax_tables import SoftmaxTypes, tables
from codesign.precision import retyped, slots, types_of
from codesign.simulate import execute, predict
from tests.graph.strategies import fixed_points, graphs

T = FixedPoint.parse


def samples(graph, rng, count=5):
    return {
        node.name: rng.integers(node.result.min_int, node.result.max_int, (count, *node.shape), endpoint=True)
        for node in graph.input_nodes
    }


@given(graphs(), st.booleans())
def test_stating_the_types_that_are_there_changes_nothing(graph, rederive):
    stated = {node.name: types_of(node) for node in graph if types_of(node)}
    assert retyped(graph, stated, rederive=rederive) is graph
    assert retyped(graph, {}, rederive=rederive) is graph


@given(graphs(), st.integers(0, 3), st.integers(0, 3))
def test_wider_types_of_given_numbers_change_no_result(graph, left, right):
    """Weights, biases and parameters are the same numbers in a wider type, and so are all results."""
    stated = {}
    for node in graph:
        exponents = Product.WEIGHT_EXPONENTIAL in (getattr(node, "product", 0), getattr(node, "recurrent_product", 0))
        counts = getattr(node, "counts_agreement", 0) or getattr(node, "agreement", 0)
        exact_sums = getattr(node, "strategy", "") == "distributed_arithmetic"  # here, random sums may be too narrow
        if exponents or counts or exact_sums or getattr(node, "product", 0) is Product.BOTH_BINARY:
            continue
        for slot in slots(node):
            if slot.array is not None:
                type_ = getattr(node, slot.field)
                # Of a symmetric type, the lowest number would become the next one.
                plain = type_.with_modes(Rounding.TRN, Overflow.WRAP)
                wider = replace(plain, width=type_.width + left + right, integer=type_.integer + left)
                stated.setdefault(node.name, {})[slot.key] = wider
    wide = retyped(graph, stated, rederive=False)
    for node in graph:
        for slot in slots(node):
            if slot.array is not None:
                before, after = (
                    to_floats(getattr(item, slot.array), getattr(item, slot.field)) for item in (node, wide[node.name])
                )
                assert np.array_equal(before, after)
    inputs = samples(graph, np.random.default_rng(0))
    try:
        before = execute(graph, inputs)
    except codesign.errors.CodesignError:  # a row that an embedding's table lacks, a count of no vertices
        return
    after = execute(wide, inputs)
    # A bias of its accumulator's very type escapes a symmetric saturation, which a wider one does not.
    if not any(escapes(node) for node in graph):
        assert all(np.array_equal(before[node.name], after[node.name]) for node in graph)


def escapes(node):
    types = [getattr(node, name, None) for name in ("accumulator", "bias_type", "recurrent_bias_type", "result")]
    types += [getattr(node, slot.field) for slot in slots(node)]
    return any(type_ is not None and type_.overflow is Overflow.SAT_SYM for type_ in types)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 20))
def test_wider_weights_widen_what_follows_and_give_the_same_numbers(left, right, seed):
    graph = mlp(seed=seed)
    weight = FixedPoint(True, 6 + left + right, 1 + left)
    wide = retyped(graph, {name: {"weight": weight, "bias": weight} for name in ("fc1", "fc2")})
    inputs = samples(graph, np.random.default_rng(seed), 20)
    before, after = predict(graph, inputs)["fc2"], predict(wide, inputs)["fc2"]
    assert np.array_equal(to_floats(before, graph["fc2"].result), to_floats(after, wide["fc2"].result))
    for name in ("fc1", "fc2"):
        assert wide[name].accumulator.fraction == graph[name].accumulator.fraction + right
        assert wide[name].accumulator.integer == graph[name].accumulator.integer
        assert wide[name].result == wide[name].accumulator


def test_what_is_not_stated_stays_where_nothing_shall_follow():
    graph = mlp()
    narrow = retyped(graph, {"fc1": {"weight": T("fixed<4,1>")}}, rederive=False)
    assert narrow["fc1"].weight_type == T("fixed<4,1>")
    assert narrow["fc1"].accumulator == graph["fc1"].accumulator
    assert narrow["fc2"] is graph["fc2"]
    assert retyped(graph, {"fc1": {"weight": T("fixed<4,1>")}})["fc1"].accumulator.fraction == 7


def test_a_stated_accumulator_decides_on_the_result_behind_it():
    made = retyped(mlp(), {"fc1": {"accum": T("fixed<8,4>")}})
    assert made["fc1"].accumulator == made["fc1"].result == T("fixed<8,4>")


@pytest.mark.parametrize("rounding", list(Rounding))
def test_weights_are_rounded_as_hls4ml_prints_them(rounding):
    """0.4375 in one fraction bit is printed as 0.4, and 0.46875 as 0.5: only then `ap_fixed` takes it."""
    weight = frozen(np.array([[14], [15], [-15]]))
    source = Input(name="x", inputs=(), shape=(3,), result=T("fixed<4,2>"))
    dense = Dense(
        name="fc", inputs=("x",), shape=(1,), result=T("fixed<16,6>"), weight=weight, weight_type=T("fixed<6,1>"),
        bias=frozen([0]), bias_type=T("fixed<6,1>"), accumulator=T("fixed<16,6>"),
    )  # fmt: skip
    graph = Graph("g", (source, dense), ("fc",))
    made = retyped(graph, {"fc": {"weight": FixedPoint(True, 2, 1, rounding, Overflow.SAT)}})
    down = rounding in (Rounding.TRN, Rounding.TRN_ZERO)
    assert made["fc"].weight.ravel().tolist() == [0 if down else 1, 1, -1]


def test_the_class_of_the_graph_is_kept_and_the_graph_is_not_changed():
    graph = codesign.Graph("g", mlp().nodes, ("fc2",), {"keras": "3"})
    before = graph["fc1"].weight.copy()
    made = retyped(graph, {"fc1": {"weight": T("fixed<3,1>")}})
    assert type(made) is codesign.Graph
    assert dict(made.origin) == {"keras": "3"}
    assert np.array_equal(graph["fc1"].weight, before)
    assert not made["fc1"].weight.flags.writeable


def chain(node, source_type="fixed<10,3>", size=4):
    return Graph("g", (Input(name="x", inputs=(), shape=(size,), result=T(source_type)), node), (node.name,))


def sigmoid(type_="fixed<12,2>", values=None):
    made = table(TableFunction.SIGMOID, 64, T(type_)) if values is None else frozen(values)
    return TableActivation(
        name="s", inputs=("x",), shape=(4,), result=T("fixed<12,2>"), table=made, table_type=T(type_), span=16
    )


def test_a_table_is_made_again():
    made = retyped(chain(sigmoid()), {"s": {"table": T("ufixed<16,0>")}})
    assert np.array_equal(made["s"].table, table(TableFunction.SIGMOID, 64, T("ufixed<16,0>")))


def test_a_table_of_no_known_function_is_refused():
    with pytest.raises(PrecisionError, match=r"layer 's': its table is none that hls4ml's C.. makes of its types"):
        retyped(chain(sigmoid(values=np.arange(64))), {"s": {"table": T("ufixed<16,0>")}})


def test_a_table_too_coarse_to_tell_its_function_is_refused():
    """In whole numbers, the one entry for -8 is 0 of a sigmoid and of a softsign, and of others."""
    node = sigmoid("fixed<2,2>", np.zeros(1, dtype=np.int64))
    with pytest.raises(PrecisionError, match="its table is none"):
        retyped(chain(node), {"s": {"table": T("fixed<12,2>")}})


def softmax(implementation=SoftmaxImplementation.STABLE, **changed):
    types = SoftmaxTypes(*map(T, ("ufixed<18,1>", "ufixed<18,1>", "ufixed<10,4>", "ufixed<20,3>", "ufixed<20,3>")))
    exp, inv = tables(implementation, T("fixed<10,3>"), types, 1024, 1024)
    fields = {
        "exp_table": exp, "exp_type": types.exp, "inv_table": inv, "inv_type": types.inv, "norm": types.norm,
        "accumulator": types.accumulator, "inv_input": types.inv_input,
    } | changed  # fmt: skip
    return Softmax(
        name="s", inputs=("x",), shape=(4,), result=T("ufixed<18,1>"), implementation=implementation, **fields
    )


@pytest.mark.parametrize("key", ["exp_table", "inv_table", "inp_norm", "inv_inp", "accum"])
def test_softmax_tables_follow_their_types(key):
    stated = T("ufixed<12,2>")
    made = retyped(chain(softmax()), {"s": {key: stated}})["s"]
    types = SoftmaxTypes(made.exp_type, made.inv_type, made.norm, made.accumulator, made.inv_input)
    exp, inv = tables(SoftmaxImplementation.STABLE, T("fixed<10,3>"), types, 1024, 1024)
    assert types_of(made)[key] == stated
    assert np.array_equal(made.exp_table, exp)
    assert np.array_equal(made.inv_table, inv)


def test_the_exponentials_of_a_latency_softmax_follow_what_it_reads():
    graph = chain(softmax(SoftmaxImplementation.LATENCY, norm=T("fixed<10,3>")))
    made = retyped(graph, {"x": {"result": T("fixed<12,5>")}})["s"]
    types = SoftmaxTypes(made.exp_type, made.inv_type, made.norm, made.accumulator, made.inv_input)
    expected = tables(SoftmaxImplementation.LATENCY, T("fixed<12,5>"), types, 1024, 1024)[0]
    assert made.norm == T("fixed<12,5>")
    assert np.array_equal(made.exp_table, expected)
    assert not np.array_equal(made.exp_table, graph["s"].exp_table)


def test_an_index_with_fewer_bits_than_its_table_has_is_refused():
    with pytest.raises(PrecisionError, match=r"'s': exp_table has 1024 entries, but ufixed<8,4>, .* at least 10"):
        retyped(chain(softmax()), {"s": {"inp_norm": T("ufixed<8,4>")}})


def test_an_exponential_with_a_scale_of_its_own_is_refused():
    scaled = tables(
        SoftmaxImplementation.STABLE, T("fixed<10,3>"),
        SoftmaxTypes(*map(T, ("ufixed<18,1>", "ufixed<18,1>", "ufixed<10,4>", "ufixed<20,3>", "ufixed<20,3>"))),
        1024, 1024, scale=0.5,
    )[0]  # fmt: skip
    graph = chain(softmax(exp_table=scaled))
    with pytest.raises(PrecisionError, match=r"layer 's': its exp_table is none .* convert the model again"):
        retyped(graph, {"s": {"exp_table": T("ufixed<12,1>")}})
    assert retyped(graph, {"s": {"result": T("ufixed<12,1>")}})["s"].exp_table is graph["s"].exp_table


def test_layers_that_move_numbers_follow():
    dense = mlp()["fc1"]
    graph = Graph(
        "g",
        (mlp()["x"], dense, Reshape(name="r", inputs=("fc1",), shape=(4, 4), result=dense.result, source="flat")),
        ("r",),
    )
    made = retyped(graph, {"fc1": {"result": T("fixed<9,5>")}})
    assert made["r"].result == T("fixed<9,5>")
    message = "layer 'flat' a type 'result', but it has none of its own: it keeps that of 'fc1'"
    with pytest.raises(PrecisionError, match=message):
        retyped(graph, {"flat": {"result": T("fixed<9,5>")}})


def with_source(graph, **sources):
    nodes = [replace(node, source=sources.get(node.name, "")) for node in graph]
    return Graph(graph.name, tuple(nodes), graph.outputs)


def test_layers_go_by_their_own_names_and_by_those_of_the_model():
    graph = with_source(mlp(), fc1="hidden", relu1="hidden")
    made = retyped(graph, {"hidden": {"weight": T("fixed<4,1>"), "result": T("fixed<12,6>")}})
    assert made["fc1"].weight_type == T("fixed<4,1>")
    assert made["fc1"].result == T("fixed<12,6>")
    assert made["relu1"].result == graph["relu1"].result
    with pytest.raises(
        PrecisionError, match=r"states weight of layer 'fc1' twice, as .*6.* and .under 'hidden'. as .*4"
    ):
        retyped(graph, {"fc1": {"weight": T("fixed<6,1>")}, "hidden": {"weight": T("fixed<4,1>")}})


def test_unknown_layers_and_keys_are_refused_by_name():
    with pytest.raises(PrecisionError, match="layer 'fc9', which design 'digits' lacks; it has x, fc1, relu1, fc2"):
        retyped(mlp(), {"fc9": {"weight": T("fixed<4,1>")}})
    with pytest.raises(PrecisionError, match="layer 'fc1' a type 'scale'; it has weight, bias, accum, result"):
        retyped(mlp(), {"fc1": {"scale": T("fixed<4,1>")}})


def test_floating_point_weights_are_refused():
    with pytest.raises(PrecisionError, match="layer 'fc1': weight would go from fixed<6,1> to float"):
        retyped(mlp(), {"fc1": {"weight": FLOAT}})


def test_weights_that_are_compared_with_bits_are_refused():
    two = T("fixed<2,2>")
    dense = Dense(
        name="fc", inputs=("x",), shape=(1,), result=T("fixed<8,8>"), weight=frozen([[1], [-1], [1], [1]]),
        weight_type=two, bias=frozen([0]), bias_type=two, accumulator=T("fixed<8,8>"), product=Product.BOTH_BINARY,
    )  # fmt: skip
    with pytest.raises(PrecisionError, match=r"'fc' counts how many of its bits .* weight cannot be fixed<4,4>; keep"):
        retyped(chain(dense, "ufixed<1,1>"), {"fc": {"weight": T("fixed<4,4>")}})
    assert retyped(chain(dense, "ufixed<1,1>"), {"fc": {"bias": T("fixed<4,4>")}})["fc"].bias_type.width == 4
    with pytest.raises(GraphError, match="'fc' has product 'both_binary' but reads fixed<3,3>"):
        retyped(chain(dense, "ufixed<1,1>"), {"x": {"result": T("fixed<3,3>")}})


def test_powers_of_two_become_plain_numbers_in_a_stated_type():
    dense = Dense(
        name="fc", inputs=("x",), shape=(1,), result=T("fixed<16,8>"), weight=frozen([[1], [-4], [2], [8]]),
        weight_type=T("fixed<5,3>"), bias=frozen([0]), bias_type=T("fixed<2,2>"), accumulator=T("fixed<20,9>"),
        product=Product.WEIGHT_EXPONENTIAL, exponent_width=3,
    )  # fmt: skip
    made = retyped(chain(dense), {"fc": {"weight": T("fixed<6,3>")}})["fc"]
    assert (made.product, made.exponent_width) == (Product.MULT, 0)
    assert made.weight.ravel().tolist() == [2, -8, 4, 16]


def test_an_lstm_has_one_type():
    type_ = T("fixed<12,4>")
    table_ = {"table": table(TableFunction.TANH, 64, type_), "recurrent_table": table(TableFunction.SIGMOID, 64, type_)}
    lstm = Lstm(
        name="l", inputs=("x",), shape=(2,), result=type_, weight=frozen(np.ones((3, 8), int)), weight_type=type_,
        bias=frozen(np.ones(8, int)), bias_type=type_, recurrent_weight=frozen(np.ones((2, 8), int)),
        recurrent_weight_type=type_, recurrent_bias=frozen(np.ones(8, int)), recurrent_bias_type=type_,
        accumulator=type_, activation=GateFunction.TANH, recurrent_activation=GateFunction.SIGMOID, table_type=type_,
        **table_,
    )  # fmt: skip
    graph = Graph("g", (Input(name="x", inputs=(), shape=(5, 3), result=type_), lstm), ("l",))
    made = retyped(graph, {"l": {"table": T("fixed<18,2>"), "weight": T("fixed<4,1>")}})["l"]
    assert np.array_equal(made.recurrent_table, table(TableFunction.SIGMOID, 64, T("fixed<18,2>")))
    with pytest.raises(PrecisionError, match=r"layer 'l': .* very same type; here they are .* accum fixed<14,5>"):
        retyped(graph, {"l": {"accum": T("fixed<14,5>")}})
    one = T("fixed<14,5>")
    assert retyped(graph, {"x": {"result": one}, "l": {"accum": one, "result": one}})["l"].result == one


@given(fixed_points(), fixed_points())
def test_a_relu_in_a_stated_type_is_cast_into_it(source, result):
    relu = Activation(name="r", inputs=("x",), shape=(4,), result=T("fixed<9,5>"), function=ActivationFunction.RELU)
    graph = Graph("g", (Input(name="x", inputs=(), shape=(4,), result=T("fixed<3,1>")), relu), ("r",))
    made = retyped(graph, {"x": {"result": source}, "r": {"result": result}})
    assert (made["x"].result, made["r"].result) == (source, result)
