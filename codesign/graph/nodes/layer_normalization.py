"""Layer normalization as hls4ml's table of inverse square roots."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, register, same_size

_LARGEST_RANGE_POWER = 30  # 1 << 31 is no C++ int


@register("layer_normalization")
@dataclass(frozen=True, eq=False, kw_only=True)
class LayerNormalization(Node):
    """Every n numbers less their mean, times the inverse root of their variance, times scale, plus bias.

    With A a cast into the accumulator: m = A(sum * factor), sum of A(x) in order; d_i = A(A(x_i) - m);
    v = A(s * factor), s the sum of A(d_i * d_i) in order; r = table[int(v * entries * 2**range_power)];
    result(d_i * r * scale_i + bias_i).

    Attributes:
        scale: (n,) integers of `scale_type`, where n divides the result's size.
        bias: (n,) integers of `bias_type`.
        accumulator: type of every sum, mean, difference and square (`accum_t`).
        factor: the integer of `factor_type` that sums are multiplied by to be means.
        table: (entries,) integers of `table_type`: inverse square roots of [0, 2**-range_power) and epsilon.
        range_power: of two, in the reach of the table (`table_range_power2`).
    """

    scale: IntArray
    scale_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    accumulator: FixedPoint
    factor: int
    factor_type: FixedPoint
    table: IntArray
    table_type: FixedPoint
    range_power: int = 0

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        n = self.scale.size
        if n == 0 or self.size % n:
            raise GraphError(f"node {self.name!r}: {n} scales do not divide {self.size} values")
        check_array(self, "scale", self.scale, self.scale_type, (n,))
        check_array(self, "bias", self.bias, self.bias_type, (n,))
        if self.table.size == 0:
            raise GraphError(f"node {self.name!r}: a table without entries; give it at least one")
        check_array(self, "table", self.table, self.table_type, (self.table.size,))
        if not self.factor_type.min_int <= self.factor <= self.factor_type.max_int:
            raise GraphError(
                f"node {self.name!r}: factor is {self.factor}, but {self.factor_type} holds "
                f"[{self.factor_type.min_int}, {self.factor_type.max_int}]"
            )
        if not 0 <= self.range_power <= _LARGEST_RANGE_POWER:
            raise GraphError(
                f"node {self.name!r} has range_power {self.range_power}; it must be 0 to {_LARGEST_RANGE_POWER}"
            )
