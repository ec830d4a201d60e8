"""What turns a node into fast code: a `Kernel`, chosen by `lower` and proven exact when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import TypeAlias

from codesign.graph import Node
from codesign.simulate.engine.edge import INT64, OBJECT, Edge, Form, Layout, Tile, edge_of, empty, to_dtype
from codesign.simulate.execute import run_node
from codesign.simulate.kernels import Operand

Run: TypeAlias = Callable[..., Tile]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A node's work on tiles of samples.

    Attributes:
        wants: the form of each tile that it reads.
        edge: what it gives.
    """

    wants: tuple[Form, ...]
    edge: Edge

    @property
    def bytes(self) -> int:
        """Memory for one sample, what it reads left out."""
        return self.edge.size * self.edge.form.dtype.itemsize

    def bind(self, samples: int) -> Run:
        """A function from tiles of that many samples to a tile, in memory of its own."""
        raise TypeError(f"{type(self).__name__} is no kernel")


@dataclass(frozen=True, eq=False)
class Reference(Kernel):
    """Any node, by the readable kernels of `codesign.simulate.kernels`.

    Attributes:
        node: the operation.
        sources: what it reads.
    """

    node: Node
    sources: tuple[Edge, ...]

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`; the readable kernels keep several arrays of int64 at a time."""
        return 64 * (self.edge.size + sum(source.size for source in self.sources))

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        out = empty(self.edge.size, samples, self.edge.form)

        def run(*tiles: Tile) -> Tile:
            operands = [
                Operand(tile.reshape(-1, *source.shape), source.type)
                for tile, source in zip(tiles, self.sources, strict=True)
            ]
            to_dtype(run_node(self.node, operands).reshape(samples, -1), out)
            return out

        return run


def integer_form(edge: Edge) -> Form:
    """The form in which the readable kernels read an edge."""
    wide = edge.form.dtype == OBJECT
    return Form(Layout.ROWS, OBJECT if wide else INT64)


def reference(node: Node, sources: Sequence[Edge]) -> Reference:
    """The readable kernel of a node."""
    edge = edge_of(node.result, node.shape, Layout.ROWS)
    return Reference(tuple(integer_form(source) for source in sources), edge, node, tuple(sources))


@singledispatch
def lower(node: Node, sources: Sequence[Edge]) -> Kernel:
    """The fastest kernel that is proven to give exactly what the node's readable kernel gives.

    Args:
        node: the operation.
        sources: the edges that it reads, in order.
    """
    return reference(node, sources)
