"""The unrolled products and sums of a matrix with constant weights, counted once for a matrix.

What depends on clock, part and reuse factor is not in here: a sweep over those counts the matrix once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from codesign.estimate.vitis.multipliers import signed_digits
from codesign.estimate.vitis.operators import adder_lut
from codesign.graph import Dense, FixedPoint

Array = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """What is added at one depth of all sums.

    Attributes:
        lut: of its adders.
        bits: of what is left to add after it.
    """

    lut: int
    bits: int


@dataclass(frozen=True, eq=False)
class Sums:
    """Products with constants, and their sums.

    Attributes:
        widths: (n_in + 1, n_out) bits of each product as the accumulator takes it, the bias last; 0 for none.
        multiplied: (n_out,) how many products of each sum take a multiplier.
        terms: (n_out,) how many numbers each sum has.
        multipliers: products that take a multiplier; equal products of an input are one.
        product_lut: LUTs of the adders that products with two digits are made of; a negative shift is subtracted
            where it is summed.
        product_bits: bits of all products but shifts, as the accumulator takes them.
        accumulator_bits: of the accumulator.
        used_inputs: inputs with a weight that is not zero.
        used_outputs: outputs with such a weight.
    """

    widths: Array
    multiplied: Array
    terms: Array
    multipliers: int
    product_lut: int
    product_bits: int
    accumulator_bits: int
    used_inputs: int
    used_outputs: int

    @cached_property
    def by_twos(self) -> tuple[Level, ...]:
        """The levels where pairs are added."""
        return tuple(self._levels(2))

    @cached_property
    def by_threes(self) -> tuple[Level, ...]:
        """The levels where three numbers are added at once."""
        return tuple(self._levels(3))

    def _levels(self, ary: int) -> list[Level]:
        left, found = np.sort(self.widths, axis=0), []
        left = left[int((left == 0).all(axis=1).sum()) :]
        while left.shape[0] > 1:
            short = -left.shape[0] % ary
            groups = np.concatenate([np.zeros((short, left.shape[1]), np.int64), left]).reshape(-1, ary, left.shape[1])
            present, widest = (groups > 0).sum(axis=1), groups.max(axis=1)
            left = np.where(present > 1, np.minimum(self.accumulator_bits, widest + present - 1), widest)
            lut = np.where(present == 2, adder_lut(left), 0) + np.where(present == 3, 2 * left, 0)
            found.append(Level(int(lut.sum()), int(left.sum())))
        return found


def _magnitude_bits(values: Array) -> Array:
    """ceil(log2(|value|)), 0 for 0 and 1."""
    below = np.maximum(np.abs(values) - 1, 0)
    exponents: Array = np.frexp(below.astype(np.float64))[1].astype(np.int64)
    return exponents


def _sums(node: Dense, source: FixedPoint) -> Sums:
    weight = node.weight
    digits, used = signed_digits(weight), weight != 0
    full = source.width + _magnitude_bits(weight) + ((weight < 0) & (not source.signed))
    dropped = max(0, source.fraction + node.weight_type.fraction - node.accumulator.fraction)
    kept = np.where(used, np.clip(full - dropped, 1, node.accumulator.width), 0)
    bias = np.where(node.bias != 0, np.minimum(_magnitude_bits(node.bias) + 1, node.accumulator.width), 0)
    first = _first_of_equals(weight) & used
    adds = first & (digits == 2)
    multiplies = first & (digits > 2)
    return Sums(
        widths=np.concatenate([kept, bias[None]]),
        multiplied=((digits > 2) & used).sum(axis=0),
        terms=used.sum(axis=0) + (node.bias != 0),
        multipliers=int(multiplies.sum()),
        product_lut=int(adder_lut(full[adds]).sum()),
        product_bits=int(kept[adds | multiplies].sum()),
        accumulator_bits=node.accumulator.width,
        used_inputs=int(used.any(axis=1).sum()),
        used_outputs=int(used.any(axis=0).sum()),
    )


def _first_of_equals(weight: Array) -> npt.NDArray[np.bool_]:
    """The first of equal weights of each input; the others are the same product."""
    order = np.argsort(weight, axis=1, kind="stable")
    ordered = np.take_along_axis(weight, order, axis=1)
    new = np.ones(weight.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(new)
    np.put_along_axis(first, order, new, axis=1)
    return first


_KNOWN: WeakKeyDictionary[Dense, tuple[FixedPoint, Sums]] = WeakKeyDictionary()


def sums(node: Dense, source: FixedPoint) -> Sums:
    """The products and sums of a dense layer that reads numbers of a type; counted once for a node."""
    known = _KNOWN.get(node)
    if known is None or known[0] != source:
        known = (source, _sums(node, source))
        _KNOWN[node] = known
    return known[1]
