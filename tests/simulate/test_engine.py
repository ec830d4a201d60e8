"""The fast engine against the readable reference: the same integers for every Graph, batch and number of threads."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import InputDataError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Direction,
    FixedPoint,
    GateFunction,
    Graph,
    Gru,
    Input,
    Lstm,
    Node,
    Overflow,
    Product,
    Rounding,
    Softmax,
    SoftmaxImplementation,
    frozen,
)
from codesign.graph.convert import to_floats, to_integers
from codesign.simulate import execute, predict
from codesign.simulate.engine import predict_numbers, worthwhile
from codesign.simulate.engine.edge import Layout, edge_of
from codesign.simulate.engine.kernel import Reference, lower
from codesign.simulate.engine.plan import plan_of
from codesign.simulate.engine.recurrent import OverTime
from codesign.simulate.engine.windows import WindowSums
from codesign.simulate.samples import quantize
from codesign.verify.stimulus import random_inputs
from tests.graph.strategies import graphs

pytestmark = pytest.mark.usefixtures("either_engine")

BYTE = FixedPoint(True, 8, 4)


def assert_same(graph: Graph, inputs: dict[str, np.ndarray], threads: int = 1) -> None:
    expected = execute(graph, inputs)
    found = predict(graph, inputs, threads=threads)
    assert list(found) == list(graph.outputs)
    for name in graph.outputs:
        assert found[name].dtype in (np.int64, object)
        np.testing.assert_array_equal(found[name], expected[name], str(graph[name]))


def all_modes() -> list[tuple[Rounding, Overflow]]:
    return list(itertools.product(Rounding, Overflow))


def dense(name: str, source: Node, n_out: int, seed: int, **fields: object) -> Dense:
    rng = np.random.default_rng(seed)
    given = {
        "weight": frozen(rng.integers(-8, 8, (source.size, n_out))),
        "weight_type": FixedPoint(True, 4, 1),
        "bias": frozen(rng.integers(-8, 8, n_out)),
        "bias_type": FixedPoint(True, 4, 1),
        "accumulator": FixedPoint(True, 20, 10),
        "result": BYTE,
    }
    return Dense(name=name, inputs=(source.name,), shape=(n_out,), **{**given, **fields})


def mlp(seed: int = 0, result: FixedPoint = BYTE) -> Graph:
    x = Input(name="x", inputs=(), shape=(6,), result=BYTE)
    first = dense("first", x, 5, seed)
    relu = Activation(
        name="relu",
        inputs=("first",),
        shape=(5,),
        result=FixedPoint(False, 6, 2, Rounding.RND_CONV, Overflow.SAT),
        function=ActivationFunction.RELU,
    )
    return Graph("mlp", (x, first, relu, dense("last", relu, 3, seed + 1, result=result)), ("last",))


@settings(max_examples=400, deadline=None)
@given(graphs(), st.integers(0, 100), st.sampled_from([1, 5, 40]))
def test_engine_gives_what_the_reference_gives(graph: Graph, seed: int, samples: int) -> None:
    assert_same(graph, random_inputs(graph, samples, seed))


@pytest.mark.parametrize(("rounding", "overflow"), all_modes())
def test_every_word_through_every_cast(rounding: Rounding, overflow: Overflow) -> None:
    """Narrow and wide sources, targets that cut at either end, chained so that chains are merged."""
    for source in (FixedPoint(True, 9, 4), FixedPoint(True, 20, 9)):
        x = Input(name="x", inputs=(), shape=(1,), result=source)
        for width, integer in ((5, 3), (12, 6), (1, 1), (6, 9), (30, 9)):
            middle = FixedPoint(True, width, integer, rounding, overflow)
            nodes: list[Node] = [x]
            for name, type_ in (("a", middle), ("b", FixedPoint(True, 4, 2, rounding, overflow)), ("c", middle)):
                nodes.append(
                    Activation(
                        name=name,
                        inputs=(nodes[-1].name,),
                        shape=(1,),
                        result=type_,
                        function=ActivationFunction.RELU if name == "b" else ActivationFunction.LINEAR,
                    )
                )
            for outputs in (("c",), ("a", "b", "c")):
                graph = Graph("g", tuple(nodes), outputs)
                step = max(1, (1 << source.width) // 4096)
                words = np.arange(source.min_int, source.max_int + 1, step)[:, None]
                assert_same(graph, {"x": words})


@pytest.mark.parametrize(("rounding", "overflow"), all_modes())
@pytest.mark.parametrize("fraction", [5, 9, 14])
def test_sums_in_every_accumulator(rounding: Rounding, overflow: Overflow, fraction: int) -> None:
    """Products that are rounded, sums that wrap or saturate, and sums that do neither."""
    x = Input(name="x", inputs=(), shape=(6,), result=BYTE)
    for integer in (1, 4, 9):
        accumulator = FixedPoint(True, integer + fraction, integer, rounding, overflow)
        node = dense("y", x, 4, integer, accumulator=accumulator, result=FixedPoint(True, 9, 5, rounding, overflow))
        graph = Graph("g", (x, node), ("y",))
        assert_same(graph, random_inputs(graph, 200, fraction))


@pytest.mark.parametrize("product", [Product.DATA_BINARY, Product.BOTH_BINARY])
@pytest.mark.parametrize("counts", [False, True])
def test_products_of_bits(product: Product, counts: bool) -> None:
    x = Input(name="x", inputs=(), shape=(7,), result=FixedPoint(False, 1, 1))
    weight = frozen(np.random.default_rng(0).choice([-1, 1], (7, 4)))
    for integer, overflow in itertools.product((2, 4, 6), Overflow):
        accumulator = FixedPoint(True, integer + 2, integer, Rounding.TRN, overflow)
        node = dense("y", x, 4, 0, weight=weight, product=product, counts_agreement=counts, accumulator=accumulator)
        graph = Graph("g", (x, node), ("y",))
        assert_same(graph, {"x": np.array(list(itertools.product((0, 1), repeat=7)))})


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 100), st.integers(1, 4), st.lists(st.integers(1, 200), min_size=1, max_size=4))
def test_neither_batch_nor_threads_change_a_bit(graph: Graph, seed: int, threads: int, sizes: list[int]) -> None:
    inputs = random_inputs(graph, sum(sizes), seed)
    whole = predict(graph, inputs, threads=threads)
    start = 0
    for size in sizes:
        part = predict(graph, {name: values[start : start + size] for name, values in inputs.items()}, threads=1)
        for name, values in part.items():
            np.testing.assert_array_equal(values, whole[name][start : start + size])
        start += size


def test_many_tiles_on_many_threads() -> None:
    graph = mlp()
    inputs = random_inputs(graph, 50_001, 3)
    assert plan_of(graph).samples < 50_001
    for threads in (None, 1, 2, 7):
        assert_same(graph, inputs, threads)


def test_what_is_proven_runs_fast() -> None:
    """The kernels of a plain network: were one the reference's, the engine would be slow without being wrong."""
    stages = plan_of(mlp()).stages
    assert [stage.gives for stage in stages] == ["relu", "last"]
    for stage in stages:
        assert not isinstance(stage.kernel, Reference)
        assert [form.dtype for form in stage.kernel.wants] == [np.dtype(np.float32)]


