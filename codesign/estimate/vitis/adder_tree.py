"""The unrolled products and sums of a matrix with constant weights, counted once for a matrix.

What depends on clock, part and reuse factor is not in here: a sweep over those counts the matrix once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from codesign.estimate.vitis.multipliers import magnitude_bits, signed_digits
from codesign.estimate.vitis.operators import adder_lut, three_adder_lut
from codesign.graph import Dense, FixedPoint
from codesign.rtl import Family

Array = npt.NDArray[Any]
Values = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Levels:
    """What is added at each depth of all sums.

    Attributes:
        lut: of all adders.
        bits: of what is left to add, after each depth.
    """

    lut: int
    bits: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Sums:
    """Products with constants, and their sums.

    Attributes:
        widths: (n_in + 1, n_out) bits of each product as the accumulator takes it, the bias last; 0 for none.
        multiplied: (n_out,) how many products of each sum take a multiplier.
        terms: (n_out,) how many numbers each sum has.
        multipliers: products that take a multiplier; equal products of an input are one.
        constant_bits: of the largest constant that is multiplied so, the sign included; 0 for none.
        product_lut: LUTs of the adders that products with two digits are made of; a negative shift is subtracted
            where it is summed.
        product_bits: bits of all products but shifts, as the accumulator takes them.
        accumulator_bits: of the accumulator.
        family: whose adders they are.
        used_inputs: inputs with a weight that is not zero.
        used_outputs: outputs with such a weight.
    """

    widths: Array
    multiplied: Array
    terms: Array
    multipliers: int
    constant_bits: int
    product_lut: int
    product_bits: int
    accumulator_bits: int
    family: Family
    used_inputs: int
    used_outputs: int

    @cached_property
    def by_twos(self) -> Levels:
        """The levels where pairs are added."""
        left, bits, added = self._sorted(), [], [_NONE]
        while len(left) > 1:
            left = _whole_groups(left, 2)
            less, more = left[::2], left[1::2]
            both = less > 0  # absent numbers stand first, so that a pair of two has a first one
            left = np.maximum(less, more)
            left += both
            np.minimum(left, self.accumulator_bits, out=left)
            added.append((left * both).ravel())
            bits.append(int(left.sum()))
        return Levels(int(_PAIR_LUT[self.family][np.concatenate(added)].sum()), tuple(bits))

    @cached_property
    def by_threes(self) -> Levels:
        """The levels where three numbers are added at once."""
        left, bits, added, threes = self._sorted(), [], [_NONE], 0
        while len(left) > 1:
            left = _whole_groups(left, 3)
            first, second, third = left[::3], left[1::3], left[2::3]
            three, several = first > 0, second > 0
            left = np.maximum(second, third)
            np.maximum(left, first, out=left)
            left += several
            left += three
            np.minimum(left, self.accumulator_bits, out=left)
            threes += int(np.count_nonzero(three))
            added.append((left * (several ^ three)).ravel())
            bits.append(int(left.sum()))
        lut = int(_PAIR_LUT[self.family][np.concatenate(added)].sum()) + threes * three_adder_lut(self.accumulator_bits)
        return Levels(lut, tuple(bits))

    def _sorted(self) -> Array:
        """The widths of each sum in ascending order, without places that no sum has."""
        ordered = np.sort(self.widths, axis=0)
        return ordered[len(ordered) - int(self.terms.max(initial=0)) :]


_NONE = np.zeros(0, dtype=np.int64)
_PAIR_LUT = {family: np.array([0, *(adder_lut(bits, family) for bits in range(1, 4096))]) for family in Family}
_AT_ONCE = 1 << 22
_FEW = 1 << 10


def _whole_groups(left: Array, members: int) -> Array:
    """With absent numbers before the others, so that groups of so many come out even."""
    short = -len(left) % members
    return np.concatenate([np.zeros((short, left.shape[1]), left.dtype), left]) if short else left


@dataclass(frozen=True, eq=False)
class _Products:
    """What a product with each of some values takes.

    Attributes:
        kept: bits as the accumulator takes it; 0 for the value 0.
        multiplied: whether it takes a multiplier.
        lut: of its adder.
        made: bits that are not those of a shift.
        bits: of the value, the sign included.
    """

    kept: Array
    multiplied: Array
    lut: Array
    made: Array
    bits: Array


@dataclass(frozen=True)
class _Into:
    """Around a product: bits and sign of the number, bits that the accumulator drops, and its own; whose adders."""

    bits: int
    signed: bool
    dropped: int
    most: int
    family: Family


def _products(values: Values, into: _Into) -> _Products:
    digits = signed_digits(values)
    bits = magnitude_bits(values)
    full = into.bits + bits + (0 if into.signed else values < 0)
    kept = np.minimum(np.maximum(full - into.dropped, 1), into.most) * (values != 0)
    return _Products(
        kept.astype(np.int16), digits > 2, _PAIR_LUT[into.family][full] * (digits == 2), kept * (digits > 1), bits + 1
    )


@lru_cache(maxsize=512)
def _between(low: int, high: int, into: _Into) -> _Products:
    """Of all integers between two."""
    return _products(np.arange(low, high + 1), into)


def _sums(node: Dense, source: FixedPoint, family: Family) -> Sums:
    """By the values that the weights have, which are fewer than the weights."""
    dropped = max(0, source.fraction + node.weight_type.fraction - node.accumulator.fraction)
    into = _Into(source.width, source.signed, dropped, node.accumulator.width, family)
    low, high = int(node.weight.min()), int(node.weight.max())
    if high - low < _FEW:
        of, place = _between(low, high, into), node.weight - low
    else:
        values, inverse = np.unique(node.weight, return_inverse=True)
        of, place = _products(values, into), inverse.reshape(node.weight.shape)
    bias = np.minimum(magnitude_bits(node.bias) + 1, into.most) * (node.bias != 0)
    widths = np.concatenate([of.kept[place], bias.astype(np.int16)[None]])
    nonzero = np.count_nonzero(widths[:-1], axis=0)
    counts = _distinct(place, len(of.kept))
    return Sums(
        widths=widths,
        multiplied=np.count_nonzero(of.multiplied[place], axis=0),
        terms=nonzero + (bias > 0),
        multipliers=int(counts @ of.multiplied),
        constant_bits=int((of.bits * of.multiplied * (counts > 0)).max(initial=0)),
        product_lut=int(counts @ of.lut),
        product_bits=int(counts @ of.made),
        accumulator_bits=into.most,
        family=into.family,
        used_inputs=int(np.count_nonzero(node.weight.any(axis=1))),
        used_outputs=int(np.count_nonzero(nonzero)),
    )


def _distinct(place: Array, values: int) -> Array:
    """How many inputs are multiplied by each value; by the same one more than once is one product.

    Args:
        place: (n_in, n_out) index of each weight's value.
        values: how many there are.
    """
    found = np.zeros(values, dtype=np.int64)
    rows = max(1, _AT_ONCE // values)
    for start in range(0, len(place), rows):
        part = place[start : start + rows]
        there = np.zeros((len(part), values), dtype=bool)
        there[np.arange(len(part))[:, None], part] = True
        found += np.count_nonzero(there, axis=0)
    return found


_KNOWN: WeakKeyDictionary[Dense, tuple[FixedPoint, Sums]] = WeakKeyDictionary()


def sums(node: Dense, source: FixedPoint, family: Family) -> Sums:
    """The products and sums of a dense layer that reads numbers of a type; counted once for a node."""
    known = _KNOWN.get(node)
    if known is None or known[0] != source or known[1].family is not family:
        known = (source, _sums(node, source, family))
        _KNOWN[node] = known
    return known[1]
