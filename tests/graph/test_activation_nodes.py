"""Element-wise functions check their parameters and what they read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from codesign.errors import GraphError
from codesign.graph import (
    BinaryThreshold,
    ClippedRelu,
    Elu,
    FixedPoint,
    Graph,
    HardActivation,
    HardFunction,
    Input,
    Node,
    Overflown,
    PRelu,
    Selu,
    TableActivation,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    UnaryTable,
    frozen,
)
from codesign.graph.activation_tables import TableFunction, span, table

T = FixedPoint.parse("fixed<4,2>")
TABLE = {"table": frozen([1, 2, 3]), "table_type": T}
FIELDS: dict[type[Node], dict[str, Any]] = {
    PRelu: {"alpha": frozen([1, 2, 3]), "alpha_type": T},
    ThresholdedRelu: {"theta": frozen([-8]), "theta_type": T},
    ClippedRelu: {"maximum": 6},
    TableActivation: {**TABLE, "span": 8},
    Elu: {**TABLE, "alpha": frozen([7]), "alpha_type": T},
    Selu: {**TABLE, "gain": frozen([7]), "gain_type": T, "overflown": Overflown.LAST},
    UnaryTable: {"table": frozen(range(-8, 8)), "table_type": T},
    HardActivation: {
        "function": HardFunction.HARD_TANH,
        "slope": frozen([1]),
        "slope_type": T,
        "shift": frozen([2]),
        "shift_type": T,
    },
    BinaryThreshold: {"threshold": frozen([1]), "threshold_type": T, "below": -1},
    TernaryThreshold: {"high": frozen([1, 2]), "low": frozen([0, 0]), "threshold_type": T},
    TernaryTanh: {"doubled": True},
}


def graph(cls: type[Node], type_: FixedPoint = T, *, shape: tuple[int, ...] = (2, 3), **changes: Any) -> Graph:
    given = Input(name="x", inputs=(), shape=(6,), result=type_)
    fields = {"name": "a", "inputs": ("x",), "shape": shape, "result": T, **FIELDS[cls], **changes}
    return Graph("design", (given, cls(**fields)), ("a",))


@pytest.mark.parametrize("cls", FIELDS)
def test_each_is_legal_and_reads_as_many_numbers_as_it_gives(cls):
    assert graph(cls)["a"].size == 6
    with pytest.raises(GraphError, match=r"node 'a' has shape \(5,\), but reads shape \(6,\)"):
        graph(cls, shape=(5,))


@pytest.mark.parametrize(
    ("cls", "field"),
    [
        (cls, field)
        for cls, fields in FIELDS.items()
        for field, value in fields.items()
        if isinstance(value, np.ndarray)
    ],
)
def test_integers_fit_their_types(cls, field):
    wrong = np.array(FIELDS[cls][field])
    wrong[-1] = 8
    with pytest.raises(GraphError, match=rf"'a': {field} spans \[.*, 8\], but fixed<4,2> holds \[-8, 7\]"):
        graph(cls, **{field: frozen(wrong)})


@pytest.mark.parametrize(
    ("cls", "changes", "message"),
    [
        (PRelu, {"alpha": frozen([1, 2, 3, 4])}, "4 slopes do not divide 6 values"),
        (PRelu, {"alpha": frozen([])}, "0 slopes do not divide 6 values"),
        (ThresholdedRelu, {"theta": frozen([1, 2])}, r"theta has shape \(2,\), expected \(1,\)"),
        (ClippedRelu, {"maximum": 0}, "'a' is clipped at 0; it must be 1 to 2147483647"),
        (ClippedRelu, {"maximum": 1 << 31}, "'a' is clipped at 2147483648"),
        (TableActivation, {"span": 4}, "a table that spans 4; it must span 8 or 16"),
        (TableActivation, {"table": frozen([])}, "a table of 0 entries"),
        (Elu, {"alpha": frozen([])}, r"alpha has shape \(0,\)"),
        (Selu, {"gain": frozen([1, 1])}, r"gain has shape \(2,\)"),
        (UnaryTable, {"table": frozen([0] * 15)}, r"15 entries but reads fixed<4,2>, which has 2\*\*4 words"),
        (HardActivation, {"slope": frozen([])}, r"slope has shape \(0,\)"),
        (HardActivation, {"shift": frozen([[1]])}, r"shift has shape \(1, 1\)"),
        (BinaryThreshold, {"below": 1}, "gives 1 below its threshold; it must be -1 or 0"),
        (BinaryThreshold, {"threshold": frozen([0] * 5)}, "5 thresholds do not divide 6 values"),
        (TernaryThreshold, {"low": frozen([0] * 4)}, "4 thresholds do not divide 6 values"),
        (TernaryThreshold, {"low": frozen([0])}, "has 2 high and 1 low thresholds"),
    ],
)
def test_parameters_that_contradict_are_refused(cls, changes, message):
    with pytest.raises(GraphError, match=message):
        graph(cls, **changes)


@pytest.mark.parametrize("cls", [TableActivation, Elu, Selu])
def test_an_index_without_integer_bits_is_refused(cls):
    graph(cls, FixedPoint(True, 4, -32))
    with pytest.raises(GraphError, match=r"'a' reads fixed<4,-33>: .* no table index for fewer than -32 integer bits"):
        graph(cls, FixedPoint(True, 4, -33))


@pytest.mark.parametrize("function", TableFunction)
def test_a_table_holds_its_function_at_the_arguments_that_its_span_tells(function):
    exact = {
        TableFunction.SIGMOID: lambda x: 1 / (1 + math.exp(-x)),
        TableFunction.TANH: math.tanh,
        TableFunction.SOFTPLUS: lambda x: math.log(math.exp(x) + 1),
        TableFunction.SOFTSIGN: lambda x: x / (abs(x) + 1),
        TableFunction.ELU: lambda x: math.exp(x) - 1,
        TableFunction.SELU: lambda x: 1.0507009873554805 * 1.6732632423543772 * (math.exp(x) - 1),
    }[function]
    negative = function in (TableFunction.ELU, TableFunction.SELU)
    type_ = FixedPoint.parse("fixed<24,5>")
    found = table(function, 10, type_)
    for index, integer in enumerate(found.tolist()):
        x = -8 * index / 10 if negative else span(function) * (index - 5) / 10
        assert abs(integer / 2**19 - exact(x)) < 2**-18


def test_ap_int_takes_small_negative_floats_for_one():
    type_ = FixedPoint.parse("fixed<4,4>")
    assert table(TableFunction.SOFTSIGN, 64, type_, ap_int=True)[31] == 1
    assert table(TableFunction.SOFTSIGN, 64, type_)[31] == -1
    assert table(TableFunction.SOFTPLUS, 8, type_, ap_int=True).tolist() == [0, 0, 0, 0, 0, 2, 4, 6]