def test_what_a_float_would_round_is_not_given_to_it() -> None:
    x = Input(name="x", inputs=(), shape=(2,), result=FixedPoint(True, 40, 20))
    huge = frozen([[2**50 + 1], [3]])
    wide = dense("y", x, 1, 0, weight=huge, weight_type=FixedPoint(True, 60, 30), accumulator=FixedPoint(True, 62, 31))
    assert isinstance(lower(wide, [edge_of(x.result, x.shape, Layout.ROWS)]), Reference)
    graph = Graph("g", (x, wide), ("y",))
    assert_same(graph, random_inputs(graph, 20, 0))


def test_a_plan_is_made_once() -> None:
    graph = mlp()
    assert plan_of(graph) is plan_of(graph)


def test_no_samples_and_bad_samples() -> None:
    graph = mlp()
    assert predict(graph, {"x": np.zeros((0, 6), dtype=np.int64)})["last"].shape == (0, 3)
    bad = np.zeros((5000, 6), dtype=np.int64)
    bad[4000, 2], bad[10, 1] = 128, -129
    for threads in (1, 3):
        with pytest.raises(InputDataError, match=r"integers \[-129, 128\], but fixed<8,4> holds \[-128, 127\]"):
            predict(graph, {"x": bad}, threads=threads)
    with pytest.raises(InputDataError, match=r"named \['y'\], but the design's ports are \['x'\]"):
        predict(graph, {"y": bad})


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 100))
def test_floats_stand_for_the_integers(graph: Graph, seed: int) -> None:
    words = random_inputs(graph, 20, seed)
    numbers = {node.name: to_floats(words[node.name], node.result) for node in graph.input_nodes}
    given = quantize(graph, numbers)
    found = predict_numbers(graph, numbers)
    assert (found.rounded, found.overflowed, found.total) == (given.rounded, given.overflowed, given.total)
    for name, values in predict(graph, given.inputs).items():
        np.testing.assert_array_equal(found.outputs[name], to_floats(values, graph[name].result))
        assert not np.any(np.signbit(found.outputs[name]) & (found.outputs[name] == 0))


