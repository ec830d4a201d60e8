"""Running a Plan: tiles of samples on all cores, in memory that does not grow with their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from codesign.graph import FixedPoint, Graph, Input
from codesign.graph.cast import Integers
from codesign.graph.convert import check_finite, check_numbers, to_floats, to_integers
from codesign.graph.floating import holds
from codesign.graph.grid import Grid, grid_dtype
from codesign.simulate.engine.edge import FLOAT32, OBJECT, Edge, Layout, Tile, empty, to_dtype
from codesign.simulate.engine.loops import GridLoop
from codesign.simulate.engine.plan import Plan, plan_of
from codesign.simulate.engine.worthwhile import machine_code
from codesign.simulate.execute import check_inputs, sample_count
from codesign.simulate.samples import InputCounts

# Fewer samples than this are no work for several threads, nor for the library that limits them.
_SINGLE = 64

# Nanoseconds that NumPy takes to bring a number onto a grid, and to turn an integer into the number it stands for.
_LOAD, _STORE = 0.5, 0.6


class Source(Protocol):
    """Where the samples of a port come from."""

    def bind(self, edge: Edge, samples: int) -> Callable[[int, int], Tile]:
        """A function that gives the samples from start to stop, `samples` of them, in the form of the edge."""


@dataclass(frozen=True)
class Checked:
    """Integers of the port's type.

    Attributes:
        values: (samples, *shape) integers.
        refuse: called where some are outside the type; raises.
    """

    values: Integers
    refuse: Callable[[], object]

    def bind(self, edge: Edge, samples: int) -> Callable[[int, int], Tile]:
        """As `Source.bind`."""
        out = empty(edge.size, samples, edge.form)
        low, high = edge.type.min_int, edge.type.max_int

        def load(start: int, stop: int) -> Tile:
            part = self.values[start:stop]
            if part.min() < low or part.max() > high or not holds(part, edge.type):
                self.refuse()
            to_dtype(part.reshape(samples, -1), out)
            return out

        return load


class Numbers:
    """Floats or integers that are brought onto the port's grid, and how many of them were not on it."""

    def __init__(self, values: npt.NDArray[Any], type_: FixedPoint, name: str) -> None:
        """Values of shape (samples, *shape); `name` is for messages.

        Raises:
            InputDataError: they are no numbers.
        """
        check_numbers(values, name=name)
        self.rounded = self.overflowed = 0
        self._values, self._type, self._name = values, type_, name
        self._dtype = grid_dtype(values, type_)
        self._lock = Lock()

    def bind(self, edge: Edge, samples: int) -> Callable[[int, int], Tile]:
        """As `Source.bind`."""
        out = empty(edge.size, samples, edge.form)
        grid = None if self._dtype is None else Grid(self._type, self._dtype, out.size)
        loop = GridLoop.of(self._type, self._dtype, self._values, out)

        def load(start: int, stop: int) -> Tile:
            part = self._values[start:stop].reshape(samples, -1)
            counts = None
            if loop is not None and part.flags.c_contiguous and part.flags.aligned:
                code = machine_code.after(_LOAD * part.size)
                counts = None if code is None else loop.put(part, out, code)
            if counts is None and grid is not None:
                counts = grid.put(part, out)
            if counts is None:
                check_finite(self._values, name=self._name)
                exact = to_integers(part, self._type, name=self._name)
                to_dtype(exact.values, out)
                counts = exact.rounded, exact.overflowed
            if counts != (0, 0):
                with self._lock:
                    self.rounded += counts[0]
                    self.overflowed += counts[1]
            return out

        return load


Sink = Callable[[str, Edge, Tile, int, int], None]


@lru_cache(maxsize=1)
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _one_thread_each(samples: int) -> AbstractContextManager[Any]:
    """BLAS keeps to the thread that calls it: the cores are shared out by tiles, and small products lose by sharing."""
    if samples < _SINGLE:
        return nullcontext()
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


