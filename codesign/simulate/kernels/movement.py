"""Nodes that move numbers (nnet_padding.h, nnet_cropping.h, nnet_image.h, nnet_transpose.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Cropping, FixedPoint, Resize, Transpose, ZeroPadding
from codesign.graph.cast import Integers
from codesign.simulate.kernels.operand import Operand, before_result, precast


@before_result.register(ZeroPadding)
@before_result.register(Cropping)
@before_result.register(Resize)
@before_result.register(Transpose)
def _(node: ZeroPadding | Cropping | Resize | Transpose, types: Sequence[FixedPoint]) -> FixedPoint:
    return types[0]


def surrounded(values: Integers, before: Sequence[int], after: Sequence[int], cell: int) -> Integers:
    """`values` (samples, *axes) with `cell`s before and after them along each axis."""
    if not any((*before, *after)):
        return values
    lengths = zip(before, values.shape[1:], after, strict=True)
    # np.pad would put NumPy's own integers among the Python integers of an object array.
    wider = np.full((values.shape[0], *map(sum, lengths)), cell, dtype=values.dtype)
    inside = (slice(start, start + length) for start, length in zip(before, values.shape[1:], strict=True))
    place = (slice(None), *inside)
    wider[place] = values
    return wider


@precast.register
def _(node: ZeroPadding, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    return surrounded(x.values, node.before, node.after, 0), x.type.fraction


@precast.register
def _(node: Cropping, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    ends = zip(node.before, node.shape, strict=True)
    kept = (slice(None), *(slice(start, start + length) for start, length in ends))
    return x.values[kept], x.type.fraction


@precast.register
def _(node: Resize, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    samples = x.values.shape[0]
    image = x.values.reshape(samples, *node.image)
    return image[:, list(node.rows)][:, :, list(node.columns)].reshape(samples, *node.shape), x.type.fraction


@precast.register
def _(node: Transpose, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    return x.values.transpose(0, *(axis + 1 for axis in node.axes)), x.type.fraction