def test_numbers_that_are_none() -> None:
    graph = mlp()
    numbers = np.zeros((9000, 6))
    numbers[8000, 1], numbers[3, 3] = np.nan, np.inf
    with pytest.raises(InputDataError, match="data: input 'x' holds 2 values that are NaN or infinite"):
        predict_numbers(graph, {"x": numbers})
    with pytest.raises(InputDataError, match="dtype <U1"):
        predict_numbers(graph, {"x": np.full((2, 6), "a")})


def recurrent(cls: type[Lstm] | type[Gru], modes: tuple[Rounding, Overflow], seed: int, **fields: object) -> Graph:
    rng = np.random.default_rng(seed)
    n, columns = 3, 3 * cls.GATES
    x = Input(name="x", inputs=(), shape=(4, 2), result=FixedPoint(True, 6, 2))
    narrow, table_type = FixedPoint(True, 5, 1), FixedPoint(True, 8, 2, Rounding.RND, Overflow.SAT)
    places = (np.arange(128) - 64) / 8.0
    given = {
        "shape": (4, n),
        "result": FixedPoint(True, 8, 2, *modes),
        "weight": frozen(rng.integers(-16, 16, (2, columns))),
        "bias": frozen(rng.integers(-16, 16, columns)),
        "recurrent_weight": frozen(rng.integers(-16, 16, (n, columns))),
        "recurrent_bias": frozen(rng.integers(-16, 16, columns)),
        "weight_type": narrow,
        "bias_type": narrow,
        "recurrent_weight_type": narrow,
        "recurrent_bias_type": narrow,
        "accumulator": FixedPoint(True, 10, 4, *modes),
        "activation": GateFunction.TANH,
        "recurrent_activation": GateFunction.SIGMOID,
        "table": to_integers(np.tanh(places / 2), table_type).values,
        "recurrent_table": to_integers(1 / (1 + np.exp(-places)), table_type).values,
        "table_type": table_type,
    }
    node = cls(name="y", inputs=("x",), **{**given, **fields})
    return Graph("g", (x, node), ("y",))


@pytest.mark.parametrize(("rounding", "overflow"), all_modes())
@pytest.mark.parametrize("cls", [Lstm, Gru])
def test_recurrent_layers(cls: type[Lstm] | type[Gru], rounding: Rounding, overflow: Overflow) -> None:
    """Accumulators that round products, wrap and saturate; both directions; relu, whose values have no table."""
    modes = (rounding, overflow)
    wide = FixedPoint(True, 20, 8, *modes)
    relu = {"activation": GateFunction.RELU, "table": frozen([])}
    for seed, fields in enumerate(
        (
            {},
            {"accumulator": wide},
            {"direction": Direction.BACKWARD, "shape": (3,)},
            relu,
            {"accumulator": wide, **relu},
        )
    ):
        graph = recurrent(cls, modes, seed, **fields)
        if overflow is not Overflow.WRAP_SM:
            assert isinstance(plan_of(graph).stages[0].kernel, OverTime)
        assert_same(graph, random_inputs(graph, 150, seed))


def softmax(implementation: SoftmaxImplementation, modes: tuple[Rounding, Overflow]) -> Softmax:
    return Softmax(
        name="y",
        inputs=("x",),
        shape=(2, 5),
        result=FixedPoint(True, 9, 2, *modes),
        implementation=implementation,
        exp_table=frozen(np.arange(16) * 7 % 31),
        exp_type=FixedPoint(False, 6, 2),
        inv_table=frozen(np.arange(32) * 5 % 60),
        inv_type=FixedPoint(False, 6, 1),
        norm=FixedPoint(False, 6, 3, *modes),
        accumulator=FixedPoint(False, 12, 4, *modes),
        inv_input=FixedPoint(False, 8, 4, *modes),
    )


@pytest.mark.parametrize("overflow", [item for item in Overflow if item is not Overflow.WRAP_SM])
@pytest.mark.parametrize("rounding", Rounding)
def test_softmax(rounding: Rounding, overflow: Overflow) -> None:
    x = Input(name="x", inputs=(), shape=(2, 5), result=FixedPoint(True, 7, 4))
    for implementation in SoftmaxImplementation:
        node = softmax(implementation, (rounding, overflow))
        for length, inner in ((None, 1), (2, 5), (10, 1)):
            graph = Graph("g", (x, replace(node, n_slice=length, n_inner=inner)), ("y",))
            if implementation is not SoftmaxImplementation.LEGACY and overflow is not Overflow.SAT_ZERO:
                assert not isinstance(plan_of(graph).stages[0].kernel, Reference)
            assert_same(graph, random_inputs(graph, 300, 1))


