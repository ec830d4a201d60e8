"""Rows of a table, looked up by number."""

from __future__ import annotations

from codesign.estimate.conditions import Conditions
from codesign.estimate.vitis import fabric
from codesign.estimate.vitis.families import LayerFamily, finished
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import loop_cycles, pieces, process, streams
from codesign.graph import Embedding, Node

_READ = 2
"""Clocks from an index to a row."""


@module.register
def _(node: Embedding, sources: tuple[Node, ...], conditions: Conditions) -> Module:
    rows, columns = node.table.shape
    bits = fabric.value_bits(node.table)
    cast = fabric.cast(node.table_type, node.result)
    # The table stands there row by row behind another, so each number of a row is a lookup of its own.
    index = fabric.add((rows * columns).bit_length())
    if not streams(conditions):
        stored = fabric.table(rows * columns, bits, node.size)
        reuse = conditions.reuse.get(node.name, 1)
        return finished(LayerFamily.EMBEDDING, stored + (index + cast).times(node.size), _READ, reuse)
    trips = pieces(node.shape)
    cycles = loop_cycles(trips, 1, _READ + 1)
    piece = fabric.table(rows * columns, bits, columns) + (index + cast).times(columns) + process(trips)
    return finished(LayerFamily.EMBEDDING, piece, cycles, cycles + 1)
