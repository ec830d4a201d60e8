"""Rows of a table (nnet_embed.h, nnet_embed_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.errors import InputDataError
from codesign.graph import Embedding, FixedPoint
from codesign.graph.cast import Integers
from codesign.simulate.ap import Ap
from codesign.simulate.kernels.operand import Operand, before_result, precast


@before_result.register
def _(node: Embedding, types: Sequence[FixedPoint]) -> FixedPoint:
    return node.table_type


@precast.register
def _(node: Embedding, operands: Sequence[Operand]) -> tuple[Integers, int]:
    (x,) = operands
    rows, columns = node.table.shape
    # The index is a number times the row length, cut to an integer only then: half a row is a legal place to start.
    starts = (Ap(x.values, x.type) * Ap.constant(columns)).truncated()
    if starts.size and (int(x.values.min()) < 0 or int(starts.max()) > (rows - 1) * columns):
        raise InputDataError(
            f"node {node.name!r} looks up a row outside its table of {rows}: it reads {x.type} integers from "
            f"{x.values.min()} to {x.values.max()}, and hls4ml's C++ would read past the table's ends; "
            f"give row numbers from 0 to {rows - 1}"
        )
    places = np.asarray(starts, dtype=np.int64)[..., None] + np.arange(columns)
    return node.table.ravel()[places], node.table_type.fraction
