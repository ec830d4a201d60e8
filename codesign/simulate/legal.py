"""Samples that a node's C++ takes: what it would read outside its arrays with is not among them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import numpy as np

from codesign.graph import Embedding, FixedPoint, GarNet, GarNetReference, IntArray, Node, VertexCollapse
from codesign.simulate.ap import Ap
from codesign.simulate.kernels.garnet import visited_vertices


@singledispatch
def legal(node: Node, given: list[IntArray], types: Sequence[FixedPoint]) -> list[IntArray]:
    """Samples of a node's sources, changed where its C++ has no answer to them: for a few classes only.

    Args:
        node: the operation.
        given: for each source, (samples, numbers) integers.
        types: of the sources.
    """
    return given


def legal_words(node: Embedding, type_: FixedPoint) -> int:
    """How many integers of a type, from 0 on, name a place in the table; C++ reads past its ends for any other."""
    rows, columns = node.table.shape
    last = (rows - 1) * columns
    if not columns:
        return 1
    most = ((last + 1 << type_.fraction) - 1) // columns if type_.fraction >= 0 else last // columns >> -type_.fraction
    return int(min(most, type_.max_int)) + 1


@legal.register
def _(node: Embedding, given: list[IntArray], types: Sequence[FixedPoint]) -> list[IntArray]:
    return [np.abs(values) % legal_words(node, type_) for values, type_ in zip(given, types, strict=True)]


@legal.register
def _(node: GarNet, given: list[IntArray], types: Sequence[FixedPoint]) -> list[IntArray]:
    features, counts = given
    vertices = features.shape[1] // node.distance_weight.shape[1]
    type_ = types[1]
    most = min(vertices << max(type_.fraction, 0), type_.max_int)
    words = np.unique(np.concatenate([counts[:, 0], np.linspace(0, most, 65).astype(np.int64)]))
    visited = visited_vertices(node, Ap(words, type_), vertices)
    fits = visited <= vertices
    if node.collapse is VertexCollapse.NONE and not node.partial:
        fits &= visited == vertices
    if node.mean_by_count:
        fits &= (words != 0) & ((words > 0) | (type_.fraction != 0))
    chosen = counts.copy()
    chosen[:, 0] = words[fits][np.arange(len(counts)) % int(fits.sum())]
    return [features, chosen]


@legal.register
def _(node: GarNetReference, given: list[IntArray], types: Sequence[FixedPoint]) -> list[IntArray]:
    if node.partial:
        return given
    features, counts = given
    chosen = counts.copy()
    chosen[:, 0] = types[1].max_int  # no number of a vertex, or past the last one
    return [features, chosen]
