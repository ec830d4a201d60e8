"""What the RTL flow cannot build exactly, refused by the layer's name before any work is done."""

from __future__ import annotations

from functools import singledispatch

from codesign.errors import UnsupportedLayerError
from codesign.graph import (
    Activation,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Node,
    Normalize,
    Product,
    Reshape,
    Softmax,
    SoftmaxImplementation,
)
from codesign.graph.cast import magnitude_bits
from codesign.graph.softmax_tables import internal_types
from codesign.rtl.dense import is_exact
from codesign.simulate.kernels.sums import order_counts

# alkaid keeps ranges in float64; what it adds to a width on the way stays below 53 bits.
WIDEST = 50
LARGEST_TABLE_BITS = 14


def _cast_bits(width: int, fraction: int, to: FixedPoint) -> int:
    shift = fraction - to.fraction
    return width + 1 if shift > 0 else width + min(-shift, to.width + 1)


@singledispatch
def widest_number(node: Node, source: FixedPoint) -> int:
    """Bits of the widest number inside a node's logic.

    Raises:
        UnsupportedLayerError: the node's class has no logic.
    """
    raise UnsupportedLayerError(
        f"layer {node.name!r}: the RTL flow has no logic for {type(node).__name__}; "
        "it builds input, dense, normalize, activation, reshape and softmax"
    )


@widest_number.register(Input)
@widest_number.register(Reshape)
@widest_number.register(Activation)
def _(node: Node, source: FixedPoint) -> int:
    return _cast_bits(source.width, source.fraction, node.result)


def _check_plain(node: Normalize | Dense) -> None:
    if node.product is not Product.MULT:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the RTL flow has no logic for product {node.product.value!r} of bits or shifts; "
            "quantize its inputs and weights with quantized_bits"
        )


@widest_number.register
def _(node: Normalize, source: FixedPoint) -> int:
    _check_plain(node)
    fraction = max(source.fraction + node.scale_type.fraction, node.bias_type.fraction)
    product = source.width + magnitude_bits(node.scale) + fraction - source.fraction - node.scale_type.fraction
    bias = magnitude_bits(node.bias) + fraction - node.bias_type.fraction
    return _cast_bits(max(product, bias) + 1, fraction, node.result)


@widest_number.register
def _(node: Dense, source: FixedPoint) -> int:
    _check_plain(node)
    if node.counts_agreement:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the RTL flow does not count equal bits; "
            "quantize its inputs and weights with quantized_bits"
        )
    accumulator = node.accumulator
    product = source.width + magnitude_bits(node.weight)
    if node.order is not None and not is_exact(node, source) and order_counts(accumulator):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the RTL flow adds in the order of strategy latency, and with accumulator "
            f"{accumulator} the order of strategy {node.strategy} counts; use latency, or an accumulator that wraps"
        )
    if is_exact(node, source):
        inside = max(product + node.weight.shape[0].bit_length(), accumulator.width + 2)
    else:
        fraction = source.fraction + node.weight_type.fraction
        inside = max(_cast_bits(product, fraction, accumulator), accumulator.width + 1)
    return int(max(inside, _cast_bits(accumulator.width, accumulator.fraction, node.result)))


@widest_number.register
def _(node: Softmax, source: FixedPoint) -> int:
    if node.implementation is SoftmaxImplementation.ARGMAX:
        return max(source.width + 1, _cast_bits(1, 0, node.result))
    entries = max(node.exp_table.size, node.inv_table.size)
    if entries > 1 << LARGEST_TABLE_BITS:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: a table of {entries} entries, the RTL flow builds at most "
            f"{1 << LARGEST_TABLE_BITS}; give the softmax a smaller table_size"
        )
    t = internal_types(node)
    if node.implementation is SoftmaxImplementation.LEGACY:
        for size in (node.exp_table.size, node.inv_table.size):
            if size & (size - 1):
                raise UnsupportedLayerError(
                    f"layer {node.name!r}: a legacy table of {size} entries, the RTL flow builds powers of two; "
                    "give the softmax such a table_size"
                )
        inside = max(source.width + 1 + node.exp_table.size.bit_length() + 2, t.exp.width + 1)
        return max(inside, _cast_bits(t.inv.width, t.inv.fraction, node.result))
    product = t.accumulator.width + t.inv.width
    inside = max(t.accumulator.width + 1, _cast_bits(t.accumulator.width, t.accumulator.fraction, t.inv_input), product)
    if node.implementation is SoftmaxImplementation.STABLE:
        inside = max(inside, _cast_bits(source.width + 1, source.fraction, t.norm))
    return int(max(inside, _cast_bits(product, t.accumulator.fraction + t.inv.fraction, node.result)))


def check_supported(graph: Graph) -> None:
    """Refuse a Graph that the RTL flow cannot build exactly.

    Raises:
        UnsupportedLayerError: names the layer, what is too wide, and what to do.
    """
    for node in graph:
        source = graph[node.inputs[0]] if node.inputs else node
        widest = widest_number(node, source.result)
        if widest > WIDEST:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: its logic would hold numbers of {widest} bits, the RTL flow is exact up to "
                f"{WIDEST}; state narrower types for its input, weights, accumulator or result with --precision"
            )
