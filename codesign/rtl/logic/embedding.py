"""Rows of a table (nnet_embed.h, nnet_embed_stream.h)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Embedding
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import Variable, look_up, wrap
from codesign.rtl.logic.base import Wires, check_parameters, check_table, precast
from codesign.simulate.legal import legal_words


@check_parameters.register
def _(node: Embedding) -> None:
    check_table(node, node.table.shape[0])


@precast.register
def _(node: Embedding, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    columns = node.table.shape[1]
    # The index is a number times the row length, cut to an integer only then: half a row is a legal place to start.
    words = np.arange(legal_words(node, x.type)).astype(object) * columns
    starts = words >> x.type.fraction if x.type.fraction >= 0 else words << -x.type.fraction
    numbers = cast_integers(node.table.ravel(), node.table_type.fraction, node.result, source=node.table_type)
    tables = [[int(numbers[start + column]) for start in starts] for column in range(columns)]
    width = (len(starts) - 1).bit_length()
    for table in tables:
        table += [table[-1]] * ((1 << width) - len(table))
    indices = [wrap(v, False, width) for v in x.values]
    return [look_up(index, table) for index in indices for table in tables], node.result.fraction
