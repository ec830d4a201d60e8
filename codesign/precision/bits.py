"""Types of so many bits: for given numbers, and for results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from codesign.errors import PrecisionError
from codesign.graph import FixedPoint, IntArray, Node, Overflow, Quantizer, Rounding, frozen, narrowest
from codesign.precision.rewrite import counts_bits
from codesign.precision.slots import Kind, Slot, slots

_MOST_BITS = 64


@dataclass(frozen=True)
class Bits:
    """How many bits a layer's numbers get; None leaves them as they are.

    Attributes:
        weights: of its weights and biases, each.
        activations: of its result.

    Raises:
        PrecisionError: a number outside 1..64.
    """

    weights: int | None = None
    activations: int | None = None

    def __post_init__(self) -> None:
        for what in ("weights", "activations"):
            bits = getattr(self, what)
            if bits is not None and not 1 <= bits <= _MOST_BITS:
                raise PrecisionError(f"{what} of {bits} bits are not possible; give 1 to {_MOST_BITS}")

    def over(self, other: Bits) -> Bits:
        """These, and the other's where there are none."""
        return Bits(
            other.weights if self.weights is None else self.weights,
            other.activations if self.activations is None else self.activations,
        )


def weight_slots(node: Node) -> tuple[Slot, ...]:
    """The weights and biases of a node whose bits may be chosen: not floats, nor bits that are counted."""
    if counts_bits(node):
        return ()
    found = tuple(slot for slot in slots(node) if slot.kind in (Kind.WEIGHT, Kind.BIAS))
    floats = any(getattr(node, slot.field).significant is not None for slot in found)
    return () if floats or all(slot.kind is Kind.BIAS for slot in found) else found


def fitted(values: IntArray, type_: FixedPoint, bits: int, *, what: str) -> FixedPoint:
    """The type of so many bits, signed as another one, whose range just holds what numbers are.

    It rounds to the nearest, ties to even, and saturates, but where it is the grid of `type_`: then it is that.

    Zeros alone have no fraction. A number less than one step beyond the upper end of the range becomes that end, as in
    QKeras' `quantized_bits`.

    Args:
        values: integers of `type_`.
        type_: theirs.
        bits: of the answer.
        what: they are, for messages.

    Raises:
        PrecisionError: one bit for signed numbers.
    """
    if type_.signed and bits < 2:
        raise PrecisionError(f"{what} has a sign and {bits} bit in all, which holds no number above 0; give at least 2")
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    if low == high == 0:
        return FixedPoint(type_.signed, bits, bits, Rounding.RND_CONV, Overflow.SAT)
    step = type_.step
    held = narrowest(min(low * step, Fraction(0)), max(high * step, Fraction(0)), type_.fraction)
    integer = held.integer + int(type_.signed and not held.signed)
    found = FixedPoint(type_.signed, bits, integer, Rounding.RND_CONV, Overflow.SAT)
    return type_ if found.same_grid(type_) else found


def of_bits(node: Node, type_: FixedPoint, bits: int) -> FixedPoint:
    """A result's type with another number of bits behind the point.

    Raises:
        PrecisionError: one bit for signed numbers.
    """
    if type_.signed and bits < 2:
        raise PrecisionError(
            f"layer {node.name!r}: its result has a sign and {bits} bit in all, which holds no number above 0; "
            "give at least 2 activation bits"
        )
    return replace(type_, width=bits)


def narrowed(node: Quantizer, bits: int) -> Quantizer:
    """A quantizer with as many bits for every number that has any, and a result that holds them all."""
    width = np.where(node.width > 0, bits, 0)
    made = replace(node, width=frozen(width))
    types = [type_ for type_, _ in made.types if type_ is not None]
    if not types:
        return node
    if bits < 2 and any(type_.signed for type_ in types):
        of_bits(node, FixedPoint(True, 2, 2), bits)
    low, high = min(type_.low for type_ in types), max(type_.high for type_ in types)
    whole = narrowest(min(low, Fraction(0)), max(high, Fraction(0)), max(type_.fraction for type_ in types))
    return replace(made, result=whole.with_modes(node.result.rounding, node.result.overflow))
