"""Dense layers."""

from __future__ import annotations

from typing import Any

from codesign.errors import GraphError, UnsupportedLayerError
from codesign.graph.nodes import Dense, Node, frozen
from codesign.graph.reading.precision import BINARY, input_type, read_weight, type_of
from codesign.graph.reading.registry import reads


@reads("Dense")
def read_dense(node: Any, common: dict[str, Any]) -> Node:
    """A dense layer."""
    weight, weight_type = read_weight(node, "weight")
    bias, bias_type = read_weight(node, "bias")
    source = input_type(node)
    if source.width == 1 and source.integer == 1 and not source.signed and weight_type == BINARY:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: binary inputs with binary weights (xnor) are not carried; "
            "use ternary or quantized_bits activations before it"
        )
    strategy = str(node.get_attr("strategy") or "latency").lower()
    if strategy not in ("latency", "resource"):
        raise UnsupportedLayerError(f"layer {node.name!r} has strategy {strategy!r}; choose latency or resource")
    n_in, n_out = int(node.get_attr("n_in")), int(node.get_attr("n_out"))
    if weight.size != n_in * n_out:
        raise GraphError(f"layer {node.name!r}: {weight.size} weights for {n_in} x {n_out}")
    if node.get_attr("_weights_transposed", False):
        weight = frozen(weight.reshape(n_out, n_in).T)
    return Dense(
        **common,
        weight=weight,
        weight_type=weight_type,
        bias=bias,
        bias_type=bias_type,
        accumulator=type_of(node, "accum"),
        reuse_factor=int(node.get_attr("reuse_factor") or 1),
        strategy=strategy,
    )
