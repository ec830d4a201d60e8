"""LSTM and GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.gate_tables import gate_table
from codesign.graph.nodes import GateFunction, Gru, IntArray, Lstm, Node, Recurrent, frozen
from codesign.graph.reading.precision import class_names, read_type, read_weight, type_of
from codesign.graph.reading.registry import reads

_CLASSES: dict[str, type[Recurrent]] = {"LSTM": Lstm, "GRU": Gru}


@reads("LSTM", "GRU")
def read_recurrent(node: Any, common: dict[str, Any]) -> Node:
    """A recurrent layer."""
    cls = _CLASSES[node.class_name]
    _check_outputs(node)
    if cls is Lstm:
        _check_one_type(node)
    strategy = str(node.get_attr("strategy") or "latency").lower()
    reuse, recurrent_reuse = int(node.get_attr("reuse_factor") or 1), int(node.get_attr("recurrent_reuse_factor") or 1)
    n_in, n = int(node.get_input_variable().shape[-1]), int(common["shape"][-1])
    _check_packs(node, n_in)
    for what, factor, terms in (("reuse factor", reuse, n_in), ("recurrent reuse factor", recurrent_reuse, n)):
        check_reuse(node, strategy, what, factor, terms, cls.GATES * n, picked_by=reuse)
    activation, gate = (gate_function(node, key) for key in ("activation", "recurrent_activation"))
    table_type = type_of(node, "table")
    entries = int(node.get_attr("table_size"))
    swap = cls is Gru and bool(node.get_attr("pytorch", False))
    transposed = bool(node.get_attr("_weights_transposed", False))
    weight, weight_type = _matrix(node, "weight", n_in, transposed)
    recurrent_weight, recurrent_weight_type = _matrix(node, "recurrent_weight", n, transposed)
    bias, bias_type = _vector(node, "bias", cls.GATES * n)
    recurrent_bias, recurrent_bias_type = _vector(node, "recurrent_bias", cls.GATES * n)
    order = gate_order(n, swap=swap) if cls is Gru else slice(None)
    return cls(
        **common,
        weight=frozen(weight[:, order]),
        weight_type=weight_type,
        bias=frozen(bias[order]),
        bias_type=bias_type,
        recurrent_weight=frozen(recurrent_weight[:, order]),
        recurrent_weight_type=recurrent_weight_type,
        recurrent_bias=frozen(recurrent_bias[order]),
        recurrent_bias_type=recurrent_bias_type,
        accumulator=type_of(node, "accum"),
        activation=activation,
        recurrent_activation=gate,
        table=gate_table(activation, entries, table_type),
        recurrent_table=gate_table(gate, entries, table_type),
        table_type=table_type,
        strategy=strategy,
        reuse_factor=reuse,
        recurrent_reuse_factor=recurrent_reuse,
    )


def gate_order(n: int, *, swap: bool) -> IntArray:
    """The columns of a GRU's weights as z, r, h; PyTorch's come as r, z, h."""
    parts = np.arange(3 * n).reshape(3, n)
    return np.asarray(parts[[1, 0, 2]] if swap else parts).ravel()


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


def check_reuse(node: Any, strategy: str, what: str, factor: int, n_in: int, n_out: int, *, picked_by: int) -> None:
    """Refuse a reuse factor with which hls4ml's C++ stops at an assertion, or adds up products past its weights.

    hls4ml picks the function by the reuse factor of the inputs (`picked_by`) for the state too, whose own may differ.

    Raises:
        UnsupportedLayerError: naming the layer, the factor and what to do.
    """
    if strategy == "latency":
        return
    used = min(factor, n_in * n_out)
    if strategy == "resource_unrolled" and not node.get_attr("resource_unrolled_dense_codegen_1"):
        raise UnsupportedLayerError(
            f"layer {node.name!r} has strategy resource_unrolled with reuse factor 1, for which hls4ml writes no "
            "code; use strategy resource or a larger reuse factor"
        )
    few = (factor if strategy == "resource_unrolled" else picked_by) <= n_in
    if (few and factor <= n_in and n_in % factor == 0) or (not few and used > n_in and used % n_in == 0):
        return
    raise UnsupportedLayerError(
        f"layer {node.name!r} has strategy {strategy} and {what} {factor} for {n_in} x {n_out} weights, where hls4ml's "
        "C++ stops at an assertion; use a reuse factor that divides both the numbers in a step and the units, "
        "or strategy latency"
    )


def _check_outputs(node: Any) -> None:
    if node.get_attr("return_state", False):
        raise UnsupportedLayerError(
            f"layer {node.name!r} returns its state, which hls4ml's C++ never writes; use return_state=False"
        )


def _check_packs(node: Any, n_in: int) -> None:
    pack = getattr(node.get_input_variable().type, "n_elem", n_in)
    if pack != n_in:
        raise UnsupportedLayerError(
            f"layer {node.name!r} reads a stream of packs of {pack} numbers as steps of {n_in}, past their end; "
            "use io_parallel"
        )


def _check_one_type(node: Any) -> None:
    """hls4ml's C++ of an LSTM compiles only where all these are one C++ type (nnet_recurrent.h, lstm)."""
    given = [node.get_input_variable(name).type.precision for name in node.inputs]
    found = {f"input {name!r}": kind for name, kind in zip(node.inputs, given, strict=True)}
    found["accum"] = node.types["accum_t"].precision
    found["result"] = node.get_output_variable().type.precision
    if len({_cpp_type(node, what, precision) for what, precision in found.items()}) > 1:
        texts = ", ".join(f"{what} {precision}" for what, precision in found.items())
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ for an LSTM compiles only where what it reads, its accum and its "
            f"result have the very same type; here they are {texts}: state one type for all of them in --precision"
        )


def _cpp_type(node: Any, what: str, precision: Any) -> tuple[FixedPoint, bool]:
    type_ = read_type(precision, layer=node.name, what=what)
    return type_, "IntegerPrecisionType" in class_names(precision)


def _matrix(node: Any, key: str, n_in: int, transposed: bool) -> tuple[IntArray, FixedPoint]:
    values, type_ = read_weight(node, key)
    columns = values.size // n_in
    return frozen(values.reshape(columns, n_in).T if transposed else values.reshape(n_in, columns)), type_


def _vector(node: Any, key: str, columns: int) -> tuple[IntArray, FixedPoint]:
    values, type_ = read_weight(node, key)
    if values.size != columns:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {key} has {values.size} numbers, expected {columns}; hls4ml takes the biases of a "
            "GRU with reset_after=False apart wrongly: use reset_after=True"
        )
    return frozen(values.ravel()), type_
