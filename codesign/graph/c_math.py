"""The C library's own functions of floats, which the tables of hls4ml's C++ are made with."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# What stands in where there is no C library to be found: correctly rounded nearly always.
_PYTHON: dict[str, Callable[[float], float]] = {"exp": math.exp, "tanh": math.tanh, "log": math.log}


@cache
def _function(name: str, kind: type[ctypes.c_float] | type[ctypes.c_double]) -> Callable[[float], float]:
    library = ctypes.util.find_library("m")
    found = None if library is None else getattr(ctypes.CDLL(library), name, None)
    if found is None:
        return _PYTHON[name.removesuffix("f")]
    found.restype, found.argtypes = kind, [kind]
    return lambda x: float(found(x))


def expf(x: Floats) -> Floats:
    """`std::exp(float)` of each number."""
    function = _function("expf", ctypes.c_float)
    return np.array([function(value) for value in x.tolist()], dtype=np.float32)


def tanhf(x: Floats) -> Floats:
    """`std::tanh(float)` of each number."""
    function = _function("tanhf", ctypes.c_float)
    return np.array([function(value) for value in x.tolist()], dtype=np.float32)


def exp(x: Doubles) -> Doubles:
    """`std::exp(double)` of each number."""
    function = _function("exp", ctypes.c_double)
    return np.array([function(value) for value in x.tolist()], dtype=np.float64)


def log(x: Doubles) -> Doubles:
    """`std::log(double)` of each number, all of them positive."""
    function = _function("log", ctypes.c_double)
    return np.array([function(value) for value in x.tolist()], dtype=np.float64)
