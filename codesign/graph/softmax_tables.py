"""The lookup tables and internal types of hls4ml's softmax, as its C++ makes them (nnet_activation.h)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codesign.errors import GraphError
from codesign.graph.c_math import expf
from codesign.graph.convert import from_float
from codesign.graph.fixed_point import FixedPoint, Overflow, Rounding
from codesign.graph.nodes import IntArray, Softmax, SoftmaxDifference, SoftmaxImplementation, frozen


class SoftmaxTypes(NamedTuple):
    """The internal types of a table softmax; see `Softmax` for what each is."""

    exp: FixedPoint
    inv: FixedPoint
    norm: FixedPoint
    accumulator: FixedPoint
    inv_input: FixedPoint


def internal_types(node: Softmax) -> SoftmaxTypes:
    """The internal types of a softmax that uses tables.

    Raises:
        GraphError: one of them is absent.
    """
    found = (node.exp_type, node.inv_type, node.norm, node.accumulator, node.inv_input)
    known = [item for item in found if item is not None]
    if len(known) != len(found):
        raise GraphError(f"node {node.name!r}: softmax {node.implementation.value} lacks an internal type")
    return SoftmaxTypes(*known)


UNIT = FixedPoint(False, 18, 1, Rounding.RND, Overflow.SAT)
"""Holds [0, 1], both ends included."""


def stable_types(source: FixedPoint, entries: int, terms: int) -> SoftmaxTypes:
    """Types in which a stable softmax neither wraps its argument nor its sum.

    hls4ml's defaults lose one bit of `max - x`, so that distant classes come back as winners.

    Args:
        source: the type of its input.
        entries: of the exponential's table, a power of two.
        terms: numbers in a slice.
    """
    bits = entries.bit_length() - 1
    distance = FixedPoint(False, source.width, source.integer)
    if distance.width > bits:
        integer = min(distance.integer, 4)  # exp(-16) is below one step of the table
        distance = FixedPoint(False, bits, integer, Rounding.RND, Overflow.SAT)
    growth = (terms - 1).bit_length()
    total = FixedPoint(False, UNIT.width + growth, UNIT.integer + growth)
    return SoftmaxTypes(exp=UNIT, inv=UNIT, norm=distance, accumulator=total, inv_input=total)


def _index_values(type_: FixedPoint, entries: int) -> npt.NDArray[np.float32]:
    """The number whose top log2(entries) bits are i and whose other bits are 0, for each i."""
    bits = entries.bit_length() - 1
    words = [i << (type_.width - bits) for i in range(entries)]
    if type_.signed:
        words = [word - (1 << type_.width) if word > type_.max_int else word for word in words]
    return np.array([math.ldexp(word, -type_.fraction) for word in words], dtype=np.float32)


def _inverse_values(arguments: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(np.float32(1) / arguments, dtype=np.float64)


def _legacy_values(entries: int, inverse_entries: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    steps = np.arange(entries, dtype=np.float64)
    arguments = (16.0 * (steps - entries / 2.0) / entries).astype(np.float32)
    places = (64.0 * np.arange(inverse_entries) / inverse_entries).astype(np.float32)
    inverses = np.zeros(inverse_entries, dtype=np.float64)
    inverses[1:] = 1.0 / places[1:].astype(np.float64)
    return expf(arguments).astype(np.float64), inverses


def tables(
    implementation: SoftmaxImplementation,
    source: FixedPoint,
    types: SoftmaxTypes,
    exp_size: int,
    inv_size: int,
    *,
    difference: SoftmaxDifference = SoftmaxDifference.MAX_MINUS_X,
    scale: float = 1.0,
) -> tuple[IntArray, IntArray]:
    """(exp_table, inv_table) as integers of `types.exp` and `types.inv`.

    Args:
        implementation: latency, stable or legacy.
        source: the type of the softmax's input.
        types: its internal types.
        exp_size: entries of the exponential table; a power of two but for legacy.
        inv_size: entries of the inverse table; a power of two but for legacy.
        difference: what a stable one takes the exponential of.
        scale: what the exponential's argument is multiplied by (`exp_scale`); legacy has none.
    """
    if implementation is SoftmaxImplementation.LEGACY:
        exponentials, inverses = _legacy_values(exp_size, inv_size)
    else:
        stable = implementation is SoftmaxImplementation.STABLE
        arguments = _index_values(types.norm if stable else source, exp_size) * np.float32(scale)
        negated = stable and difference is SoftmaxDifference.MAX_MINUS_X
        exponentials = expf(-arguments if negated else arguments).astype(np.float64)
        inverses = _inverse_values(_index_values(types.inv_input, inv_size))
    return frozen(from_float(exponentials, types.exp)), frozen(from_float(inverses, types.inv))
