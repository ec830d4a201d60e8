"""Embeddings."""

from __future__ import annotations

from typing import Any

from codesign.graph.nodes import Embedding, Node, frozen
from codesign.graph.reading.precision import read_weight
from codesign.graph.reading.registry import reads


@reads("Embedding")
def read_embedding(node: Any, common: dict[str, Any]) -> Node:
    """Rows of a table, looked up by number."""
    table, table_type = read_weight(node, "embeddings")
    rows, columns = int(node.get_attr("vocab_size")), int(node.get_attr("n_out"))
    return Embedding(**common, table=frozen(table.reshape(rows, columns)), table_type=table_type)
