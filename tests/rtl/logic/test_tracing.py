"""Each class of node: alkaid's logic against the simulator, for any types."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import UnsupportedLayerError
from codesign.graph import (
    Dense,
    FixedPoint,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Rounding,
    SoftmaxDifference,
    SoftmaxImplementation,
)
from codesign.graph.softmax_tables import SoftmaxTypes
from codesign.rtl.logic import WIDEST, check_logic, node_logic, widest_number
from codesign.simulate import Operand, run_node
from tests.rtl.designs import P, dense, every_class, port, softmax, words


def check(node, source, *, ternary_adders=False, samples=100):
    logic = node_logic(node, [source], ternary_adders=ternary_adders)
    rng = np.random.default_rng(0)
    type_ = source.result
    x = rng.integers(type_.min_int, type_.max_int, size=(samples, *source.shape), endpoint=True)
    x[0], x[1] = type_.min_int, type_.max_int
    expected = run_node(node, [Operand(x, type_)]).reshape(samples, -1)
    found = logic.predict(x.reshape(samples, -1).astype(np.float64), n_threads=1)
    np.testing.assert_array_equal(found, expected.astype(np.float64))


@st.composite
def types(draw, narrowest=1, widest=12):
    overflow = draw(st.sampled_from(Overflow))
    signed = draw(st.booleans()) or overflow is Overflow.WRAP_SM
    return FixedPoint(
        signed,
        draw(st.integers(narrowest, widest)),
        draw(st.integers(-2, 14)),
        draw(st.sampled_from(Rounding)),
        overflow,
    )


@settings(max_examples=25)
@given(types(), types(), types(), types(2, 20), types(), st.booleans(), st.integers(0, 2**30))
def test_dense_with_any_accumulator(source, weight, bias, accumulator, result, ternary, seed):
    rng = np.random.default_rng(seed)
    node = Dense(
        name="d",
        inputs=("x",),
        shape=(2,),
        result=result,
        weight=words(rng, weight, (3, 2)),
        weight_type=weight,
        bias=words(rng, bias, 2),
        bias_type=bias,
        accumulator=accumulator,
    )
    check(node, port("x", (3,), str(source)), ternary_adders=ternary)


@settings(max_examples=25)
@given(types(), types(), types(), types(), st.sampled_from([1, 2, 4]), st.integers(0, 2**30))
def test_normalize_with_any_types(source, scale, bias, result, n, seed):
    rng = np.random.default_rng(seed)
    node = Normalize(
        name="n",
        inputs=("x",),
        shape=(2, 2),
        result=result,
        kind=NormalizeKind.APPLY_ALPHA,
        scale=words(rng, scale, n),
        scale_type=scale,
        bias=words(rng, bias, n),
        bias_type=bias,
    )
    check(node, port("x", (2, 2), str(source)))


@settings(max_examples=25)
@given(
    types(4, 9),
    st.sampled_from(SoftmaxImplementation),
    st.tuples(types(4, 18), types(4, 18), types(4, 9), types(4, 20), types(4, 18)),
    types(),
    st.integers(1, 5),
)
def test_softmax_with_any_types(source, implementation, inner, result, n):
    node = softmax("s", "x", source, n, implementation, result=str(result), entries=16, types=SoftmaxTypes(*inner))
    check(node, port("x", (n,), str(source)))


@pytest.mark.parametrize("implementation", SoftmaxImplementation)
@pytest.mark.parametrize(("n_slice", "n_inner"), [(2, 6), (3, 2), (2, 1), (12, 1)])
def test_softmax_over_any_axis(implementation, n_slice, n_inner):
    source, shape = P("fixed<7,4>"), (2, 3, 2)
    node = softmax("s", "x", source, 1, implementation, entries=16, shape=shape, n_slice=n_slice, n_inner=n_inner)
    check(node, port("x", shape, str(source)))


def test_a_legacy_softmax_has_tables_of_any_size():
    source = P("fixed<9,5>")
    node = softmax("s", "x", source, 3, SoftmaxImplementation.LEGACY, entries=100)
    check(node, port("x", (3,), str(source)))


def test_softmax_of_older_releases():
    source = P("fixed<8,4>")
    types = SoftmaxTypes(
        P("fixed<10,2>"), P("fixed<10,2>"), P("fixed<8,4,RND,SAT>"), P("fixed<10,4>"), P("fixed<10,4>")
    )
    older = {"types": types, "difference": SoftmaxDifference.X_MINUS_MAX}
    check(softmax("s", "x", source, 4, SoftmaxImplementation.STABLE, **older), port("x", (4,), str(source)))


@pytest.mark.parametrize("node", every_class().nodes[2:], ids=lambda node: node.name)
def test_every_class(node):
    check(node, every_class()[node.inputs[0]])


def test_argmax_takes_the_first_of_equals():
    node = softmax("s", "x", P("fixed<4,4>"), 5, SoftmaxImplementation.ARGMAX, result="ufixed<1,1>")
    logic = node_logic(node, [port("x", (5,), "fixed<4,4>")], ternary_adders=False)
    found = logic.predict(np.array([[1, 7, 3, 7, 7], [-8, -8, -8, -8, -8]], dtype=np.float64), n_threads=1)
    assert found.tolist() == [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]]


def test_a_partial_sum_that_saturates_is_not_exact():
    # 3*2 + (-3)*2 ends at 0, but on the way 6 does not fit.
    node = Dense(
        name="d",
        inputs=("x",),
        shape=(1,),
        result=P("fixed<4,4>"),
        weight=np.array([[2], [-2]]),
        weight_type=P("fixed<3,3>"),
        bias=np.array([0]),
        bias_type=P("fixed<1,1>"),
        accumulator=P("fixed<3,3,TRN,SAT>"),
    )
    check(node, port("x", (2,), "ufixed<2,2>"))


def test_logic_that_differs_is_never_written():
    node = dense("d", "x", 4, 2, accumulator="fixed<12,3>", result="fixed<8,4>")
    other = dense("d", "x", 4, 2, accumulator="fixed<12,3>", result="fixed<8,4>", seed=1)
    source = port("x", (4,), "fixed<6,2>")
    check_logic(node, [source], node_logic(node, [source], ternary_adders=False))
    with pytest.raises(UnsupportedLayerError, match=r"layer 'd': the logic made for element \d differs"):
        check_logic(node, [source], node_logic(other, [source], ternary_adders=False))


def test_no_logic_is_wider_than_was_foretold():
    graph = every_class()
    for node in graph.nodes[2:]:
        source = graph[node.inputs[0]]
        logic = node_logic(node, [source], ternary_adders=False)
        widest = max((sum(op.qint.kif) for op in logic.ops if op.opcode != 5), default=0)
        assert widest <= widest_number(node, [source]) + 2 <= WIDEST + 2, node.name


def test_an_unknown_class_is_refused_by_name():
    class Other(Node):
        pass

    node = Other(name="odd", inputs=("x",), shape=(4,), result=P("fixed<4,4>"))
    with pytest.raises(UnsupportedLayerError, match="layer 'odd': the RTL flow has no unrolled logic for Other"):
        node_logic(node, [port("x", (4,), "fixed<4,4>")], ternary_adders=False)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'odd'.*it has logic for Activation, .*, Dense, "):
        widest_number(node, [port("x", (4,), "fixed<4,4>")])
