"""The tables of sigmoid and tanh that hls4ml's recurrent layers look their gates up in (nnet_activation.h)."""

from __future__ import annotations

from codesign.graph.activation_tables import TableFunction, table
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import GateFunction, IntArray, frozen


def gate_table(function: GateFunction, entries: int, type_: FixedPoint, *, ap_int: bool = False) -> IntArray:
    """A function's table as integers of `type_` (an `ap_int` in C++ or not); empty where it needs none."""
    if function is GateFunction.RELU:
        return frozen([])
    return table(TableFunction(function.value), entries, type_, ap_int=ap_int)
