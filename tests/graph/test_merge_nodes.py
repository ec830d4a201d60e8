"""Merges, broadcasts, concatenations and embeddings check what they read."""

from __future__ import annotations

import pytest

from codesign.errors import GraphError
from codesign.graph import (
    Broadcast,
    Concatenate,
    Embedding,
    FixedPoint,
    Graph,
    Input,
    Merge,
    MergeOperation,
    Node,
    frozen,
)

T = FixedPoint.parse("fixed<4,2>")


def graph(node: Node, **shapes: tuple[int, ...]) -> Graph:
    ports = [Input(name=name, inputs=(), shape=shape, result=T) for name, shape in shapes.items()]
    return Graph("design", (*ports, node), (node.name,))


def merge(shape: tuple[int, ...], inputs: tuple[str, ...] = ("a", "b")) -> Merge:
    return Merge(name="m", inputs=inputs, shape=shape, result=T, operation=MergeOperation.ADD)


def test_a_merge_has_the_size_of_the_larger():
    assert graph(merge((2, 3)), a=(3,), b=(2, 3)).output_nodes[0].size == 6
    with pytest.raises(
        GraphError, match=r"'m' has shape \(4,\), but merges shapes \(3,\) and \(2, 3\); it must have as"
    ):
        graph(merge((4,)), a=(3,), b=(2, 3))
    with pytest.raises(GraphError, match="'m' reads 1 results, expected 2"):
        graph(merge((3,), ("a",)), a=(3,))


@pytest.mark.parametrize("shape", [(2, 3), (1, 3, 4), (2, 2, 3)])
def test_a_broadcast_repeats_axes_of_length_1_only(shape):
    node = Broadcast(name="n", inputs=("a",), shape=shape, result=T)
    with pytest.raises(GraphError, match=r"'n' broadcasts shape \(2, 1, 4\) to .*; both must have as many axes"):
        graph(node, a=(2, 1, 4))
    graph(Broadcast(name="n", inputs=("a",), shape=(2, 5, 4), result=T), a=(2, 1, 4))


def concatenate(shape: tuple[int, ...], axis: int, inputs: tuple[str, ...] = ("a", "b")) -> Concatenate:
    return Concatenate(name="c", inputs=inputs, shape=shape, result=T, axis=axis)


def test_concatenated_shapes_agree_and_add_up():
    graph(concatenate((2, 5), 1), a=(2, 3), b=(2, 2))
    graph(concatenate((2, 3), 1, ("a",)), a=(2, 3))
    for node, shapes in (
        (concatenate((2, 6), 1), {"a": (2, 3), "b": (2, 2)}),
        (concatenate((2, 5), 1), {"a": (2, 3), "b": (1, 2)}),
        (concatenate((4, 3), 0), {"a": (2, 3), "b": (2,)}),
    ):
        with pytest.raises(GraphError, match=r"'c' concatenates shapes .*; they must agree on every other axis"):
            graph(node, **shapes)
    with pytest.raises(GraphError, match=r"concatenates 2 results along axis 2; it needs .* an axis from 0 to 1"):
        graph(concatenate((2, 5), 2), a=(2, 3), b=(2, 2))
    with pytest.raises(GraphError, match="concatenates 0 results along axis 0"):
        graph(concatenate((2, 5), 0, ()), a=(2, 3))


def embedding(table: object, shape: tuple[int, ...]) -> Embedding:
    return Embedding(name="e", inputs=("a",), shape=shape, result=T, table=frozen(table), table_type=T)


def test_an_embedding_adds_an_axis_of_its_rows():
    graph(embedding([[1, 2], [3, -8]], (3, 2)), a=(3,))
    with pytest.raises(GraphError, match=r"'e' has shape \(3,\), but looks up rows of 2 .*; expected \(3, 2\)"):
        graph(embedding([[1, 2]], (3,)), a=(3,))
    with pytest.raises(GraphError, match=r"'e': table has shape \(2,\), expected \(rows, columns\)"):
        graph(embedding([1, 2], (3, 2)), a=(3,))
    with pytest.raises(GraphError, match=r"'e': table spans \[1, 9\]"):
        graph(embedding([[1, 9]], (3, 2)), a=(3,))
