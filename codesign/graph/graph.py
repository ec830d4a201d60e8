"""`Graph`: the frozen, typed, integer network that every later stage reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from codesign.errors import GraphError
from codesign.graph.nodes import Input, Node
from codesign.graph.nodes.floats import check_floats


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
    _by_name: Mapping[str, Node] = field(init=False, repr=False)
    _runs: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", MappingProxyType(dict(self.origin)))
        _check_name("graph", self.name)
        seen: dict[str, Node] = {}
        runs: dict[str, int] = {}
        for node in self.nodes:
            _check_name("node", node.name)
            if not node.shape or min(node.shape) < 1:
                raise GraphError(f"node {node.name!r} has shape {node.shape}; every axis must be at least 1")
            if node.name in seen:
                raise GraphError(f"two nodes are named {node.name!r}; names must differ")
            for source in node.inputs:
                if source not in seen:
                    raise GraphError(f"node {node.name!r} reads {source!r}, which no node before it gives")
            sources = tuple(seen[source] for source in node.inputs)
            check_floats(node, sources)
            node.check(sources)
            seen[node.name] = node
            runs[node.name] = node.runs(tuple(runs[source] for source in node.inputs))
        object.__setattr__(self, "_runs", MappingProxyType(runs))
        object.__setattr__(self, "_by_name", MappingProxyType(seen))
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
            if self._runs[name] != 1:
                raise GraphError(
                    f"output {name!r} is computed once a time step; put the steps together before it leaves"
                )

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        found = self._by_name.get(name)
        if found is not None:
            return found
        raise GraphError(f"graph {self.name!r} has no node {name!r}; it has {', '.join(n.name for n in self.nodes)}")

    def sources(self, node: Node) -> tuple[Node, ...]:
        """The nodes whose results `node` reads, in order."""
        return tuple(self[name] for name in node.inputs)

    def runs(self, node: Node) -> int:
        """How often a node computes for one sample: more than once inside a loop over time steps."""
        return self._runs[node.name]

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
