"""Softmax as hls4ml's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, frozen, register, same_size

_LEGACY_INTEGER_BITS = -32


class SoftmaxImplementation(str, Enum):
    """hls4ml's four ways."""

    LATENCY = "latency"
    STABLE = "stable"
    LEGACY = "legacy"
    ARGMAX = "argmax"


class SoftmaxDifference(str, Enum):
    """What a `stable` softmax takes the exponential of; hls4ml's releases differ."""

    MAX_MINUS_X = "max_minus_x"  # today's: the table holds exp(-d)
    X_MINUS_MAX = "x_minus_max"  # older ones': the table holds exp(d)


@register("softmax")
@dataclass(frozen=True, eq=False, kw_only=True)
class Softmax(Node):
    """Softmax over slices of the result, as hls4ml's tables.

    Number j of slice (i, k) is number `(i * n_slice + j) * n_inner + k` of the flat result: each slice is
    `n_slice` numbers, `n_inner` apart.

    `stable`: d = norm(max - x); e = accum(exp_table[top bits of d]); s = inv_input(sum of e in accum, as a
    balanced tree); r = inv_table[top bits of s]; result(e * r). `latency`: the same with d = x.
    `argmax`: one-hot at the first maximum, and no tables. `legacy`: for every pair a table of exp(x_j - x_i)
    with its own fixed index arithmetic, summed in the table type, then the inverse table.

    Attributes:
        exp_table: (table_size,) integers of `exp_type`; empty for argmax.
        inv_table: (table_size,) integers of `inv_type`; empty for argmax.
        norm: type of the exponential's argument (`inp_norm_t`).
        accumulator: type of the exponentials and their partial sums (`accum_t`).
        inv_input: type of the sum that indexes `inv_table` (`inv_inp_t`).
        difference: which way round a `stable` softmax takes d; the others have none.
        n_slice: numbers in a slice; None where slices run along the last axis.
        n_inner: the distance between neighbours in a slice.
    """

    implementation: SoftmaxImplementation
    exp_table: IntArray = field(default_factory=lambda: frozen([]))
    exp_type: FixedPoint | None = None
    inv_table: IntArray = field(default_factory=lambda: frozen([]))
    inv_type: FixedPoint | None = None
    norm: FixedPoint | None = None
    accumulator: FixedPoint | None = None
    inv_input: FixedPoint | None = None
    difference: SoftmaxDifference = SoftmaxDifference.MAX_MINUS_X
    n_slice: int | None = None
    n_inner: int = 1

    @property
    def slice_length(self) -> int:
        """Numbers in a slice."""
        return self.shape[-1] if self.n_slice is None else self.n_slice

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = same_size(self, sources)
        if self.shape[-1] != source.shape[-1]:
            raise GraphError(f"node {self.name!r} has shape {self.shape}, but reads shape {source.shape}")
        self._check_slices()
        if self.implementation is SoftmaxImplementation.ARGMAX:
            return
        legacy = self.implementation is SoftmaxImplementation.LEGACY
        for name, table, type_ in (
            ("exp_table", self.exp_table, self.exp_type),
            ("inv_table", self.inv_table, self.inv_type),
        ):
            if legacy and (type_ is None or table.size < 2):
                raise GraphError(f"node {self.name!r}: {name} needs a type and at least two entries")
            if not legacy and (type_ is None or table.size < 2 or table.size & (table.size - 1)):
                raise GraphError(f"node {self.name!r}: {name} needs a type and a power of two of entries")
            assert type_ is not None
            check_array(self, name, table, type_, (table.size,))
        if self.norm is None or self.accumulator is None or self.inv_input is None:
            raise GraphError(f"node {self.name!r}: softmax {self.implementation.value} lacks an internal type")
        if legacy:
            if source.result.integer < _LEGACY_INTEGER_BITS:  # its index is computed, not cut out of a word
                raise GraphError(
                    f"node {self.name!r} reads {source.result}: hls4ml's C++ has no table index for fewer than "
                    f"{_LEGACY_INTEGER_BITS} integer bits; use a type with more"
                )
            return
        index = source.result if self.implementation is SoftmaxImplementation.LATENCY else self.norm
        for name, table, type_ in (("exp_table", self.exp_table, index), ("inv_table", self.inv_table, self.inv_input)):
            if table.size > 1 << type_.width:
                raise GraphError(
                    f"node {self.name!r}: {name} has {table.size} entries, but {type_}, whose top bits index it, has "
                    f"{type_.width} bits; use a wider type or a smaller table"
                )

    def _check_slices(self) -> None:
        if self.n_inner < 1 or self.slice_length < 1 or self.size % (self.slice_length * self.n_inner):
            raise GraphError(
                f"node {self.name!r}: slices of {self.slice_length} numbers, {self.n_inner} apart, "
                f"do not divide {self.size} numbers"
            )
        if self.difference is not SoftmaxDifference.MAX_MINUS_X and (
            self.implementation is not SoftmaxImplementation.STABLE
        ):
            raise GraphError(
                f"node {self.name!r}: softmax {self.implementation.value} takes no difference, so it has no "
                f"{self.difference.value}; leave it out"
            )
