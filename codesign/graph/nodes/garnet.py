"""Graph layers that gather the features of vertices at aggregators, and hand them back (GarNet)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import log2

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint, Overflow
from codesign.graph.nodes.base import IntArray, Node, check_array, register

DISTANCE = FixedPoint(True, 12, 4, overflow=Overflow.SAT)  # hls4ml lets nobody choose it
_COUNT_BITS = 32  # C++ compares wider ones with numbers of vertices by another rule


class VertexCollapse(str, Enum):
    """What becomes of the vertices."""

    NONE = "none"
    MEAN = "mean"


@dataclass(frozen=True, eq=False, kw_only=True)
class _Aggregation(Node):
    """What both ways of computing a layer share.

    It reads features of shape (vertices, features), and how many of these vertices count: the first number of the
    other result.

    Attributes:
        distance_weight: (aggregators, features) integers of `distance_weight_type`.
        distance_bias: (aggregators,) integers of `distance_bias_type`.
        output_bias: (n_out,) integers of `output_bias_type`.
        table: (4096,) integers of `table_type`: the weight of an edge by the low 12 bits of a `fixed<12,4,TRN,SAT>`.
        accumulator: type of sums (`aggr`).
        mean_by_count: whether means are over the vertices that count, not over all of them.
        partial: whether fewer vertices than all may count where vertices are the result. Nothing may read the others
            then, which are 0 here and anything in C++; otherwise such samples are refused.
    """

    distance_weight: IntArray
    distance_weight_type: FixedPoint
    distance_bias: IntArray
    distance_bias_type: FixedPoint
    output_bias: IntArray
    output_bias_type: FixedPoint
    table: IntArray
    table_type: FixedPoint
    accumulator: FixedPoint
    mean_by_count: bool
    partial: bool = False

    def _check_shared(self, sources: tuple[Node, ...]) -> tuple[int, int, int, int]:
        """Its numbers of vertices, features, aggregators and results."""
        if len(sources) != 2:
            raise GraphError(f"node {self.name!r} reads {len(sources)} results, expected 2: features and their count")
        features, count = sources
        if len(features.shape) != 2 or not features.size:
            raise GraphError(f"node {self.name!r} reads shape {features.shape}, expected (vertices, features)")
        if count.size < 1:
            raise GraphError(f"node {self.name!r} reads a count of shape {count.shape}, which holds no number")
        if count.result.integer > _COUNT_BITS:
            raise GraphError(
                f"node {self.name!r} reads a count of type {count.result}; it may have {_COUNT_BITS} integer bits"
            )
        if self.mean_by_count and count.result.fraction < 0:
            raise GraphError(
                f"node {self.name!r} divides by a count of type {count.result}; give it a type that holds odd numbers"
            )
        (vertices, n_in), aggregators, n_out = features.shape, self.distance_bias.size, self.output_bias.size
        if not aggregators or not n_out:
            raise GraphError(f"node {self.name!r} has {aggregators} aggregators and {n_out} results; give at least one")
        weights = (aggregators, n_in)
        check_array(self, "distance_weight", self.distance_weight, self.distance_weight_type, weights)
        check_array(self, "distance_bias", self.distance_bias, self.distance_bias_type, (aggregators,))
        check_array(self, "output_bias", self.output_bias, self.output_bias_type, (n_out,))
        check_array(self, "table", self.table, self.table_type, (1 << DISTANCE.width,))
        return vertices, n_in, aggregators, n_out

    def _check_shape(self, expected: tuple[int, ...]) -> None:
        if self.shape != expected:
            raise GraphError(f"node {self.name!r} has shape {self.shape}, expected {expected}")


@register("garnet")
@dataclass(frozen=True, eq=False, kw_only=True)
class GarNet(_Aggregation):
    """Features weighted by distances to aggregators, their means multiplied by weights, and weighted once more.

    Attributes:
        input_weight: (n_out, aggregators, features) integers of `input_weight_type`.
        input_bias: (n_out, aggregators) integers of `input_bias_type`.
        weight_accumulator: type of sums of edges' weights (`edge_weight_aggr`).
        norm_type: type of the reciprocal that `mean_by_count` multiplies by (`norm`).
        collapse: whether the result is a mean over vertices.
        reuse_factor: groups that vertices are summed in, a divisor of their number.
    """

    input_weight: IntArray
    input_weight_type: FixedPoint
    input_bias: IntArray
    input_bias_type: FixedPoint
    weight_accumulator: FixedPoint
    norm_type: FixedPoint
    collapse: VertexCollapse
    reuse_factor: int = 1

    @property
    def log2_reuse_factor(self) -> int:
        """Of the reuse factor, rounded down."""
        return int(log2(self.reuse_factor))

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        vertices, n_in, aggregators, n_out = self._check_shared(sources)
        if self.reuse_factor < 1 or vertices % self.reuse_factor:
            raise GraphError(
                f"node {self.name!r} has reuse_factor {self.reuse_factor}; it must divide the {vertices} vertices"
            )
        check_array(self, "input_weight", self.input_weight, self.input_weight_type, (n_out, aggregators, n_in))
        check_array(self, "input_bias", self.input_bias, self.input_bias_type, (n_out, aggregators))
        self._check_shape((vertices, n_out) if self.collapse is VertexCollapse.NONE else (n_out,))


@register("garnet_reference")
@dataclass(frozen=True, eq=False, kw_only=True)
class GarNetReference(_Aggregation):
    """The same layer, its input and output transforms left apart (hls4ml's `ref_impl`).

    Attributes:
        input_weight: (n_propagate, features) integers of `input_weight_type`.
        input_bias: (n_propagate,) integers of `input_bias_type`.
        output_weight: (n_out, aggregators, n_propagate) integers of `output_weight_type`.
    """

    input_weight: IntArray
    input_weight_type: FixedPoint
    input_bias: IntArray
    input_bias_type: FixedPoint
    output_weight: IntArray
    output_weight_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        vertices, n_in, aggregators, n_out = self._check_shared(sources)
        n_propagate = self.input_bias.size
        if not n_propagate:
            raise GraphError(f"node {self.name!r} propagates no features; give at least one")
        check_array(self, "input_weight", self.input_weight, self.input_weight_type, (n_propagate, n_in))
        check_array(self, "input_bias", self.input_bias, self.input_bias_type, (n_propagate,))
        weights = (n_out, aggregators, n_propagate)
        check_array(self, "output_weight", self.output_weight, self.output_weight_type, weights)
        self._check_shape((vertices, n_out))
