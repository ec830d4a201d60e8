"""Each operation of a Graph as alkaid logic: from the integers it reads to the integers of its result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from alkaid.trace import trace
from alkaid.trace.passes import add_surrogate, dead_code_elimin, fuse_ternary_adders, optimize
from alkaid.types import CombLogic

from codesign.errors import UnsupportedLayerError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Input,
    Node,
    Normalize,
    Reshape,
    Softmax,
)
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import (
    MAX_BITS,
    Variable,
    add,
    add_constant,
    constant,
    inputs,
    maximum,
    multiply_constant,
    multiply_matrix,
    shift_left,
    wrap,
)
from codesign.rtl.casting import cast
from codesign.rtl.dense import is_exact, sums_wrap_only
from codesign.rtl.exact_lsb import exact_lowest_bits
from codesign.rtl.softmax import softmax
from codesign.simulate.kernels import before_result


@singledispatch
def precast(node: Node, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    """What a node computes before the cast into its `result`, as (integers, fraction bits).

    Args:
        node: the operation.
        x: the integers of the node it reads, row-major.
        source: their type.

    Raises:
        UnsupportedLayerError: the node's class has no logic.
    """
    raise UnsupportedLayerError(f"layer {node.name!r}: the RTL flow has no logic for {type(node).__name__}")


@precast.register(Input)
@precast.register(Reshape)
def _(node: Node, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    return list(x), source.fraction


@precast.register
def _(node: Activation, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    if node.function is ActivationFunction.RELU:
        return [maximum(v, constant(0)) for v in x], source.fraction
    return list(x), source.fraction


@precast.register
def _(node: Normalize, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    fraction = max(source.fraction + node.scale_type.fraction, node.bias_type.fraction)
    up = fraction - source.fraction - node.scale_type.fraction
    bias_up = fraction - node.bias_type.fraction
    found = []
    for index, v in enumerate(x):
        scale, bias = int(node.scale[index % node.scale.size]), int(node.bias[index % node.bias.size])
        found.append(add_constant(shift_left(multiply_constant(v, scale), up), bias << bias_up))
    return found, fraction


@precast.register
def _(node: Dense, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    accumulator = node.accumulator
    fraction = source.fraction + node.weight_type.fraction
    bias = [int(b) for b in cast_integers(node.bias, node.bias_type.fraction, accumulator, source=node.bias_type)]
    if is_exact(node, source):
        up = accumulator.fraction - fraction
        sums = multiply_matrix(x, node.weight)
        if sums_wrap_only(node, source):
            sums = [wrap(v, True, max(accumulator.width - up, 0)) for v in sums]
            totals = [
                add_constant(shift_left(v, min(up, accumulator.width)), b) for v, b in zip(sums, bias, strict=True)
            ]
            return [wrap(v, accumulator.signed, accumulator.width) for v in totals], accumulator.fraction
        totals = [add_constant(shift_left(v, up), b) for v, b in zip(sums, bias, strict=True)]
        return totals, accumulator.fraction
    totals = [constant(b) for b in bias]
    for v, weights in zip(x, node.weight, strict=True):
        products = [cast(product, fraction, accumulator) for product in multiply_matrix([v], weights[None, :])]
        totals = [
            cast(add(total, product), accumulator.fraction, accumulator)
            for total, product in zip(totals, products, strict=True)
        ]
    return totals, accumulator.fraction


@precast.register
def _(node: Softmax, x: Sequence[Variable], source: FixedPoint) -> tuple[list[Variable], int]:
    return softmax(node, x, source)


def _optimized(logic: CombLogic) -> CombLogic:
    try:
        return optimize(logic, surrogate=False)
    except RuntimeError:  # alkaid's search for a fixed point did not end; what it starts from is as right
        return optimize(logic, surrogate=False, retrace=False)


def node_logic(node: Node, source: Node, *, ternary_adders: bool) -> CombLogic:
    """A node as combinational logic from the integers of `source` to its own, row-major on both sides.

    Args:
        node: the operation.
        source: the node it reads; for an Input, itself.
        ternary_adders: join adders in threes, as one LUT6 carry chain holds them.

    Raises:
        UnsupportedLayerError: something inside is too wide to be held exactly.
    """
    with exact_lowest_bits():
        x = inputs(source.result, source.size)
        values, fraction = precast(node, x, source.result)
        before = before_result(node, [source.result])
        outputs = [cast(v, fraction, node.result, source=before) for v in values]
        logic = _optimized(trace(x, outputs, optimize=False))
        if ternary_adders:
            logic = dead_code_elimin(fuse_ternary_adders(logic))
        logic = add_surrogate(logic, _skip_op8_cost=True)
    widest = max((sum(op.qint.kif) for op in logic.ops), default=0)
    if widest > MAX_BITS:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: its logic holds numbers of {widest} bits, the RTL flow is exact up to {MAX_BITS}; "
            "give its inputs, weights or accumulator narrower types"
        )
    return logic
