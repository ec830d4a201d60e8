"""From a Graph to a Plan: kernels in order, the forms that tiles are brought into between them, and a tile's size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from codesign.graph import Graph, Input, Node
from codesign.graph.nodes.floats import has_floats
from codesign.simulate.engine.edge import Edge, Form, Layout, Tile, convert, edge_of
from codesign.simulate.engine.elementwise import chain
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import NotExactError

# What a tile and everything computed from it may take, so that it stays in one core's cache.
_CACHE_BYTES = 1_200_000
_FEWEST, _MOST = 16, 4096

# Sizes of tiles for which a plan keeps memory between calls.
_KEPT = 3

_LOCK = Lock()

Bound: TypeAlias = Callable[[Mapping[str, Tile]], Mapping[str, Tile]]


@dataclass(frozen=True)
class Stage:
    """A kernel in its place.

    Attributes:
        kernel: what is run.
        reads: names of the results that it reads.
        gives: the name of its own.
    """

    kernel: Kernel
    reads: tuple[str, ...]
    gives: str


@dataclass(frozen=True, eq=False)
class Plan:
    """How a Graph is run fast.

    Attributes:
        ports: the edge of each input.
        stages: in order; what no output depends on is left out.
        edges: the edge of each result that is computed.
        outputs: names, in order.
        samples: of a tile.
        runs: how often each result is computed for a sample, as `Graph.runs`.
    """

    ports: Mapping[str, Edge]
    stages: tuple[Stage, ...]
    edges: Mapping[str, Edge]
    outputs: tuple[str, ...]
    samples: int
    runs: Mapping[str, int]
    _idle: dict[int, list[Bound]] = field(default_factory=dict, init=False, repr=False)

    def take(self, samples: int) -> Bound:
        """As `bind`; what an earlier call gave back is taken first, its memory being there already."""
        with _LOCK:
            idle = self._idle.get(samples)
            if idle:
                return idle.pop()
        return self.bind(samples)

    def give_back(self, samples: int, bound: Bound) -> None:
        """What `take` gave is used no longer, nor are the tiles that it gave."""
        with _LOCK:
            if samples not in self._idle and len(self._idle) >= _KEPT:
                self._idle.pop(next(iter(self._idle)))
            self._idle.setdefault(samples, []).append(bound)

    def bind(self, samples: int) -> Bound:
        """A function from the ports' tiles of that many samples to the outputs', in memory of its own."""
        steps: list[tuple[str, tuple[str, ...], Run]] = []
        known: dict[tuple[str, Form], str] = {}
        for stage in self.stages:
            reads = []
            for name, wanted in zip(stage.reads, stage.kernel.wants, strict=True):
                given = self.edges[name].form
                key = name
                if given != wanted:
                    key = known.get((name, wanted), "")
                    if not key:
                        key = f"{name} as {wanted.layout.value} of {wanted.dtype}"
                        known[name, wanted] = key
                        steps.append(
                            (key, (name,), convert(self.edges[name].size, samples * self.runs[name], given, wanted))
                        )
                reads.append(key)
            steps.append((stage.gives, tuple(reads), stage.kernel.bind(samples * self.runs[stage.gives])))

        def run(tiles: Mapping[str, Tile]) -> Mapping[str, Tile]:
            found = dict(tiles)
            for gives, reads, step in steps:
                found[gives] = step(*[found[name] for name in reads])
            return found

        return run


def _needed(graph: Graph) -> list[Node]:
    names = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if node.name in names or isinstance(node, Input):
            kept.append(node)
            names.update(node.inputs)
    return kept[::-1]


def _longer(node: Node, stage: Stage | None, readers: int) -> Stage | None:
    """The stage before a node with the node's work in it, where that is possible."""
    extended: Any = getattr(stage.kernel, "extended", None) if stage is not None else None
    if stage is None or extended is None or readers > 1:
        return None
    try:
        operations, edge = chain(node, stage.kernel.edge)
        return replace(stage, kernel=extended(operations, edge), gives=node.name)
    except NotExactError:
        return None


def make_plan(graph: Graph) -> Plan:
    """A fast way to run a Graph, proven to give what `codesign.simulate.execute` gives."""
    nodes = _needed(graph)
    readers = Counter(name for node in nodes for name in node.inputs)
    readers.update(graph.outputs)
    edges: dict[str, Edge] = {}
    stages: dict[str, Stage] = {}
    for node in nodes:
        if isinstance(node, Input):
            edges[node.name] = edge_of(node.result, node.shape, Layout.ROWS)
            continue
        first = node.inputs[0] if node.inputs else ""
        read = [edges[name] for name in node.inputs]
        floats = has_floats(node, [edge.type for edge in read])
        stage = None if floats else _longer(node, stages.get(first), readers[first])
        if stage is not None:
            del stages[first]
        else:
            kernel = reference(node, read) if floats else lower(node, read)
            stage = Stage(kernel, node.inputs, node.name)
        stages[node.name] = stage
        edges[node.name] = stage.kernel.edge
    ports = {node.name: edges[node.name] for node in graph.input_nodes}
    runs = {node.name: graph.runs(node) for node in nodes}
    return Plan(ports, tuple(stages.values()), edges, graph.outputs, _tile_samples(ports, stages, runs), runs)


def _tile_samples(ports: Mapping[str, Edge], stages: Mapping[str, Stage], runs: Mapping[str, int]) -> int:
    size = sum(edge.size * edge.form.dtype.itemsize for edge in ports.values())
    size += sum(stage.kernel.bytes * runs[name] for name, stage in stages.items())
    samples = max(_FEWEST, min(_MOST, _CACHE_BYTES // size))
    return samples - samples % _FEWEST


_PLANS: WeakKeyDictionary[Graph, Plan] = WeakKeyDictionary()


def plan_of(graph: Graph) -> Plan:
    """The plan of a Graph, made at most once for as long as the Graph lives."""
    with _LOCK:
        plan = _PLANS.get(graph)
    if plan is None:
        plan = make_plan(graph)
        with _LOCK:
            plan = _PLANS.setdefault(graph, plan)
    return plan
