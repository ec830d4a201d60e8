"""Before its Verilog is written, each node's logic answers samples and is held against the Graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from alkaid.types import CombLogic

from codesign.errors import UnsupportedLayerError
from codesign.graph import FixedPoint, IntArray, Node
from codesign.simulate import Operand, run_node

_SAMPLES = 64


def _samples(type_: FixedPoint, size: int, seed: int) -> IntArray:
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
    given = [_samples(source.result, source.size, seed) for seed, source in enumerate(sources)]
    operands = [
        Operand(values.reshape(_SAMPLES, *source.shape), source.result)
        for values, source in zip(given, sources, strict=True)
    ]
    expected = run_node(node, operands).reshape(_SAMPLES, -1)
    found = logic.predict(np.concatenate(given, axis=1).astype(np.float64), n_threads=1)
    if not np.array_equal(found, expected.astype(np.float64)):
        element = int(np.argwhere(found != expected.astype(np.float64))[0][1])
        raise UnsupportedLayerError(
            f"layer {node.name!r}: the logic made for element {element} differs from the Graph, so no RTL is written; "
            "please report the model, or give the layer narrower types"
        )
