"""Before its Verilog is written, each node's logic answers samples and is held against the Graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from alkaid.types import CombLogic

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, IntArray, Node
from codesign.graph.cast import Integers
from codesign.simulate import Operand, run_node
from codesign.simulate.legal import legal

_SAMPLES = 64


def samples(type_: FixedPoint, size: int, seed: int) -> IntArray:
    """(samples, size) integers of a type: corners of its range, mixed corners, and random ones."""
    rng = np.random.default_rng(seed)
    values = rng.integers(type_.min_int, type_.max_int, size=(_SAMPLES, size), endpoint=True, dtype=np.int64)
    corners = np.array([type_.min_int, type_.max_int, 0, 1, -1], dtype=np.int64).clip(type_.min_int, type_.max_int)
    values[: corners.size] = corners[:, None]
    values[corners.size : _SAMPLES // 4] = rng.choice(corners, size=(_SAMPLES // 4 - corners.size, size))
    return values


def check_logic(node: Node, sources: Sequence[Node], logic: CombLogic) -> None:
    """Refuse logic that differs from the Graph on any of some samples: it would be a fault of alkaid's or ours.

    Args:
        node: the operation.
        sources: the nodes that it reads, in order; for a port, the port itself.
        logic: from `node_logic`.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    types = [source.result for source in sources]
    given = legal(node, [samples(source.result, source.size, seed) for seed, source in enumerate(sources)], types)
    operands = [
        Operand(values.reshape(_SAMPLES, *source.shape), source.result)
        for values, source in zip(given, sources, strict=True)
    ]
    check_answers(node, logic, np.concatenate(given, axis=1), run_node(node, operands))


def check_answers(node: Node, logic: CombLogic, given: IntArray, expected: Integers) -> None:
    """Refuse logic that answers some samples otherwise than expected.

    Args:
        node: the operation.
        logic: made for it.
        given: (samples, numbers) integers of its sources, one after the other.
        expected: (samples, *shape) integers of its result.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    right = expected.reshape(expected.shape[0], -1).astype(np.float64)
    found = logic.predict(given.astype(np.float64), n_threads=1)
    if not np.array_equal(found, right):
        element = int(np.argwhere(found != right)[0][1])
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the logic made for element {element} differs from the Graph, so no RTL is written; "
            "please report the model, or give the layer narrower types"
        )
