"""Dense layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from codesign.errors import GraphError, UnsupportedLayerError
from codesign.graph.fixed_point import FixedPoint, Overflow
from codesign.graph.nodes import Dense, IntArray, Node, frozen
from codesign.graph.reading.distributed_arithmetic import read_matrix
from codesign.graph.reading.precision import read_weight, type_of
from codesign.graph.reading.products import counts_agreement, read_products
from codesign.graph.reading.registry import reads

_STRATEGIES = ("latency", "resource", "resource_unrolled")


def dense_strategy(node: Any) -> str:
    """The strategy whose C++ a dense layer is computed by.

    Raises:
        UnsupportedLayerError: it is none that we carry.
    """
    strategy = str(node.get_attr("strategy") or "latency").lower()
    if strategy not in _STRATEGIES:
        raise UnsupportedLayerError(f"layer {node.name!r} has strategy {strategy!r}; choose {', '.join(_STRATEGIES)}")
    config = node.model.config
    if config.backend.name == "Vitis" and config.get_config_value("IOType") == "io_stream":
        # Vitis' nnet_dense_stream.h never calls the code that was generated for the layer.
        return "resource" if strategy == "resource_unrolled" else strategy
    return strategy


def check_generated(node: Any) -> None:
    """Refuse a layer whose C++ names code that hls4ml has not generated.

    It generates none for a reuse factor of 1, also where it lowered another one to that.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    named = "dense_resource_unrolled_" in str(node.get_attr("config_cpp") or "")
    if named and not node.get_attr("resource_unrolled_dense_codegen"):
        raise UnsupportedLayerError(
            f"layer {node.name!r} has strategy resource_unrolled and, as hls4ml picks it, reuse factor "
            f"{int(node.get_attr('reuse_factor') or 1)}, for which it writes no code; the C++ does not compile: "
            "use strategy latency or resource, or a larger reuse factor"
        )


def unrolled(node: Any, weight: IntArray, key: str = "weight") -> IntArray:
    """Weights as hls4ml's generated code has them: it leaves out those whose raw number is 0, binary -1 among them.

    Args:
        node: of strategy `resource_unrolled`.
        weight: the integers that the weights stand for, in the order of the raw numbers.
        key: of the weights.
    """
    return frozen(np.where(np.reshape(node.weights[key].data, weight.shape) == 0, 0, weight))


def check_left_out(
    node: Any, weight: IntArray, accumulator: FixedPoint, bias_type: FixedPoint, key: str = "weight"
) -> None:
    """Refuse a layer of strategy `resource_unrolled` where it matters that a weight that is 0 is not left out.

    Raises:
        UnsupportedLayerError: naming the layer and its accumulator.
    """
    rounded_away = np.any((weight == 0) & (np.reshape(node.weights[key].data, weight.shape) != 0))
    if rounded_away and accumulator.overflow is Overflow.SAT_SYM and bias_type == accumulator:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has strategy resource_unrolled, weights that round to 0 and an accumulator "
            f"{accumulator} of the bias' very type; give one of them another type, or choose resource"
        )


@reads("Dense")
def read_dense(node: Any, common: dict[str, Any]) -> Node:
    """A dense layer."""
    if node.get_attr("da_codegen"):
        return _distributed(node, common)
    check_generated(node)
    found = read_products(node)
    weight = found.values
    bias, bias_type = read_weight(node, "bias")
    strategy = dense_strategy(node)
    accumulator = type_of(node, "accum")
    if strategy == "resource_unrolled":
        check_left_out(node, weight, accumulator, bias_type)
        weight = unrolled(node, weight)
    n_in, n_out = int(node.get_attr("n_in")), int(node.get_attr("n_out"))
    if weight.size != n_in * n_out:
        raise GraphError(f"layer {node.name!r}: {weight.size} weights for {n_in} x {n_out}")
    # Without its conversion to channels_last, hls4ml keeps PyTorch's (n_out, n_in), and its C++ reads (n_in, n_out).
    transposed = node.get_attr("_weights_transposed", False)
    weight = frozen(weight.reshape(n_out, n_in).T if transposed else weight.reshape(n_in, n_out))
    return Dense(
        **common,
        weight=weight,
        weight_type=found.type,
        bias=bias,
        bias_type=bias_type,
        accumulator=accumulator,
        reuse_factor=int(node.get_attr("reuse_factor") or 1),
        strategy=strategy,
        product=found.product,
        exponent_width=found.exponent_width,
        counts_agreement=counts_agreement(node),
    )


def _distributed(node: Any, common: dict[str, Any]) -> Node:
    """A dense layer of which hls4ml kept the code alone: its sums are exact, in any accumulator that holds them."""
    found = read_matrix(node, int(node.get_attr("n_in")), int(node.get_attr("n_out")))
    return Dense(
        **common,
        weight=found.weight,
        weight_type=found.weight_type,
        bias=found.bias,
        bias_type=found.bias_type,
        accumulator=found.sums,
        strategy="distributed_arithmetic",
    )
