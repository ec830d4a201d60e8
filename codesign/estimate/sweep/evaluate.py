"""One configuration after the other: its Graph, what it keeps of the design, and its estimate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from codesign.errors import CodesignError, ToolMissingError
from codesign.estimate.conditions import Conditions, Flow
from codesign.estimate.estimate import estimate
from codesign.estimate.record import Estimate
from codesign.estimate.reuse import reuse_by_node
from codesign.estimate.sweep.quality import Judge
from codesign.estimate.sweep.row import Costs, Kept, Row
from codesign.estimate.sweep.space import Knob, Point, Space, Value
from codesign.graph import Graph, Node, Quantizer
from codesign.precision import Bits, Requantizer, weight_slots
from codesign.rtl.folded.multipliers import Multipliers

Estimator = Callable[[Graph, Conditions], Estimate]


@dataclass(frozen=True)
class Task:
    """All that rows follow from; it can be sent to another process.

    Attributes:
        graph: the design as it was.
        conditions: what the sweep does not change.
        space: what it goes through.
        judge: of quality; None without data.
        estimator: gives the estimate of a Graph under conditions.
    """

    graph: Graph
    conditions: Conditions
    space: Space
    judge: Judge | None = None
    estimator: Estimator = estimate

    def __reduce__(self) -> tuple[Any, ...]:
        graph = self.graph
        parts = (type(graph), graph.name, graph.nodes, graph.outputs, dict(graph.origin))
        conditions = replace(self.conditions, reuse=dict(self.conditions.reuse))
        return _task, (parts, conditions, self.space, self.judge, self.estimator)


def _task(parts: tuple[Any, ...], *rest: Any) -> Task:
    cls, *fields = parts
    return Task(cls(*fields), *rest)


@dataclass(frozen=True)
class _Made:
    """The Graph of a choice of bits and what it keeps; or why there is none."""

    graph: Graph | None
    kept: Kept | None
    refusal: str = ""


class Evaluator:
    """Makes rows; what neighbouring configurations share is made once."""

    def __init__(self, task: Task) -> None:
        """Look at the design once.

        Raises:
            PrecisionError: no ap_fixed is as wide as a type of the design would have to be to lose nothing.
        """
        self._task = task
        self._requantizer = Requantizer(task.graph)
        self._widths = {node.name: _widths(node) for node in task.graph}
        self._last: tuple[tuple[Value, ...], _Made] | None = None

    def original(self) -> Row:
        """The design as it was."""
        graph = self._task.graph
        made = _Made(graph, self._kept(graph))
        return self._row(None, made, self._task.conditions)

    def row(self, point: Point) -> Row:
        """One configuration; a refusal where it cannot be built.

        Raises:
            ToolMissingError: the flow needs what is not installed.
        """
        if self._last is None or self._last[0] != point.precision:
            self._last = (point.precision, self._make(point))
        return self._row(point, self._last[1], self._conditions(point))

    def _row(self, point: Point | None, made: _Made, conditions: Conditions) -> Row:
        if made.graph is None:
            return Row(point, None, None, made.refusal)
        try:
            found = self._task.estimator(made.graph, conditions)
        except ToolMissingError:
            raise
        except CodesignError as error:
            return Row(point, made.kept, None, str(error))
        return Row(point, made.kept, Costs.of(found), quick=conditions.quick and conditions.flow is Flow.RTL)

    def _make(self, point: Point) -> _Made:
        bits = Bits(_whole(point.everywhere(Knob.WEIGHTS)), _whole(point.everywhere(Knob.ACTIVATIONS)))
        weights, activations = point.by_layer(Knob.WEIGHTS), point.by_layer(Knob.ACTIVATIONS)
        layers = {
            layer: Bits(_whole(weights.get(layer)), _whole(activations.get(layer)))
            for layer in {**weights, **activations}
        }
        try:
            graph = self._requantizer.uniform(bits, layers)
            return _Made(graph, self._kept(graph))
        except CodesignError as error:
            return _Made(None, None, str(error))

    def _kept(self, graph: Graph) -> Kept:
        weights = activations = kept = 0
        for node in graph:
            old_weights, old_activations = self._widths[node.name]
            for slot, was in zip(weight_slots(node), old_weights, strict=False):
                size, width = getattr(node, slot.array or "").size, getattr(node, slot.field).width
                weights += size * width
                kept += size * min(width, was)
            if node.name in self._requantizer.quantizers:
                mine = activation_bits(node)
                activations += mine
                kept += min(mine, old_activations)
        judge = self._task.judge
        return Kept(weights, activations, kept, None if judge is None else judge.quality(graph))

    def _conditions(self, point: Point) -> Conditions:
        task = self._task.conditions
        graph, reuse = self._task.graph, dict(task.reuse)
        every = _whole(point.everywhere(Knob.REUSE))
        if every is not None:
            reuse.update(reuse_by_node(graph, every))
        single = point.by_layer(Knob.REUSE)
        reuse.update(reuse_by_node(graph, {layer: _whole(value) or 1 for layer, value in single.items()}))
        clock, multipliers = point.everywhere(Knob.CLOCK_NS), point.everywhere(Knob.MULTIPLIERS)
        return replace(
            task,
            reuse=reuse,
            clock_ns=task.clock_ns if clock is None or isinstance(clock, Multipliers) else float(clock),
            multipliers=multipliers if isinstance(multipliers, Multipliers) else task.multipliers,
        )


def _whole(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None


def activation_bits(node: Node) -> int:
    """Bits of a node's result, for one sample."""
    return int(node.width.sum()) if isinstance(node, Quantizer) else node.size * node.result.width


def _widths(node: Node) -> tuple[tuple[int, ...], int]:
    return tuple(getattr(node, slot.field).width for slot in weight_slots(node)), activation_bits(node)
