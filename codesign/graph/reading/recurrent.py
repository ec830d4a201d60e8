"""LSTM and GRU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.gate_tables import gate_table
from codesign.graph.nodes import (
    Concatenate,
    Direction,
    GateFunction,
    Gru,
    IntArray,
    Lstm,
    Node,
    Product,
    Recurrent,
    frozen,
)
from codesign.graph.nodes.recurrent import sums_all
from codesign.graph.reading.dense import check_left_out, unrolled
from codesign.graph.reading.precision import (
    class_names,
    input_precision,
    is_ap_int,
    read_type,
    read_weight,
    type_of,
    types,
)
from codesign.graph.reading.products import Weights, counts_agreement, is_ap_uint1, product_kind, read_products
from codesign.graph.reading.registry import Read, reads
from codesign.graph.reading.views import free_name, reshaped

_CLASSES: dict[str, type[Recurrent]] = {"LSTM": Lstm, "GRU": Gru}


@reads("LSTM", "GRU")
def read_recurrent(node: Any, common: dict[str, Any]) -> Read:
    """A recurrent layer."""
    cls = _CLASSES[node.class_name]
    _check_outputs(node)
    _check_packs(node)
    if cls is Lstm:
        _check_one_type(node)
    if node.get_attr("pass_initial_states", False):
        _check_initial_states(node)
    else:
        common = {**common, "inputs": common["inputs"][:1]}  # hls4ml's C++ starts from 0, whatever else is given
    n = int(common["shape"][-1])
    # PyTorch gives states a first axis of length 1.
    views, common = reshaped(node, common, dict.fromkeys(range(1, len(common["inputs"])), (n,)))
    cell = Cell(node, cls, n, int(node.get_attr("reuse_factor") or 1))
    return Read((*views, cls(**common, **cell.fields())), dict.fromkeys((*node.outputs, node.name), node.name))


@reads("Bidirectional")
def read_bidirectional(node: Any, common: dict[str, Any]) -> Read:
    """A recurrent layer in either direction, and their results beside each other."""
    _check_outputs(node)
    if node.model.config.get_config_value("IOType") == "io_stream":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ for Bidirectional takes arrays only; use io_parallel"
        )
    sizes = {direction: int(node.get_attr(f"{direction.value}_n_states")) for direction in Direction}
    if common["shape"][-1] != sum(sizes.values()):
        raise UnsupportedLayerError(
            f"layer {node.name!r} has a merge_mode that is not 'concat', for which hls4ml's C++ writes both directions "
            "beside each other, beyond its result; use merge_mode='concat' and a layer that merges the halves"
        )
    nodes = [_direction(node, common, direction, n) for direction, n in sizes.items()]
    both = Concatenate(
        **{**common, "inputs": tuple(item.name for item in nodes)},
        axis=len(common["shape"]) - 1,
    )
    return Read((*nodes, both), dict.fromkeys((*node.outputs, node.name), both.name))


def _direction(node: Any, common: dict[str, Any], direction: Direction, n: int) -> Node:
    class_name = str(node.get_attr(f"{direction.value}_class_name"))
    cls = _CLASSES.get(class_name)
    if cls is None:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has {class_name} in its {direction.value} direction; hls4ml's C++ has "
            f"{' and '.join(_CLASSES)}"
        )
    if cls is Lstm and not node.get_attr("static", True):
        _check_one_type(node)
    reuse_factor = int(node.get_attr("reuse_factor") or 1)
    cell = Cell(node, cls, n, reuse_factor, f"{direction.value}_")
    own = {
        "name": free_name(node, direction.value),
        "inputs": common["inputs"][:1],
        "shape": (*common["shape"][:-1], n),
        "direction": direction,
    }
    return cls(**{**common, **own, **cell.fields()})


@dataclass(frozen=True)
class Cell:
    """One direction of a recurrent layer of hls4ml.

    Attributes:
        layer: hls4ml's layer.
        cls: of the node.
        n: numbers of state.
        reuse_factor: that its C++ has for the inputs.
        prefix: of its attributes; a bidirectional layer has two cells.
    """

    layer: Any
    cls: type[Recurrent]
    n: int
    reuse_factor: int
    prefix: str = ""

    @property
    def strategy(self) -> str:
        """Of both sums."""
        return str(self.layer.get_attr("strategy") or "latency").lower()

    def fields(self) -> dict[str, Any]:
        """The fields of a node, but for those that every node has.

        Raises:
            UnsupportedLayerError: hls4ml's C++ does not compile, or stops, or a type is none that we carry.
        """
        layer, n_in = self.layer, int(self.layer.get_input_variable().shape[-1])
        recurrent_reuse = int(layer.get_attr(f"{self.prefix}recurrent_reuse_factor") or 1)
        picked_by = int(layer.get_attr(f"{self.prefix}reuse_factor") or 1)
        for what, factor, terms in (
            ("reuse factor", self.reuse_factor, n_in),
            ("recurrent reuse factor", recurrent_reuse, self.n),
        ):
            self._check_reuse(what, factor, terms, picked_by)
        accumulator, table_type = type_of(layer, "accum"), type_of(layer, "table")
        integers = is_ap_int(types(layer)["table_t"])
        activation = gate_function(layer, f"{self.prefix}activation")
        gate = gate_function(layer, f"{self.prefix}recurrent_activation")
        entries = int(layer.get_attr("table_size"))
        data = input_precision(layer)
        weight = self._weights("weight", n_in, data, accumulator)
        recurrent_weight = self._weights("recurrent_weight", self.n, self._state_precision(data), accumulator)
        order = self._columns()
        bias, bias_type = self._bias("bias")
        recurrent_bias, recurrent_bias_type = self._bias("recurrent_bias")
        return {
            "weight": frozen(weight.values[:, order]),
            "weight_type": weight.type,
            "product": weight.product,
            "exponent_width": weight.exponent_width,
            "counts_agreement": counts_agreement(layer, f"{self.prefix}weight"),
            "bias": frozen(bias[order]),
            "bias_type": bias_type,
            "recurrent_weight": frozen(recurrent_weight.values[:, order]),
            "recurrent_weight_type": recurrent_weight.type,
            "recurrent_product": recurrent_weight.product,
            "recurrent_exponent_width": recurrent_weight.exponent_width,
            "recurrent_bias": frozen(recurrent_bias[order]),
            "recurrent_bias_type": recurrent_bias_type,
            "accumulator": accumulator,
            "activation": activation,
            "recurrent_activation": gate,
            "table": gate_table(activation, entries, table_type, ap_int=integers),
            "recurrent_table": gate_table(gate, entries, table_type, ap_int=integers),
            "table_type": table_type,
            "strategy": self.strategy,
            "reuse_factor": self.reuse_factor,
            "recurrent_reuse_factor": recurrent_reuse,
        }

    def _columns(self) -> IntArray:
        """Where the columns of the gates stand; PyTorch's GRU has r before z."""
        parts = np.arange(self.cls.GATES * self.n).reshape(self.cls.GATES, self.n)
        swapped = self.cls is Gru and bool(self.layer.get_attr("pytorch", False))
        return np.asarray(parts[[1, 0, 2]] if swapped else parts).ravel()

    def _state_precision(self, data: Any) -> Any:
        """The precision by which hls4ml picks the product of the states: that of the inputs, where it is binary."""
        layer, key = self.layer, f"{self.prefix}recurrent_weight"
        kind = product_kind(data, layer.weights[key].type.precision)
        state = layer.get_output_variable().type.precision
        if kind is Product.BOTH_BINARY or (is_ap_uint1(state) and is_ap_uint1(layer.weights[key].type.precision)):
            raise UnsupportedLayerError(
                f"layer {layer.name!r} has binary {key} and reads or gives binary numbers, where hls4ml's C++ compares "
                "states with bits; use ternary weights, or inputs and results of more than one bit"
            )
        return data if kind is Product.DATA_BINARY else state

    def _weights(self, key: str, n_in: int, data: Any, accumulator: FixedPoint) -> Weights:
        """(n_in, columns) weights."""
        layer, key = self.layer, self.prefix + key
        found = read_products(layer, key, data=data)
        values = found.values
        if self.strategy == "resource_unrolled":
            bias_type = read_weight(layer, key.replace("weight", "bias"))[1]
            check_left_out(layer, values, accumulator, bias_type, key)
            values = unrolled(layer, values, key)
        columns = self.cls.GATES * self.n
        if values.size != n_in * columns:
            raise UnsupportedLayerError(
                f"layer {layer.name!r}: {key} has {values.size} numbers for steps of {n_in} numbers and {columns} "
                "columns, and hls4ml's C++ reads past their end; from PyTorch, convert with "
                "channels_last_conversion='off'"
            )
        transposed = bool(layer.get_attr("_weights_transposed", False))
        values = frozen(values.reshape(columns, n_in).T if transposed else values.reshape(n_in, columns))
        return replace(found, values=values)

    def _bias(self, key: str) -> tuple[IntArray, FixedPoint]:
        values, type_ = read_weight(self.layer, self.prefix + key)
        columns = self.cls.GATES * self.n
        if values.size != columns:
            raise UnsupportedLayerError(
                f"layer {self.layer.name!r}: {self.prefix}{key} has {values.size} numbers, expected {columns}; hls4ml "
                "takes the biases of a GRU with reset_after=False apart wrongly: use reset_after=True, or no bias"
            )
        return frozen(values.ravel()), type_

    def _check_reuse(self, what: str, factor: int, n_in: int, picked_by: int) -> None:
        """Refuse a reuse factor with which hls4ml's C++ stops at an assertion, or reads past its weights.

        hls4ml picks the function for the state by the reuse factor of the inputs, though the state has its own.
        """
        if self.strategy == "latency":
            return
        layer, n_out = self.layer, self.cls.GATES * self.n
        if self.strategy == "resource_unrolled":
            if not layer.get_attr("resource_unrolled_dense_codegen_1"):
                raise UnsupportedLayerError(
                    f"layer {layer.name!r} has strategy resource_unrolled with reuse factor 1, for which hls4ml writes "
                    "no code; use strategy resource or a larger reuse factor"
                )
            picked_by = factor
        used = min(factor, n_in * n_out)
        if (used <= n_in) == (picked_by <= n_in) and sums_all(factor, n_in, n_out):
            return
        raise UnsupportedLayerError(
            f"layer {layer.name!r} has strategy {self.strategy} and {self.prefix.replace('_', ' ')}{what} {factor} for "
            f"{n_in} x {n_out} weights, where hls4ml's C++ stops at an assertion (it picks its function by reuse "
            f"factor {picked_by}); use a reuse factor that divides both the numbers in a step and the units, "
            "or strategy latency"
        )


