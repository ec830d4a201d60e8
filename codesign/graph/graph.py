"""`Graph`: the frozen, typed, integer network that every later stage reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from types import MappingProxyType

from codesign.errors import GraphError
from codesign.graph.fixed_point import Overflow
from codesign.graph.nodes import (
    STRATEGIES,
    Activation,
    Dense,
    Input,
    Node,
    Normalize,
    Reshape,
    Softmax,
    SoftmaxImplementation,
    check_array,
)


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in topological order; each edge carries the `result` type of the node it leaves.

    Attributes:
        name: of the design; a C and Verilog identifier.
        nodes: every node after all the nodes it reads.
        outputs: names of the nodes whose results leave the design, in order.
        origin: free text facts for people (tool versions, the file it came from).

    Raises:
        GraphError: names repeat, an edge leads nowhere or backwards, shapes or integers do not fit.
    """

    name: str
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    origin: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", MappingProxyType(dict(self.origin)))
        _check_name("graph", self.name)
        seen: dict[str, Node] = {}
        for node in self.nodes:
            _check_name("node", node.name)
            if not node.shape or min(node.shape) < 1:
                raise GraphError(f"node {node.name!r} has shape {node.shape}; every axis must be at least 1")
            if node.name in seen:
                raise GraphError(f"two nodes are named {node.name!r}; names must differ")
            for source in node.inputs:
                if source not in seen:
                    raise GraphError(f"node {node.name!r} reads {source!r}, which no node before it gives")
            check(node, tuple(seen[source] for source in node.inputs))
            seen[node.name] = node
        if not any(isinstance(node, Input) for node in self.nodes):
            raise GraphError(f"graph {self.name!r} has no input")
        self._check_outputs(seen)

    def _check_outputs(self, seen: Mapping[str, Node]) -> None:
        if not self.outputs:
            raise GraphError(f"graph {self.name!r} has no output")
        if len(set(self.outputs)) != len(self.outputs):
            raise GraphError(f"graph {self.name!r} gives an output twice: {', '.join(self.outputs)}; name each once")
        for name in self.outputs:
            if name not in seen:
                raise GraphError(f"output {name!r} is not a node of graph {self.name!r}; it has {', '.join(seen)}")

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        for node in self.nodes:
            if node.name == name:
                return node
        raise GraphError(f"graph {self.name!r} has no node {name!r}; it has {', '.join(n.name for n in self.nodes)}")

    @property
    def input_nodes(self) -> tuple[Input, ...]:
        """The ports that samples enter by, in order."""
        return tuple(node for node in self.nodes if isinstance(node, Input))

    @property
    def output_nodes(self) -> tuple[Node, ...]:
        """The nodes whose results leave the design, in order."""
        return tuple(self[name] for name in self.outputs)


def _check_name(what: str, name: str) -> None:
    # Names become C++ and Verilog identifiers and file names, so nothing else may pass.
    if not name.isidentifier() or not name.isascii():
        raise GraphError(f"{what} name {name!r} is not an identifier; use letters, digits and _")


@singledispatch
def check(node: Node, sources: tuple[Node, ...]) -> None:
    """Refuse a node whose shapes, arrays or types contradict each other.

    Raises:
        GraphError: naming the node and the contradiction.
    """
    raise GraphError(f"node {node.name!r} has unknown class {type(node).__name__}")


def _one_source(node: Node, sources: tuple[Node, ...]) -> Node:
    if len(sources) != 1:
        raise GraphError(f"node {node.name!r} reads {len(sources)} results, expected 1")
    return sources[0]


def _same_size(node: Node, sources: tuple[Node, ...]) -> Node:
    source = _one_source(node, sources)
    if source.size != node.size:
        raise GraphError(f"node {node.name!r} has shape {node.shape}, but reads shape {source.shape}")
    return source


@check.register
def _(node: Input, sources: tuple[Node, ...]) -> None:
    if sources:
        raise GraphError(f"input {node.name!r} reads other nodes")


@check.register
def _(node: Dense, sources: tuple[Node, ...]) -> None:
    source = _one_source(node, sources)
    if node.weight.ndim != 2 or len(node.shape) != 1:
        raise GraphError(f"node {node.name!r}: a dense layer has a 2-D weight and a 1-D result")
    check_array(node, "weight", node.weight, node.weight_type, (source.size, node.shape[0]))
    check_array(node, "bias", node.bias, node.bias_type, (node.shape[0],))
    if node.reuse_factor < 1:
        raise GraphError(f"node {node.name!r} has reuse factor {node.reuse_factor}; it must be at least 1")
    if node.strategy not in STRATEGIES:
        raise GraphError(f"node {node.name!r} has strategy {node.strategy!r}; choose {' or '.join(STRATEGIES)}")
    if node.strategy == "resource" and node.reuse_factor > 1 and node.accumulator.overflow is not Overflow.WRAP:
        # nnet_dense_resource.h adds every reuse_factor-th product first, which saturation can tell apart.
        raise GraphError(
            f"node {node.name!r} has strategy resource, reuse factor {node.reuse_factor} and accumulator "
            f"{node.accumulator}: where sums saturate their order counts; use an accumulator that wraps, or latency"
        )


@check.register
def _(node: Normalize, sources: tuple[Node, ...]) -> None:
    _same_size(node, sources)
    n = node.scale.size
    if n == 0 or node.size % n:
        raise GraphError(f"node {node.name!r}: {n} scales do not divide {node.size} values")
    check_array(node, "scale", node.scale, node.scale_type, (n,))
    check_array(node, "bias", node.bias, node.bias_type, (n,))


@check.register
def _(node: Activation, sources: tuple[Node, ...]) -> None:
    _same_size(node, sources)


@check.register
def _(node: Reshape, sources: tuple[Node, ...]) -> None:
    source = _same_size(node, sources)
    if source.result != node.result:
        raise GraphError(f"node {node.name!r} reshapes {source.result} into {node.result}; a reshape keeps the type")


@check.register
def _(node: Softmax, sources: tuple[Node, ...]) -> None:
    source = _same_size(node, sources)
    if node.shape[-1] != source.shape[-1]:
        raise GraphError(f"node {node.name!r} has shape {node.shape}, but reads shape {source.shape}")
    if node.implementation is SoftmaxImplementation.ARGMAX:
        return
    for name, table, type_ in (
        ("exp_table", node.exp_table, node.exp_type),
        ("inv_table", node.inv_table, node.inv_type),
    ):
        if type_ is None or table.size < 2 or table.size & (table.size - 1):
            raise GraphError(f"node {node.name!r}: {name} needs a type and a power of two of entries")
        check_array(node, name, table, type_, (table.size,))
    if node.norm is None or node.accumulator is None or node.inv_input is None:
        raise GraphError(f"node {node.name!r}: softmax {node.implementation.value} lacks an internal type")
    if node.implementation is SoftmaxImplementation.LEGACY:
        return  # its index is computed, not cut out of a word
    index = source.result if node.implementation is SoftmaxImplementation.LATENCY else node.norm
    for name, table, type_ in (("exp_table", node.exp_table, index), ("inv_table", node.inv_table, node.inv_input)):
        if table.size > 1 << type_.width:
            raise GraphError(
                f"node {node.name!r}: {name} has {table.size} entries, but {type_}, whose top bits index it, has "
                f"{type_.width} bits; use a wider type or a smaller table"
            )
