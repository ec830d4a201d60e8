"""Samples to verify with: the user's own, and random ones over the whole range of the input types."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codesign.graph import FixedPoint, Graph, Input, Reshape
from codesign.simulate import Integers
from codesign.simulate.legal import legal


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

    Where a port goes straight into a node that has no answer to some words (a row that a table lacks), they are kept
    to those that it has.

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
    _keep_legal(graph, inputs)
    return inputs


def _keep_legal(graph: Graph, inputs: dict[str, Integers]) -> None:
    """Change samples of ports to what the nodes that read them have an answer to."""
    for node in graph:
        ports = [_port(graph, source) for source in node.inputs]
        if not any(ports):
            continue
        sources = graph.sources(node)
        given = [
            np.zeros((0, source.size), dtype=np.int64) if port is None else inputs[port].reshape(len(inputs[port]), -1)
            for port, source in zip(ports, sources, strict=True)
        ]
        samples = max(len(values) for values in given)
        given = [values if len(values) else np.zeros((samples, values.shape[1]), dtype=np.int64) for values in given]
        kept = legal(node, given, [source.result for source in sources])
        for port, values in zip(ports, kept, strict=True):
            if port is not None:
                inputs[port] = values.reshape(inputs[port].shape)


def _port(graph: Graph, name: str) -> str | None:
    """The input whose numbers a node hands on as they are; None where it does something to them."""
    node = graph[name]
    while isinstance(node, Reshape):
        node = graph[node.inputs[0]]
    return node.name if isinstance(node, Input) else None


def joined(first: Mapping[str, Integers] | None, second: Mapping[str, Integers]) -> dict[str, Integers]:
    """Two sets of samples as one, port by port; the first may be absent."""
    if first is None:
        return dict(second)
    return {name: np.concatenate([first[name], values]) for name, values in second.items()}
