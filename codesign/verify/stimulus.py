"""Samples to verify with: the user's own, and random ones over the whole range of the input types."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codesign.graph import FixedPoint, Graph
from codesign.simulate import Integers


def corner_words(type_: FixedPoint) -> list[int]:
    """The words at which arithmetic goes wrong first: both ends, zero and its neighbours."""
    words = {type_.min_int, type_.max_int, 0, 1, type_.min_int + 1, type_.max_int - 1}
    if type_.signed:
        words.add(-1)
    return sorted(word for word in words if type_.min_int <= word <= type_.max_int)


def random_words(type_: FixedPoint, shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
    """Uniform integers over everything that a type holds."""
    if type_.width <= 62:
        return rng.integers(type_.min_int, type_.max_int, size=shape, endpoint=True, dtype=np.int64)
    limbs = rng.integers(0, 2**32, size=(*shape, (type_.width + 31) // 32), dtype=np.uint64)
    total = np.zeros(shape, dtype=object)
    for limb in range(limbs.shape[-1]):
        total = (total << 32) | limbs[..., limb].astype(object)
    return np.asarray((total & ((1 << type_.width) - 1)) + type_.min_int, dtype=object)


def random_inputs(graph: Graph, samples: int, seed: int) -> dict[str, Integers]:
    """Random samples for every port: first all-equal corner words, then corners mixed, then uniform words.

    Args:
        graph: the design.
        samples: how many.
        seed: the same seed gives the same samples.
    """
    rng = np.random.default_rng(seed)
    inputs: dict[str, Integers] = {}
    for node in graph.input_nodes:
        values = random_words(node.result, (samples, *node.shape), rng)
        corners = np.array(corner_words(node.result), dtype=values.dtype)
        for number, word in enumerate(corners[:samples]):
            values[number] = word
        mixed = slice(len(corners), max(len(corners), min(samples, len(corners) + samples // 8)))
        count = max(0, mixed.stop - mixed.start)
        values[mixed] = corners[rng.integers(0, len(corners), size=(count, *node.shape))]
        inputs[node.name] = values
    return inputs


def joined(first: Mapping[str, Integers] | None, second: Mapping[str, Integers]) -> dict[str, Integers]:
    """Two sets of samples as one, port by port; the first may be absent."""
    if first is None:
        return dict(second)
    return {name: np.concatenate([first[name], values]) for name, values in second.items()}
