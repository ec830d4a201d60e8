"""Dense layers: a constant matrix as one adder graph where the accumulator loses nothing, else product by product."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.errors import UnsupportedLayerError
from codesign.graph import Dense, FixedPoint
from codesign.graph.cast import cast as cast_integers
from codesign.graph.cast import magnitude_bits
from codesign.rtl.arithmetic import Variable, add, add_constant, constant, multiply_matrix, shift_left, wrap
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, cast_bits, check_plain, precast, widest_number
from codesign.rtl.logic.exactness import is_exact, sums_wrap_only
from codesign.simulate.kernels.sums import order_counts


@precast.register
def _(node: Dense, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    accumulator = node.accumulator
    fraction = x.type.fraction + node.weight_type.fraction
    bias = [int(b) for b in cast_integers(node.bias, node.bias_type.fraction, accumulator, source=node.bias_type)]
    if is_exact(node, x.type):
        up = accumulator.fraction - fraction
        sums = multiply_matrix(x.values, node.weight)
        if sums_wrap_only(node, x.type):
            sums = [wrap(v, True, max(accumulator.width - up, 0)) for v in sums]
            totals = [
                add_constant(shift_left(v, min(up, accumulator.width)), b) for v, b in zip(sums, bias, strict=True)
            ]
            return [wrap(v, accumulator.signed, accumulator.width) for v in totals], accumulator.fraction
        totals = [add_constant(shift_left(v, up), b) for v, b in zip(sums, bias, strict=True)]
        return totals, accumulator.fraction
    totals = [constant(b) for b in bias]
    for v, weights in zip(x.values, node.weight, strict=True):
        products = [cast(product, fraction, accumulator) for product in multiply_matrix([v], weights[None, :])]
        totals = [
            cast(add(total, product), accumulator.fraction, accumulator)
            for total, product in zip(totals, products, strict=True)
        ]
    return totals, accumulator.fraction


@widest_number.register
def _(node: Dense, types: Sequence[FixedPoint]) -> int:
    check_plain(node, node.product)
    (source,) = types
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
        inside = max(cast_bits(product, fraction, accumulator), accumulator.width + 1)
    return int(max(inside, cast_bits(accumulator.width, accumulator.fraction, node.result)))