@pytest.mark.parametrize(("rounding", "overflow"), all_modes())
def test_convolutions(rounding: Rounding, overflow: Overflow) -> None:
    rng = np.random.default_rng(0)
    x = Input(name="x", inputs=(), shape=(5, 6, 3), result=FixedPoint(True, 6, 2))
    narrow = FixedPoint(True, 5, 1)
    for fraction, integer in ((8, 10), (8, 3), (4, 3)):
        for cls, shape, filters in ((Convolution, (2, 3, 3, 4), 4), (DepthwiseConvolution, (2, 3, 3), 3)):
            node = cls(
                name="y",
                inputs=("x",),
                shape=(3, 7, filters),
                result=FixedPoint(True, 8, 4, rounding, overflow),
                weight=frozen(rng.integers(-16, 16, shape)),
                weight_type=narrow,
                bias=frozen(rng.integers(-16, 16, filters)),
                bias_type=narrow,
                accumulator=FixedPoint(True, integer + fraction, integer, rounding, overflow),
                strides=(2, 1),
                padding_before=(0, 2),
                padding_after=(1, 1),
            )
            graph = Graph("g", (x, node), ("y",))
            if overflow is not Overflow.WRAP_SM:
                assert isinstance(plan_of(graph).stages[0].kernel, WindowSums)
            assert_same(graph, random_inputs(graph, 100, fraction))


@pytest.mark.parametrize(("rounding", "overflow"), all_modes())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_every_kind_onto_the_grid(rounding: Rounding, overflow: Overflow, dtype: type[np.floating]) -> None:
    """On the grid, between, on ties and one float beside them, far outside, and too small to tell from zero."""
    tiny = np.finfo(dtype).smallest_subnormal
    for type_ in (FixedPoint(True, 7, 3), FixedPoint(False, 5, 5), FixedPoint(True, 1, 1), FixedPoint(False, 20, 8)):
        signed = type_.signed or overflow is Overflow.WRAP_SM  # which unsigned types do not have
        type_ = replace(type_, signed=signed, rounding=rounding, overflow=overflow)
        ties = np.arange(-70, 70, 0.5) * type_.step
        beside = [np.nextafter(dtype(v), dtype(end)) for v in ties for end in (-1e9, 1e9)]
        far = [s * v for s in (-1, 1) for v in (1e5, 123456.78, 2.0**31, 1e30, float(tiny), 1e-20)]
        numbers = np.array([*ties, *beside, *far, -0.0], dtype=dtype)[:, None]
        for data in (numbers, np.round(numbers), np.clip(np.round(numbers), 0, 0.5)):
            x = Input(name="x", inputs=(), shape=(1,), result=type_)
            wide = FixedPoint(True, 40, 20)
            y = Activation(name="y", inputs=("x",), shape=(1,), result=wide, function=ActivationFunction.LINEAR)
            for graph in (Graph("g", (x,), ("x",)), Graph("g", (x, y), ("y",))):
                expected = to_integers(data, type_)
                found = predict_numbers(graph, {"x": data})
                assert (found.rounded, found.overflowed) == (expected.rounded, expected.overflowed)
                (values,) = found.outputs.values()
                np.testing.assert_array_equal(values, to_floats(expected.values, type_))


def test_samples_that_are_no_plain_arrays() -> None:
    """Read-only, strided, unaligned, of the other byte order."""
    graph = mlp()
    x = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    expected = predict_numbers(graph, {"x": x}).outputs["last"]
    locked, apart = x.copy(), np.zeros((300, 12), np.float32)
    locked.flags.writeable, apart[:, ::2] = False, x
    unaligned = np.frombuffer(b"_" + x.tobytes(), dtype=np.float32, offset=1).reshape(x.shape)
    for other in (locked, apart[:, ::2], unaligned, x.astype(">f4"), np.asfortranarray(x)):
        np.testing.assert_array_equal(predict_numbers(graph, {"x": other}).outputs["last"], expected)


def test_machine_code_comes_after_enough_work(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    code = worthwhile.MachineCode()
    monkeypatch.setattr(worthwhile, "ENOUGH", 10)
    assert code.after(9) is None
    assert not code.tried
    assert code.after(1) is code.after(0) is code.code is not None


def test_cut_sums_in_machine_code() -> None:
    for signed, overflow in ((True, Overflow.WRAP), (False, Overflow.WRAP)):
        x = Input(name="x", inputs=(), shape=(40,), result=FixedPoint(True, 16, 6))
        accumulator = FixedPoint(signed, 16, 6, Rounding.TRN, overflow)
        node = dense("y", x, 7, 0, weight_type=FixedPoint(True, 4, 0), accumulator=accumulator)
        graph = Graph("g", (x, node), ("y",))
        assert_same(graph, random_inputs(graph, 300, 0), 2)


def test_without_numba_numpy_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codesign.simulate.engine.compiled", None)
    monkeypatch.delattr("codesign.simulate.engine.compiled", raising=False)
    code = worthwhile.MachineCode()
    assert code.after(worthwhile.ENOUGH) is None
    assert code.tried