def gate_function(node: Any, key: str) -> GateFunction:
    """An activation of a recurrent layer.

    Raises:
        UnsupportedLayerError: hls4ml's recurrent layers do not have it.
    """
    name = str(node.get_attr(key))
    try:
        return GateFunction(name)
    except ValueError:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {key} is {name!r}, but hls4ml's C++ for recurrent layers has "
            f"{', '.join(item.value for item in GateFunction)} only and would not compile; use one of these"
        ) from None


def _check_outputs(node: Any) -> None:
    if node.get_attr("return_state", False):
        raise UnsupportedLayerError(
            f"layer {node.name!r} returns its state, which hls4ml's C++ never writes; use return_state=False"
        )


def _check_packs(node: Any) -> None:
    n_in = int(node.get_input_variable().shape[-1])
    pack = getattr(node.get_input_variable().type, "n_elem", n_in)
    if pack != n_in:
        raise UnsupportedLayerError(
            f"layer {node.name!r} reads a stream of packs of {pack} numbers as steps of {n_in}, past their end; "
            "use io_parallel"
        )


def _check_one_type(node: Any) -> None:
    """hls4ml's C++ of an LSTM compiles only where all these are one C++ type (nnet_recurrent.h, lstm)."""
    _check_same(
        node,
        "compiles only where what it reads, its accum and its result have the very same type",
        {
            "what it reads": node.get_input_variable().type.precision,
            "accum": node.types["accum_t"].precision,
            "result": node.get_output_variable().type.precision,
        },
    )


