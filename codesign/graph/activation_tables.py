"""The lookup tables of hls4ml's element-wise functions, in the floats and doubles that its C++ makes them of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from codesign.graph.c_math import Doubles, Floats, expf, log, tanhf
from codesign.graph.convert import ap_int_from_float, from_float
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import IntArray, frozen

_LAMBDA, _ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


class TableFunction(str, Enum):
    """The functions of `nnet_activation.h` that have a table, by hls4ml's names."""

    SIGMOID = "sigmoid"
    TANH = "tanh"
    SOFTPLUS = "softplus"
    SOFTSIGN = "softsign"
    ELU = "elu"
    SELU = "selu"


def _symmetric(entries: int, span: int) -> Floats:
    """Arguments from -span/2 up to, but without, span/2."""
    count = float(np.float32(entries))
    return np.asarray(span * (np.arange(entries, dtype=np.float64) - count / 2.0) / count, dtype=np.float32)


def _negative(entries: int, span: int) -> Floats:
    """Arguments from 0 down to, but without, -span."""
    count = float(np.float32(entries))
    return np.asarray(-span * np.arange(entries, dtype=np.float64) / count, dtype=np.float32)


def _exponential(x: Floats) -> Doubles:
    with np.errstate(over="ignore"):
        return expf(x).astype(np.float64)


def _sigmoid(x: Floats) -> Doubles:
    return np.asarray(1.0 / (np.float32(1) + expf(-x)).astype(np.float64))


def _tanh(x: Floats) -> Doubles:
    return tanhf(x).astype(np.float64)


def _softplus(x: Floats) -> Doubles:
    return log(_exponential(x) + 1.0)


def _softsign(x: Floats) -> Doubles:
    return x.astype(np.float64) / (np.abs(x).astype(np.float64) + 1.0)


def _elu(x: Floats) -> Doubles:
    return _exponential(x) - 1.0


def _selu(x: Floats) -> Doubles:
    return _LAMBDA * (_ALPHA * (_exponential(x) - 1.0))


@dataclass(frozen=True)
class _Recipe:
    """How a table is made.

    Attributes:
        value: the function, returned as a float.
        arguments: of the table's entries.
        span: numbers between the first and the last argument.
    """

    value: Callable[[Floats], Doubles]
    arguments: Callable[[int, int], Floats]
    span: int


_RECIPES = {
    TableFunction.SIGMOID: _Recipe(_sigmoid, _symmetric, 16),
    TableFunction.TANH: _Recipe(_tanh, _symmetric, 8),
    TableFunction.SOFTPLUS: _Recipe(_softplus, _symmetric, 16),
    TableFunction.SOFTSIGN: _Recipe(_softsign, _symmetric, 16),
    TableFunction.ELU: _Recipe(_elu, _negative, 8),
    TableFunction.SELU: _Recipe(_selu, _negative, 8),
}


def span(function: TableFunction) -> int:
    """How many numbers of the function's argument its table covers."""
    return _RECIPES[function].span


def table(function: TableFunction, entries: int, type_: FixedPoint, *, ap_int: bool = False) -> IntArray:
    """What `init_…_table` fills a table with.

    Args:
        function: of the table.
        entries: of the table.
        type_: of its entries.
        ap_int: whether that is an `ap_int` in C++, which takes floats in another way than `ap_fixed`.

    Returns:
        (entries,) integers of `type_`.
    """
    recipe = _RECIPES[function]
    values = recipe.value(recipe.arguments(entries, recipe.span)).astype(np.float32)
    return frozen((ap_int_from_float if ap_int else from_float)(values.astype(np.float64), type_))
