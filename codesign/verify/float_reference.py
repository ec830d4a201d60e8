"""Where a float32 model cannot be met exactly: declared from the Graph alone, before anything is compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from math import prod

import numpy as np

from codesign.graph import (
    BinaryThreshold,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dot,
    Einsum,
    EinsumDense,
    Elu,
    FixedPoint,
    Graph,
    HardActivation,
    IntArray,
    LayerNormalization,
    Merge,
    MergeOperation,
    Node,
    Normalize,
    Pooling,
    PoolingKind,
    PRelu,
    Recurrent,
    Selu,
    Softmax,
    SoftmaxImplementation,
    TableActivation,
    TernaryThreshold,
)
from codesign.graph.cast import magnitude_bits

FLOAT32_BITS = 24


def _bits(magnitude: int, trailing: int) -> int:
    """Significant bits of sums up to `magnitude` whose terms are all multiples of `2**trailing`."""
    return max(magnitude.bit_length() - trailing, 0)


def _trailing_zeros(values: IntArray) -> int:
    nonzero = [int(v) for v in np.unique(values) if v]
    return min(((v & -v).bit_length() - 1 for v in nonzero), default=0)


def _sum_bits(
    reach: int, weight: IntArray, weight_fraction: int, bias: IntArray, bias_fraction: int, source: FixedPoint
) -> int:
    """Bits that float32 must hold so that no partial sum of `x @ weight + bias` is rounded."""
    fraction = max(source.fraction + weight_fraction, bias_fraction)
    up = fraction - source.fraction - weight_fraction
    terms = np.abs(weight).astype(object).sum(axis=0) * reach * (1 << up)
    total = terms + np.abs(bias).astype(object) * (1 << (fraction - bias_fraction))
    step = min(_trailing_zeros(weight) + up, _trailing_zeros(bias) + fraction - bias_fraction if bias.any() else 10**9)
    return max((_bits(int(value), step) for value in np.asarray(total).ravel()), default=0)


@singledispatch
def inexact_in_float32(node: Node, sources: Sequence[FixedPoint]) -> str | None:
    """Why float32 arithmetic cannot reproduce this node exactly; None where it does.

    Args:
        node: the operation.
        sources: the types of the results that it reads, in order.
    """
    return None


def _weighted(node: Dense | Convolution | DepthwiseConvolution, weight: IntArray, source: FixedPoint) -> str | None:
    reach = max(source.max_int, -source.min_int)
    bias = np.resize(node.bias, weight.shape[1])
    return _too_wide(_sum_bits(reach, weight, node.weight_type.fraction, bias, node.bias_type.fraction, source))


@inexact_in_float32.register
def _(node: Dense, sources: Sequence[FixedPoint]) -> str | None:
    return _weighted(node, node.weight, sources[0])


@inexact_in_float32.register
def _(node: Normalize, sources: Sequence[FixedPoint]) -> str | None:
    (source,) = sources
    reach = max(source.max_int, -source.min_int)
    scale = node.scale.reshape(1, -1)
    return _too_wide(_sum_bits(reach, scale, node.scale_type.fraction, node.bias, node.bias_type.fraction, source))


@inexact_in_float32.register
def _(node: Convolution, sources: Sequence[FixedPoint]) -> str | None:
    return _weighted(node, node.weight.reshape(-1, node.weight.shape[-1]), sources[0])


@inexact_in_float32.register
def _(node: DepthwiseConvolution, sources: Sequence[FixedPoint]) -> str | None:
    return _weighted(node, node.weight.reshape(-1, node.weight.shape[-1]), sources[0])


@inexact_in_float32.register
def _(node: Merge, sources: Sequence[FixedPoint]) -> str | None:
    first, second = sources
    if node.operation is MergeOperation.MULTIPLY:
        return _too_wide(first.width + second.width)
    if node.operation in (MergeOperation.MAXIMUM, MergeOperation.MINIMUM):
        return None
    fraction, integer = max(first.fraction, second.fraction), max(first.integer, second.integer) + 1
    return _too_wide(integer + fraction)


@inexact_in_float32.register
def _(node: Pooling, sources: Sequence[FixedPoint]) -> str | None:
    if node.kind is PoolingKind.MAX:
        return None
    terms = prod(node.window)
    even = terms & (terms - 1) == 0 and (node.count_padding or not any((*node.before, *node.after)))
    if even and node.result.fraction >= sources[0].fraction + terms.bit_length() - 1:
        return _too_wide(sources[0].width + terms.bit_length() - 1)
    return "an average is a quotient, rounded"


@inexact_in_float32.register
def _(node: PRelu, sources: Sequence[FixedPoint]) -> str | None:
    return _too_wide(sources[0].width + magnitude_bits(node.alpha) - _trailing_zeros(node.alpha))


@inexact_in_float32.register(Dot)
@inexact_in_float32.register(Einsum)
@inexact_in_float32.register(EinsumDense)
def _(node: Node, sources: Sequence[FixedPoint]) -> str | None:
    return "float32 adds the products of an einsum in an order of its own"


@inexact_in_float32.register(Recurrent)
def _(node: Node, sources: Sequence[FixedPoint]) -> str | None:
    return "a hardware loop's gates are lookup tables"


@inexact_in_float32.register(LayerNormalization)
def _(node: Node, sources: Sequence[FixedPoint]) -> str | None:
    return "the inverse root in a hardware layer normalization is a lookup table"


@inexact_in_float32.register(HardActivation)
@inexact_in_float32.register(TernaryThreshold)
@inexact_in_float32.register(BinaryThreshold)
def _(node: Node, sources: Sequence[FixedPoint]) -> str | None:
    return "its parameters are rounded to their hardware types"


@inexact_in_float32.register(TableActivation)
@inexact_in_float32.register(Elu)
@inexact_in_float32.register(Selu)
def _(node: Node, sources: Sequence[FixedPoint]) -> str | None:
    return "the hardware function is a lookup table"


@inexact_in_float32.register
def _(node: Softmax, sources: Sequence[FixedPoint]) -> str | None:
    if node.implementation is SoftmaxImplementation.ARGMAX:
        return None
    return "hardware softmax is a pair of lookup tables"


def _too_wide(bits: int) -> str | None:
    if bits <= FLOAT32_BITS:
        return None
    return f"sums need {bits} bits, the model's float32 holds {FLOAT32_BITS}"


def float32_approximations(graph: Graph) -> dict[str, str]:
    """By node name, why a float32 model meets it only approximately: its own arithmetic, or a node before it."""
    found: dict[str, str] = {}
    for node in graph:
        before = [name for name in node.inputs if name in found]
        own = inexact_in_float32(node, [source.result for source in graph.sources(node)])
        if own is not None:
            found[node.name] = own
        elif before:
            origin = found[before[0]]
            found[node.name] = origin if origin.startswith("follows") else f"follows {before[0]!r}: {origin}"
    return found