def _check_initial_states(node: Any) -> None:
    """Refuse initial states that hls4ml's C++ cannot take, or that others see it overwrite."""
    if node.model.config.get_config_value("IOType") == "io_stream":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ takes initial states as arrays only; use io_parallel"
        )
    states = {f"state {name!r}": node.get_input_variable(name).type.precision for name in node.inputs[1:]}
    states["result"] = node.get_output_variable().type.precision
    _check_same(node, "compiles only where initial states have the very type of the result", states)
    for what in ("weight", "bias"):
        kinds = {key: node.weights[key].type.precision for key in (what, f"recurrent_{what}")}
        _check_same(node, f"compiles with initial states only where {what} and recurrent_{what} have one type", kinds)
    for name in node.inputs[1:]:
        readers = [layer.name for layer in node.model.get_layers() if name in layer.inputs]
        if len(readers) > 1 or name in node.model.outputs:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: hls4ml's C++ overwrites the initial state {name!r}, which leaves the design or "
                f"is read by {', '.join(readers)}; give it a state of its own"
            )


def _check_same(node: Any, condition: str, precisions: Mapping[str, Any]) -> None:
    if len({_cpp_type(node, what, precision) for what, precision in precisions.items()}) > 1:
        texts = ", ".join(f"{what} {precision}" for what, precision in precisions.items())
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ for {node.class_name} {condition}; here they are {texts}: "
            "state one type for all of them in --precision"
        )


def _cpp_type(node: Any, what: str, precision: Any) -> tuple[FixedPoint, bool]:
    type_ = read_type(precision, layer=node.name, what=what)
    return type_, "IntegerPrecisionType" in class_names(precision)