def available_threads() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(plan: Plan, sources: Mapping[str, Source], samples: int, sink: Sink, threads: int | None) -> None:
    """Run all samples through a plan, a tile at a time.

    Args:
        plan: what to run.
        sources: by port.
        samples: in all.
        sink: called with each output's name, edge and tile, which it may change, and the samples from start to stop
            that it holds; by several threads at a time, for different samples.
        threads: at most; as many as there are cores where None.
    """
    workers = max(1, min(threads or available_threads(), samples // _SINGLE))
    tile = max(1, min(plan.samples, -(-samples // workers)))
    starts = iter(range(0, samples, tile))
    lock = Lock()

    def work() -> None:
        size, step = 0, None
        for start in _shared(starts, lock):
            stop = min(start + tile, samples)
            if step is None or stop - start != size:
                if step is not None:
                    plan.give_back(size, step)
                size, step = stop - start, plan.take(stop - start)
                load = {name: sources[name].bind(edge, size) for name, edge in plan.ports.items()}
            results = step({name: get(start, stop) for name, get in load.items()})
            for name in plan.outputs:
                sink(name, plan.edges[name], results[name], start, stop)
        if step is not None:
            plan.give_back(size, step)

    with _one_thread_each(samples):
        if workers == 1:
            work()
            return
        from concurrent.futures import ThreadPoolExecutor  # a single sample starts sooner without

        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(work) for _ in range(workers)]:
                future.result()


def _shared(items: Iterator[int], lock: Lock) -> Iterator[int]:
    """The items of an iterator that several threads take from; one that fails leaves none to the others."""
    while True:
        with lock:
            item = next(items, None)
        if item is None:
            return
        try:
            yield item
        except GeneratorExit:
            with lock:
                for _ in items:
                    pass
            raise


def predict(graph: Graph, inputs: Mapping[str, Integers], *, threads: int | None = None) -> dict[str, Integers]:
    """Every output, by node name; the same integers as `codesign.simulate.execute`, sooner and in less memory.

    Args:
        graph: the design.
        inputs: for each port, (samples, *shape) integers of its type.
        threads: at most; as many as there are cores where None. The numbers do not depend on it.

    Returns:
        For each output, (samples, *shape) integers of its type: int64, or Python integers in an object array where
        a type is wider than 62 bits.

    Raises:
        InputDataError: as `codesign.simulate.check_inputs`.
    """
    samples = sample_count(graph, inputs)
    plan = plan_of(graph)
    results = {
        name: np.empty((samples, plan.edges[name].size), OBJECT if plan.edges[name].form.dtype == OBJECT else np.int64)
        for name in graph.outputs
    }

    def keep(name: str, edge: Edge, tile: Tile, start: int, stop: int) -> None:
        to_dtype(tile if edge.form.layout is Layout.ROWS else tile.T, results[name][start:stop])

    sources = {name: Checked(values, lambda: check_inputs(graph, inputs)) for name, values in inputs.items()}
    run(plan, sources, samples, keep, threads)
    return {name: values.reshape(samples, *graph[name].shape) for name, values in results.items()}


@dataclass(frozen=True, kw_only=True)
class Predicted(InputCounts):
    """The outputs as floats, and what became of the inputs.

    Attributes:
        outputs: by node name, (samples, *shape) floats that stand for the exact integers.
    """

    outputs: dict[str, npt.NDArray[np.float64]]


def predict_numbers(
    graph: Graph, data: Mapping[str, npt.NDArray[Any]], *, where: str = "data", threads: int | None = None
) -> Predicted:
    """Every output as floats, from numbers that are cast into the ports' types on the way.

    Args:
        graph: the design.
        data: by port, (samples, *shape) floats or integers, at least one sample, as `samples.ports_of` gives them.
        where: what the data are, for messages.
        threads: as for `predict`.

    Raises:
        InputDataError: the data are no numbers, or NaN or infinite.
    """
    nodes = graph.input_nodes
    sources = {n.name: Numbers(data[n.name], n.result, port_text(n, where)) for n in nodes}
    samples = data[nodes[0].name].shape[0]
    plan = plan_of(graph)
    results = {name: np.empty((samples, plan.edges[name].size), np.float64) for name in graph.outputs}

    def keep(name: str, edge: Edge, tile: Tile, start: int, stop: int) -> None:
        rows, out = tile if edge.form.layout is Layout.ROWS else tile.T, results[name][start:stop]
        narrow = edge.form.dtype == FLOAT32 and abs(edge.type.fraction) <= 100
        code = machine_code.after(_STORE * out.size) if narrow and rows.flags.c_contiguous else None
        if code is not None:
            code.to_numbers(rows.reshape(-1), out.reshape(-1), FLOAT32.type(2.0**-edge.type.fraction))
        elif edge.form.dtype.kind == "f" and abs(edge.type.fraction) <= 100:
            np.multiply(tile, edge.form.dtype.type(2.0**-edge.type.fraction), out=tile)
            np.add(tile, edge.form.dtype.type(0), out=tile)  # no number is minus zero
            np.copyto(out, rows)
        else:
            out[...] = to_floats(rows, edge.type)

    run(plan, sources, samples, keep, threads)
    return Predicted(
        outputs={name: values.reshape(samples, *graph[name].shape) for name, values in results.items()},
        rounded=sum(source.rounded for source in sources.values()),
        overflowed=sum(source.overflowed for source in sources.values()),
        total=sum(data[node.name].size for node in nodes),
    )


def port_text(node: Input, where: str) -> str:
    """What a port's data are called in messages."""
    return f"{where}: input {node.name!r}"
