"""Numbers that are each cast into a type of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.errors import GraphError, PrecisionError
from codesign.graph.fixed_point import FixedPoint, Overflow, Rounding
from codesign.graph.nodes.base import IntArray, Node, register, same_size


@register("quantizer")
@dataclass(frozen=True, eq=False, kw_only=True)
class Quantizer(Node):
    """`result(T_k(x_k))`, where every number of a sample has a type T_k of its own; 0 where that has no bits.

    Attributes:
        signed: (n,) 1 where the type is signed, 0 elsewhere, for the n numbers of a sample in row-major order.
        width: (n,) its bits in all; 0 for a number that becomes 0.
        integer: (n,) its bits left of the binary point.
        rounding: of all those types.
        overflow: of all those types.
    """

    signed: IntArray
    width: IntArray
    integer: IntArray
    rounding: Rounding
    overflow: Overflow

    @property
    def types(self) -> tuple[tuple[FixedPoint | None, IntArray], ...]:
        """Each type with the places (row-major) of the numbers that are cast into it; None for those that become 0."""
        columns = np.stack([self.signed, self.width, self.integer])
        columns[:, self.width == 0] = 0
        distinct, which = np.unique(columns, axis=1, return_inverse=True)
        found = []
        for index in range(distinct.shape[1]):
            signed, width, integer = (int(value) for value in distinct[:, index])
            type_ = FixedPoint(bool(signed), width, integer, self.rounding, self.overflow) if width else None
            found.append((type_, np.flatnonzero(which.ravel() == index)))
        return tuple(found)

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        for name, values in (("signed", self.signed), ("width", self.width), ("integer", self.integer)):
            if values.shape != (self.size,):
                raise GraphError(f"node {self.name!r}: {name} has shape {values.shape}, expected {(self.size,)}")
        if np.any((self.signed != 0) & (self.signed != 1)):
            raise GraphError(f"node {self.name!r}: signed holds other numbers than 0 and 1")
        try:
            self.types  # noqa: B018  (each is checked as it is made)
        except PrecisionError as error:
            raise GraphError(f"node {self.name!r}: {error}") from error
