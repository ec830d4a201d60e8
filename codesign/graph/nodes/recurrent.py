"""Recurrent layers: one direction through time of an LSTM or a GRU."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, frozen, register
from codesign.graph.nodes.product import Product, check_products, is_bit

_FEWEST_INTEGER_BITS = -32  # a quotient with fewer is undefined as a C++ int (to_ap_int_base)
RECURRENT_STRATEGIES = ("latency", "resource", "resource_unrolled")


def sums_all(reuse_factor: int, n_in: int, n_out: int) -> bool:
    """Whether hls4ml's C++ of the resource strategies adds every product to its sum (nnet_dense_resource.h)."""
    used = min(reuse_factor, n_in * n_out)
    return n_in % used == 0 or used % n_in == 0


class GateFunction(str, Enum):
    """The functions that hls4ml's recurrent layers have (nnet_recr_activations.h)."""

    RELU = "relu"
    SIGMOID = "sigmoid"
    TANH = "tanh"


class Direction(str, Enum):
    """The order in which the time steps are read; each result stays at the step of its input."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, eq=False, kw_only=True)
class Recurrent(Node):
    """What LSTM and GRU share; n_state numbers of state, GATES * n_state columns of weights.

    It reads (steps, n_in) numbers, and may read the states before the first step after them, each (n_state,) numbers of
    `result`; they are 0 where it does not. The result is (steps, n_state), or (n_state,): that of the last step read.

    Attributes:
        weight: (n_in, GATES * n_state) integers of `weight_type`, for what is read.
        bias: (GATES * n_state,) integers of `bias_type`.
        recurrent_weight: (n_state, GATES * n_state) integers of `recurrent_weight_type`, for the state.
        recurrent_bias: (GATES * n_state,) integers of `recurrent_bias_type`.
        accumulator: of both sums, of their sum, and of all that comes out of a function or gate.
        activation: of the candidate (and in an LSTM of the cell state).
        recurrent_activation: of the gates.
        table: (entries,) integers of `table_type` that `activation` takes its values from; none for relu.
        recurrent_table: the same for `recurrent_activation`.
        direction: of time.
        strategy: hls4ml's, one of `RECURRENT_STRATEGIES`; as in `Dense`.
        reuse_factor: times that the hardware uses one multiplier of `weight` in a step.
        product: how what is read and `weight` are multiplied, as in `Dense`.
        exponent_width: of `weight`, as in `Dense`.
        counts_agreement: of the sums of what is read, as in `Dense`; the result is cast into the accumulator.
        recurrent_reuse_factor: times that the hardware uses one multiplier of `recurrent_weight` in a step.
        recurrent_product: how the state and `recurrent_weight` are multiplied. hls4ml picks it by the type of what is
            read: with `data_binary`, a state of 0 stands for -1 and any other one for 1.
        recurrent_exponent_width: of `recurrent_weight`.
    """

    GATES: ClassVar[int]
    STATES: ClassVar[int]

    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    recurrent_weight: IntArray
    recurrent_weight_type: FixedPoint
    recurrent_bias: IntArray
    recurrent_bias_type: FixedPoint
    accumulator: FixedPoint
    activation: GateFunction
    recurrent_activation: GateFunction
    table: IntArray = field(default_factory=lambda: frozen([]))
    recurrent_table: IntArray = field(default_factory=lambda: frozen([]))
    table_type: FixedPoint | None = None
    direction: Direction = Direction.FORWARD
    strategy: str = "latency"
    reuse_factor: int = 1
    product: Product = Product.MULT
    exponent_width: int = 0
    counts_agreement: bool = False
    recurrent_reuse_factor: int = 1
    recurrent_product: Product = Product.MULT
    recurrent_exponent_width: int = 0

    @property
    def n_state(self) -> int:
        """Numbers of state."""
        return self.shape[-1]

    @property
    def sequences(self) -> bool:
        """Whether the result has every step's state, not only the last one's."""
        return len(self.shape) == 2

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        self._check_sources(sources)
        n_in, n, columns = sources[0].shape[1], self.n_state, self.GATES * self.n_state
        check_array(self, "weight", self.weight, self.weight_type, (n_in, columns))
        check_array(self, "bias", self.bias, self.bias_type, (columns,))
        check_array(self, "recurrent_weight", self.recurrent_weight, self.recurrent_weight_type, (n, columns))
        check_array(self, "recurrent_bias", self.recurrent_bias, self.recurrent_bias_type, (columns,))
        self._check_table("table", self.table, self.activation)
        self._check_table("recurrent_table", self.recurrent_table, self.recurrent_activation)
        self._check_products(sources[0].result)
        if self.strategy not in RECURRENT_STRATEGIES:
            raise GraphError(
                f"node {self.name!r} has strategy {self.strategy!r}; choose {', '.join(RECURRENT_STRATEGIES)}"
            )
        self._check_reuse("reuse factor", self.reuse_factor, n_in)
        self._check_reuse("recurrent reuse factor", self.recurrent_reuse_factor, n)

    def _check_reuse(self, what: str, factor: int, n_in: int) -> None:
        if factor < 1:
            raise GraphError(f"node {self.name!r} has {what} {factor}; it must be at least 1")
        if self.strategy != "latency" and not sums_all(factor, n_in, self.GATES * self.n_state):
            raise GraphError(
                f"node {self.name!r} has strategy {self.strategy} and {what} {factor}; it must divide {n_in}, or be a "
                "multiple of it"
            )

    def _check_products(self, source: FixedPoint) -> None:
        check_products(self, source, self.weight, self.product, self.exponent_width)
        if self.counts_agreement and not is_bit(source):
            raise GraphError(f"node {self.name!r} counts equal bits but reads {source}; it must be ufixed<1,1>")
        if self.recurrent_product is Product.BOTH_BINARY:
            raise GraphError(f"node {self.name!r} has recurrent product both_binary, which states do not have")
        state = FixedPoint(False, 1, 1) if self.recurrent_product is Product.DATA_BINARY else self.result
        check_products(
            self,
            state,
            self.recurrent_weight,
            self.recurrent_product,
            self.recurrent_exponent_width,
            what="recurrent_weight",
        )

    def _check_sources(self, sources: tuple[Node, ...]) -> None:
        if len(sources) not in (1, 1 + self.STATES):
            raise GraphError(
                f"node {self.name!r} reads {len(sources)} results, expected 1, or {1 + self.STATES} with the states "
                "before the first step"
            )
        steps, states = sources[0], sources[1:]
        if len(steps.shape) != 2:
            raise GraphError(f"node {self.name!r} reads shape {steps.shape}; it must be (steps, numbers in a step)")
        if self.shape not in ((self.n_state,), (steps.shape[0], self.n_state)):
            raise GraphError(
                f"node {self.name!r} has shape {self.shape}; after {steps.shape[0]} steps it is (n,) or "
                f"({steps.shape[0]}, n)"
            )
        for state in states:
            if state.shape != (self.n_state,) or state.result != self.result:
                raise GraphError(
                    f"node {self.name!r} starts from {state.name!r}, {state.result} of shape {state.shape}; "
                    f"a state is {self.result} of shape ({self.n_state},)"
                )

    def _check_table(self, name: str, table: IntArray, function: GateFunction) -> None:
        if function is GateFunction.RELU:
            if table.size:
                raise GraphError(f"node {self.name!r}: {name} has {table.size} entries, but relu takes none")
            return
        if self.table_type is None or table.ndim != 1 or table.size < 1:
            raise GraphError(f"node {self.name!r}: {function.value} needs a {name} with entries and a table_type")
        check_array(self, name, table, self.table_type, None)
        for type_ in (self.accumulator, self.result):
            if type_.integer < _FEWEST_INTEGER_BITS:
                raise GraphError(
                    f"node {self.name!r} takes {function.value} of {type_}: hls4ml's C++ has no table index for fewer "
                    f"than {_FEWEST_INTEGER_BITS} integer bits; use a type with more"
                )


@register("lstm")
@dataclass(frozen=True, eq=False, kw_only=True)
class Lstm(Recurrent):
    """Long short-term memory; the columns of the weights are those of the gates i, f, the candidate c, and the gate o.

    The states before the first step are h and s, in this order.
    """

    GATES: ClassVar[int] = 4
    STATES: ClassVar[int] = 2


@register("gru")
@dataclass(frozen=True, eq=False, kw_only=True)
class Gru(Recurrent):
    """Gated recurrent unit; the columns of the weights are those of the gates z, r and of the candidate h."""

    GATES: ClassVar[int] = 3
    STATES: ClassVar[int] = 1
