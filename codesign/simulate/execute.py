"""Running a Graph on integers, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.errors import InputDataError
from codesign.graph import Graph, Input, Node
from codesign.graph.cast import CastCounts, Integers, cast, count
from codesign.graph.floating import holds
from codesign.simulate.kernels import Operand, before_result, precast


@dataclass(frozen=True)
class Step:
    """One node's work on a batch.

    Attributes:
        node: what was computed.
        values: (samples, *shape) integers of `node.result`.
        counts: what the cast into `node.result` did.
    """

    node: Node
    values: Integers
    counts: CastCounts


def sample_count(graph: Graph, inputs: Mapping[str, Integers]) -> int:
    """The number of samples in `inputs`; as `check_inputs`, without a look at the values.

    Raises:
        InputDataError: a port is missing or unknown, a shape or dtype is wrong, or sample counts differ.
    """
    names = [node.name for node in graph.input_nodes]
    if set(inputs) != set(names):
        raise InputDataError(f"inputs are named {sorted(inputs)}, but the design's ports are {names}")
    samples = {int(values.shape[0]) if values.ndim else -1 for values in inputs.values()}
    if len(samples) != 1:
        raise InputDataError(f"inputs have different numbers of samples: {sorted(samples)}")
    for node in graph.input_nodes:
        values = inputs[node.name]
        if values.shape[1:] != node.shape:
            raise InputDataError(
                f"input {node.name!r} has shape {values.shape}, expected (samples, {', '.join(map(str, node.shape))})"
            )
        if values.dtype != object and values.dtype.kind not in "iu":
            raise InputDataError(f"input {node.name!r} has dtype {values.dtype}, expected integers of {node.result}")
    return samples.pop()


def check_inputs(graph: Graph, inputs: Mapping[str, Integers]) -> int:
    """The number of samples in `inputs`.

    Raises:
        InputDataError: a port is missing or unknown, a shape, dtype or range is wrong, or sample counts differ.
    """
    samples = sample_count(graph, inputs)
    for node in graph.input_nodes:
        values = inputs[node.name]
        if values.size and (int(values.min()) < node.result.min_int or int(values.max()) > node.result.max_int):
            raise InputDataError(
                f"input {node.name!r} spans integers [{values.min()}, {values.max()}], but {node.result} holds "
                f"[{node.result.min_int}, {node.result.max_int}]"
            )
        if not holds(values, node.result):
            raise InputDataError(f"input {node.name!r} holds integers that have more digits than a {node.result}")
    return samples


def widen_input(values: Integers) -> Integers:
    """A port's samples in a dtype that kernels take."""
    return values if values.dtype == object else values.astype(np.int64)


def run_node(node: Node, operands: Sequence[Operand]) -> Integers:
    """One node's result as integers of `node.result`; `operands` are what it reads, for a port its samples."""
    values, fraction = precast(node, operands)
    return cast(values, fraction, node.result, source=before_result(node, [item.type for item in operands]))


def operands_of(graph: Graph, node: Node, results: Mapping[str, Integers]) -> tuple[Operand, ...]:
    """What a node reads of `results`; a port reads itself."""
    return tuple(Operand(results[item.name], item.result) for item in graph.sources(node) or (node,))


def execute(graph: Graph, inputs: Mapping[str, Integers]) -> dict[str, Integers]:
    """Every node's result, by node name.

    Args:
        graph: the design.
        inputs: for each port, (samples, *shape) integers of its type.

    Returns:
        For each node, (samples, *shape) integers of its `result` type: int64, or Python integers in an object
        array where a type is wider than 62 bits. Inside a loop over time steps each step is a sample of its own.

    Raises:
        InputDataError: as `check_inputs`.
    """
    check_inputs(graph, inputs)
    results: dict[str, Integers] = {}
    for node in graph:
        if isinstance(node, Input):
            results[node.name] = widen_input(inputs[node.name])
        else:
            results[node.name] = run_node(node, operands_of(graph, node, results))
    return results


def steps(graph: Graph, inputs: Mapping[str, Integers]) -> list[Step]:
    """As `execute`, with what each result cast did."""
    results = execute(graph, inputs)
    found = []
    for node in graph:
        values, fraction = precast(node, operands_of(graph, node, results))
        found.append(Step(node, results[node.name], count(values, fraction, node.result)))
    return found
