"""Floating-point types: rounding as NumPy's floats do it, their bits, and Graphs that hold them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import GraphError, InputDataError, PrecisionError
from codesign.graph import (
    DOUBLE,
    FLOAT,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Merge,
    MergeOperation,
    digest,
    load,
    save,
)
from codesign.graph.cast import cast, count
from codesign.graph.convert import to_floats, to_integers
from codesign.graph.floating import from_bits, holds, parse, to_bits
from codesign.graph.nodes import frozen
from codesign.simulate import execute
from codesign.simulate.engine import predict

SINGLES = st.floats(width=32, allow_nan=False, allow_infinity=False)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
WIDE = FixedPoint(True, 40, 20)


def numbers(integers: np.ndarray, type_: FixedPoint) -> list[float]:
    return [float(value) for value in to_floats(integers, type_).ravel()]


@given(st.lists(DOUBLES.filter(lambda value: abs(value) < 3e38), min_size=1))
def test_doubles_are_rounded_as_float32_rounds_them(values):
    found = to_integers(np.array(values), FLOAT)
    expected = np.array(values).astype(np.float32).astype(np.float64)
    assert numbers(found.values, FLOAT) == expected.tolist()
    assert found.rounded == np.count_nonzero(expected != np.array(values))


@given(st.integers(-(2**1000), 2**1000), st.integers(-20, 1200))
def test_exact_numbers_are_rounded_to_the_nearest_double(value, fraction):
    expected = float(Fraction(value) / Fraction(2) ** fraction)
    found = cast(np.array([value], dtype=object), fraction, DOUBLE)
    assert numbers(found, DOUBLE) == [expected]
    assert count(np.array([value], dtype=object), fraction, DOUBLE).rounded == (
        Fraction(expected) != Fraction(value) / Fraction(2) ** fraction
    )


@given(SINGLES, SINGLES)
def test_sums_and_products_are_those_of_float32(a, b):
    with np.errstate(all="ignore"):
        total, product = np.float32(a) + np.float32(b), np.float32(a) * np.float32(b)
    x, y = (to_integers(np.array([value]), FLOAT).values for value in (a, b))
    for integers, fraction, expected in ((x + y, FLOAT.fraction, total), (x * y, 2 * FLOAT.fraction, product)):
        if np.isfinite(expected):
            assert numbers(cast(integers, fraction, FLOAT), FLOAT) == [float(expected)]
        else:
            with pytest.raises(PrecisionError, match="is infinite in a float"):
                cast(integers, fraction, FLOAT)


@pytest.mark.parametrize(("type_", "dtype"), [(FLOAT, np.float32), (DOUBLE, np.float64)])
def test_the_ends_of_a_type(type_, dtype):
    info = np.finfo(dtype)
    ends = np.array([info.max, info.smallest_subnormal, -info.max], dtype=np.float64)
    assert to_integers(ends, type_).values.tolist() == [type_.max_int, 1, type_.min_int]
    assert to_floats(to_integers(ends, type_).values, type_).tolist() == ends.tolist()


@given(st.lists(DOUBLES, min_size=1))
def test_bits_stand_for_the_numbers(values):
    assert numbers(from_bits(to_bits(np.array(values)), DOUBLE), DOUBLE) == values


def test_bits_of_no_number_are_refused():
    for value in (np.inf, np.nan, 0.1):
        with pytest.raises(PrecisionError, match="float"):
            from_bits(to_bits(np.array([value])), FLOAT)


@given(st.integers(-(2**40), 2**40))
def test_which_integers_a_float_holds(value):
    assert holds(np.array([value], dtype=object), FLOAT) == (float(np.float32(value)) == float(value))


def test_decimal_text_is_rounded_once():
    text = "1.00000005960464477539062500000000000000000001"  # the double nearest to it is a tie of floats
    assert (float(np.float32(float(text))), parse(text, FLOAT)) == (
        1.0,
        float(np.nextafter(np.float32(1), np.float32(2))),
    )
    assert parse("0.1", FLOAT) == float(np.float32(0.1))
    assert parse("0.1", DOUBLE) == 0.1


@pytest.mark.parametrize("type_", [FLOAT, DOUBLE])
def test_text(type_):
    assert FixedPoint.parse(str(type_)) == type_
    assert type_.contains(FixedPoint(True, 24, 8))
    assert not type_.contains(FixedPoint(True, 80, 8))
    assert DOUBLE.contains(FLOAT)
    assert not FLOAT.contains(DOUBLE)


def test_other_significant_bits_are_refused():
    with pytest.raises(PrecisionError, match="only float"):
        FixedPoint(True, 278, 129, significant=11)


def dense(accumulator: FixedPoint = FLOAT, source: FixedPoint = FLOAT) -> Graph:
    weight = to_bits(np.array([[0.1], [1e8], [-1e8]], dtype=np.float32).astype(np.float64))
    fc = Dense(
        name="fc", inputs=("x",), shape=(1,), result=FLOAT, weight=frozen(weight), weight_type=FLOAT,
        bias=frozen([1]), bias_type=FixedPoint(True, 4, 2), accumulator=accumulator,
    )  # fmt: skip
    return Graph("g", (Input(name="x", inputs=(), shape=(3,), result=source), fc), ("fc",))


def test_a_graph_keeps_floats_in_its_files_and_adds_them_in_order(tmp_path):
    graph = dense()
    save(graph, tmp_path)
    assert digest(load(tmp_path, Graph)) == digest(graph)
    x = to_integers(np.ones((1, 3)), FLOAT).values
    found = np.float32(np.float32(np.float32(0.25) + np.float32(0.1)) + np.float32(1e8)) - np.float32(1e8)
    assert found == 0
    for run in (execute, predict):
        assert numbers(run(graph, {"x": x})["fc"], FLOAT) == [float(found)]


def test_inputs_that_are_no_floats_are_refused():
    for run in (execute, predict):
        with pytest.raises(InputDataError, match="more digits than a float"):
            run(dense(), {"x": np.full((1, 3), 2**30 + 1, dtype=object)})


def test_mixtures_that_cpp_rounds_elsewhere_are_refused_by_name():
    with pytest.raises(GraphError, match="'fc': its input, weights and accumulator must be all the same float"):
        dense(accumulator=DOUBLE)
    with pytest.raises(GraphError, match="'fc': its input, weights"):
        dense(source=WIDE)
    pair = tuple(Input(name=name, inputs=(), shape=(2,), result=type_) for name, type_ in (("a", FLOAT), ("b", WIDE)))
    for operation, said in ((MergeOperation.ADD, "both float"),):
        merge = Merge(name="m", inputs=("a", "b"), shape=(2,), result=FLOAT, operation=operation)
        with pytest.raises(GraphError, match=said):
            Graph("g", (*pair, merge), ("m",))
    far = FixedPoint(False, 8, -300)
    with pytest.raises(GraphError, match="ufixed<8,-300> beside floats has more than 60 bits"):
        merge = Merge(name="m", inputs=("a", "a"), shape=(2,), result=FLOAT, operation=MergeOperation.ADD)
        Graph("g", (Input(name="a", inputs=(), shape=(2,), result=far), merge), ("m",))
