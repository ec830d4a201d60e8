"""Samples that drive every layer to its ends: random words seldom come near the largest sum of an accumulator."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from codesign.graph import Dense, Graph, Node
from codesign.simulate import Integers, execute
from codesign.verify.stimulus import corner_words, random_inputs

_POPULATION = 256
_GENERATIONS = 8
_WATCHED = 16  # numbers of each layer that are driven to both ends
_MUTATED = 0.15


def _flat(values: Integers) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def _watched(graph: Graph, rng: np.random.Generator) -> dict[str, npt.NDArray[np.int64]]:
    """By node, the numbers of its result that are looked at."""
    return {
        node.name: np.sort(rng.permutation(node.size)[:_WATCHED]).astype(np.int64)
        for node in graph
        if node not in graph.input_nodes
    }


@singledispatch
def _reached(node: Node, source: npt.NDArray[np.float64], result: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far a layer goes, (samples, numbers): its result, or what it was before it was cast."""
    return result


@_reached.register
def _(node: Dense, source: npt.NDArray[np.float64], result: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return source @ node.weight.astype(np.float64) if source.shape[1] == node.weight.shape[0] else result


def _best(
    graph: Graph, results: Mapping[str, Integers], watched: Mapping[str, npt.NDArray[np.int64]]
) -> npt.NDArray[np.int64]:
    """Numbers of the samples at either end of what is watched, each once."""
    found = []
    for name, places in watched.items():
        node = graph[name]
        values = _reached(node, _flat(results[node.inputs[0]]), _flat(results[name]))[:, places]
        runs = graph.runs(node)  # inside a loop over time steps, a sample has as many rows
        found += [values.argmax(axis=0) // runs, values.argmin(axis=0) // runs]
    return np.unique(np.concatenate(found))


def extreme_inputs(graph: Graph, samples: int, seed: int) -> dict[str, Integers]:
    """Samples that were bred so that each layer's results come to their largest and smallest.

    A population starts from random and corner words; of each generation the samples live on that hold an end of some
    number of some layer, and their offspring take numbers from two of them, with some changed to corner words.

    Args:
        graph: the design.
        samples: how many.
        seed: the same seed gives the same samples.

    Returns:
        By port, (samples, *shape) integers.
    """
    rng = np.random.default_rng([seed, 2])
    watched = _watched(graph, rng)
    population = random_inputs(graph, _POPULATION, seed)
    corners = {node.name: np.array(corner_words(node.result)) for node in graph.input_nodes}
    best = population
    for _ in range(_GENERATIONS if watched else 0):
        chosen = _best(graph, execute(graph, population), watched)
        best = {name: values[chosen] for name, values in population.items()}
        count = max(_POPULATION, 2 * len(chosen)) - len(chosen)
        mothers, fathers = rng.integers(0, len(chosen), size=(2, count))
        population = {}
        for name, values in best.items():
            shape = (count, *values.shape[1:])
            children = np.where(rng.random(shape) < 0.5, values[mothers], values[fathers])
            ends = corners[name].astype(values.dtype)[rng.integers(0, len(corners[name]), size=shape)]
            children = np.where(rng.random(shape) < _MUTATED, ends, children)
            population[name] = np.concatenate([values, children])
    # The best first, then their last offspring.
    alive, all_ = len(next(iter(best.values()))), len(next(iter(population.values())))
    order = np.concatenate([rng.permutation(alive), alive + rng.permutation(all_ - alive)])
    picked = np.resize(order, samples)
    return {name: values[picked] for name, values in population.items()}
