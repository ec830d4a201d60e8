"""The tables of sigmoid and tanh that hls4ml's recurrent layers look their gates up in (nnet_activation.h)."""

from __future__ import annotations

import numpy as np

from codesign.graph.convert import from_float
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes import GateFunction, IntArray, frozen
from codesign.graph.softmax_tables import _expf


def gate_table(function: GateFunction, entries: int, type_: FixedPoint) -> IntArray:
    """A function's table as integers of `type_`; empty where it needs none."""
    if function is GateFunction.RELU:
        return frozen([])
    places = np.arange(entries, dtype=np.float64) - np.float32(entries) / 2.0
    if function is GateFunction.SIGMOID:
        arguments = (16.0 * places / entries).astype(np.float32)
        powers = np.array([_expf()(-float(x)) for x in arguments], dtype=np.float32)
        values = (1.0 / (np.float32(1) + powers).astype(np.float64)).astype(np.float32)
    else:
        values = np.tanh((8.0 * places / entries).astype(np.float32).astype(np.float64)).astype(np.float32)
    return frozen(from_float(values.astype(np.float64), type_))
