"""LSTM and GRU: a matrix product, tables and a few chains a time step, for all samples of a tile at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from codesign.graph import Direction, FixedPoint, GateFunction, Gru, IntArray, Lstm, Product, Recurrent
from codesign.graph.cast import cast
from codesign.simulate.engine.applied import bind
from codesign.simulate.engine.edge import Edge, Form, Layout, Tile, empty
from codesign.simulate.engine.elementwise import exactly, result_edge
from codesign.simulate.engine.kernel import Kernel, Run, lower, reference
from codesign.simulate.engine.pointwise import (
    Clip,
    NotExactError,
    Operation,
    cast_operations,
    settle,
    whole_numbers,
)
from codesign.simulate.engine.sums import Adding, adding_of, terms_of
from codesign.simulate.engine.tables import Lookup, symmetric

Apply: TypeAlias = Callable[[Tile, Tile], None]

# What a table covers around 0, as in `codesign.simulate.kernels.recurrent`.
_SPAN = {GateFunction.SIGMOID: 16, GateFunction.TANH: 8}


@dataclass(frozen=True, eq=False)
class Step:
    """A chain on integers, from one type to another.

    Attributes:
        low: the smallest integer that goes in.
        high: the largest.
        operations: what is done.
        least: the smallest integer that comes out.
        most: the largest.
    """

    low: int
    high: int
    operations: tuple[Operation, ...]
    least: int
    most: int

    @classmethod
    def into(cls, low: int, high: int, fraction: int, to: FixedPoint) -> Step:
        """A cast of integers in [low, high] with so many fraction bits."""
        operations, least, most = cast_operations(low, high, fraction, to)
        return cls(low, high, tuple(operations), least, most)

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse a float in which it is not exact."""
        settle(self.operations, whole_numbers(self.low, self.high, dtype))

    def bind(self, size: int, samples: int, form: Form) -> Apply:
        """A function from a tile to another, which may be the same."""
        settled = settle(self.operations, whole_numbers(self.low, self.high, form.dtype))
        return bind(settled, size, samples, form)


Function: TypeAlias = Step | Lookup


def _bounds(*factors: tuple[int, int]) -> tuple[int, int]:
    """The range of a product of two numbers."""
    (a, b), (c, d) = factors
    ends = (a * c, a * d, b * c, b * d)
    return min(ends), max(ends)


def _scaled(ends: tuple[int, int], bits: int) -> tuple[int, int]:
    return ends[0] << bits, ends[1] << bits


def _function(node: Recurrent, function: GateFunction, table: IntArray, low: int, high: int, type_: FixedPoint) -> Any:
    """A function of integers in [low, high] of a type, that gives integers of the accumulator."""
    if function is GateFunction.RELU:
        operations, least, most = cast_operations(0, max(high, 0), type_.fraction, node.accumulator, type_)
        return Step(low, high, (Clip(0.0, np.inf), *operations), least, most)
    assert node.table_type is not None
    values = cast(table, node.table_type.fraction, node.accumulator, source=node.table_type)
    return symmetric(low, high, type_, _SPAN[function], values)


@dataclass(frozen=True, eq=False)
class _Sum:
    """One of a step's two `dense` calls.

    Attributes:
        source: what it reads, as a vector.
        adding: how.
    """

    source: Edge
    adding: Adding

    @property
    def ends(self) -> tuple[int, int]:
        """The range of its integers of the accumulator."""
        return self.adding.low, self.adding.high

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse a float in which it is not exact."""
        settle(self.adding.operations, self.adding.state(self.source, dtype))

    def bind(self, groups: int, samples: int, form: Form) -> Callable[[Tile, Tile], None]:
        """A function from (groups, n_in, samples) to (groups, columns, samples)."""
        settled = settle(self.adding.operations, self.adding.state(self.source, form.dtype))
        prepared, rest = self.adding.folded(settled)
        add = prepared.bind(groups, samples, form.dtype)
        apply = bind(rest, groups * prepared.outputs, samples, form)

        def run(x: Tile, out: Tile) -> None:
            add(x, out)
            flat = out.reshape(-1, samples)
            apply(flat, flat)

        return run


def _order(node: Recurrent, reuse_factor: int, n_in: int) -> IntArray | None:
    if node.strategy == "latency" or not 1 < reuse_factor < n_in:
        return None
    return np.asarray(np.arange(n_in).reshape(-1, reuse_factor).T.ravel())


def _sum(node: Recurrent, source: Edge, *, of_state: bool) -> _Sum:
    if of_state:
        weight, weight_type, product = node.recurrent_weight, node.recurrent_weight_type, node.recurrent_product
        bias, bias_type, width = node.recurrent_bias, node.recurrent_bias_type, node.recurrent_exponent_width
        reuse_factor = node.recurrent_reuse_factor
    else:
        weight, weight_type, product = node.weight, node.weight_type, node.product
        bias, bias_type, width = node.bias, node.bias_type, node.exponent_width
        reuse_factor = node.reuse_factor
    if node.counts_agreement or (of_state and product is Product.DATA_BINARY):
        raise NotExactError
    start = cast(bias, bias_type.fraction, node.accumulator, source=bias_type)
    unrolled = node.strategy == "resource_unrolled" or product is not Product.MULT
    terms = terms_of(source, weight, weight_type, product, width)
    order = _order(node, reuse_factor, weight.shape[0])
    return _Sum(source, adding_of(terms, weight, start, node.accumulator, order, leaves_out_zeros=unrolled))


def _zeros_too(low: int, high: int, states: Sequence[Edge]) -> tuple[int, int]:
    """The range of a state, the one before the first step among them."""
    lows, highs = [low, 0, *(edge.low for edge in states)], [high, 0, *(edge.high for edge in states)]
    return min(lows), max(highs)


@dataclass(frozen=True, eq=False)
class LstmSteps:
    """The chains of an LSTM's step.

    Attributes:
        inputs: the sums of what is read.
        state: the sums of the state.
        total: of both, in the accumulator.
        gate: of the gates.
        candidate: of the candidate.
        up: what brings candidate * i and s * f onto one grid.
        products: the ranges of these two there.
        cell: the cell state.
        activated: the function of it.
        out: the state that leaves.
    """

    inputs: _Sum
    state: _Sum
    total: Step
    gate: Function
    candidate: Function
    up: tuple[int, int]
    products: tuple[tuple[int, int], ...]
    cell: Step
    activated: Function
    out: Step

    @classmethod
    def of(cls, node: Lstm, x: Edge, states: Sequence[Edge]) -> LstmSteps:
        """From types and weights alone.

        Raises:
            NotExactError: something has no counterpart in floats.
        """
        a, r = node.accumulator, node.result
        inputs = _sum(node, x, of_state=False)
        h_low, h_high = _zeros_too(r.min_int, r.max_int, states[:1])
        state = _sum(node, Edge(r, (node.n_state,), h_low, h_high, x.form), of_state=True)
        total = Step.into(inputs.ends[0] + state.ends[0], inputs.ends[1] + state.ends[1], a.fraction, a)
        gate = _function(node, node.recurrent_activation, node.recurrent_table, total.least, total.most, a)
        candidate = _function(node, node.activation, node.table, total.least, total.most, a)
        fraction = max(2 * a.fraction, r.fraction + a.fraction)
        up = fraction - 2 * a.fraction, fraction - r.fraction - a.fraction
        gates = gate.least, gate.most
        first = _scaled(_bounds((candidate.least, candidate.most), gates), up[0])
        second = _scaled(_bounds(_zeros_too(r.min_int, r.max_int, states[1:]), gates), up[1])
        cell = Step.into(first[0] + second[0], first[1] + second[1], fraction, r)
        activated = _function(node, node.activation, node.table, cell.least, cell.most, r)
        out = Step.into(*_bounds((activated.least, activated.most), gates), 2 * a.fraction, r)
        return cls(inputs, state, total, gate, candidate, up, (first, second), cell, activated, out)

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse a float in which a step is not exact."""
        for part in (self.inputs, self.state, self.total, self.gate, self.candidate, self.cell, self.activated):
            part.check(dtype)
        self.out.check(dtype)
        for ends in self.products:
            whole_numbers(*ends, dtype)

    @property
    def ends(self) -> tuple[int, int]:
        """The range of what leaves."""
        return self.out.least, self.out.most

    def bind(self, n: int, samples: int, form: Form) -> Callable[[Tile, Sequence[Tile]], None]:
        """A function that brings the states of (n, samples) each one step on, from the sums of what is read."""
        sums = np.empty((1, 4 * n, samples), dtype=form.dtype)
        parts = np.empty((4, n, samples), dtype=form.dtype)
        other = np.empty((n, samples), dtype=form.dtype)
        add = self.state.bind(1, samples, form)
        total = self.total.bind(4 * n, samples, form)
        gates, gate = self.gate.bind(2 * n, samples, form), self.gate.bind(n, samples, form)
        candidate, activated = self.candidate.bind(n, samples, form), self.activated.bind(n, samples, form)
        cell, out = self.cell.bind(n, samples, form), self.out.bind(n, samples, form)
        scales = [form.dtype.type(2.0**bits) for bits in self.up]

        def run(read: Tile, states: Sequence[Tile]) -> None:
            h, s = states
            add(h[None], sums)
            flat = sums[0]
            np.add(flat, read, out=flat)
            total(flat, flat)
            gates(flat[: 2 * n], parts[:2].reshape(2 * n, samples))
            candidate(flat[2 * n : 3 * n], parts[2])
            gate(flat[3 * n :], parts[3])
            np.multiply(parts[2], parts[0], out=other)
            np.multiply(s, parts[1], out=s)
            for values, scale in ((other, scales[0]), (s, scales[1])):
                if scale != 1:
                    np.multiply(values, scale, out=values)
            np.add(s, other, out=s)
            cell(s, s)
            activated(s, other)
            np.multiply(parts[3], other, out=h)
            out(h, h)

        return run


@dataclass(frozen=True, eq=False)
class GruSteps:
    """The chains of a GRU's step.

    Attributes:
        inputs: the sums of what is read.
        state: the sums of the state.
        total: of both, for the gates.
        gate: of the gates.
        reset: the gate r times the candidate's sums.
        inner: that and the sums of what is read.
        candidate: of the candidate.
        one: 1 on the grid of `rest`.
        up: what brings z onto that grid, and candidate * (1 - z) and h * z onto one.
        products: the ranges of these two there, and of 1 - z.
        out: the state that leaves.
    """

    inputs: _Sum
    state: _Sum
    total: Step
    gate: Function
    reset: Step
    inner: Step
    candidate: Function
    one: int
    up: tuple[int, int, int]
    products: tuple[tuple[int, int], ...]
    out: Step

    @classmethod
    def of(cls, node: Gru, x: Edge, states: Sequence[Edge]) -> GruSteps:
        """As `LstmSteps.of`."""
        a, r = node.accumulator, node.result
        inputs = _sum(node, x, of_state=False)
        h = _zeros_too(r.min_int, r.max_int, states)
        state = _sum(node, Edge(r, (node.n_state,), *h, x.form), of_state=True)
        total = Step.into(inputs.ends[0] + state.ends[0], inputs.ends[1] + state.ends[1], a.fraction, a)
        gate = _function(node, node.recurrent_activation, node.recurrent_table, total.least, total.most, a)
        gates = gate.least, gate.most
        reset = Step.into(*_bounds(gates, state.ends), 2 * a.fraction, a)
        inner = Step.into(inputs.ends[0] + reset.least, inputs.ends[1] + reset.most, a.fraction, a)
        candidate = _function(node, node.activation, node.table, inner.least, inner.most, a)
        rest = max(a.fraction, 0)
        one, z = 1 << rest, rest - a.fraction
        others = one - (gates[1] << z), one - (gates[0] << z)
        fraction = max(a.fraction + rest, r.fraction + a.fraction)
        up = z, fraction - a.fraction - rest, fraction - r.fraction - a.fraction
        first = _scaled(_bounds((candidate.least, candidate.most), others), up[1])
        second = _scaled(_bounds(h, gates), up[2])
        out = Step.into(first[0] + second[0], first[1] + second[1], fraction, r)
        products = first, second, others
        return cls(inputs, state, total, gate, reset, inner, candidate, one, up, products, out)

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse a float in which a step is not exact."""
        for part in (self.inputs, self.state, self.total, self.gate, self.reset, self.inner, self.candidate, self.out):
            part.check(dtype)
        for ends in self.products:
            whole_numbers(*ends, dtype)

    @property
    def ends(self) -> tuple[int, int]:
        """The range of what leaves."""
        return self.out.least, self.out.most

    def bind(self, n: int, samples: int, form: Form) -> Callable[[Tile, Sequence[Tile]], None]:
        """As `LstmSteps.bind`."""
        kind = form.dtype.type
        sums = np.empty((1, 3 * n, samples), dtype=form.dtype)
        parts = np.empty((2 * n, samples), dtype=form.dtype)
        other = np.empty((n, samples), dtype=form.dtype)
        add = self.state.bind(1, samples, form)
        total, gate = self.total.bind(2 * n, samples, form), self.gate.bind(2 * n, samples, form)
        reset, inner = self.reset.bind(n, samples, form), self.inner.bind(n, samples, form)
        candidate, out = self.candidate.bind(n, samples, form), self.out.bind(n, samples, form)
        one, (z_scale, first, second) = kind(self.one), (kind(2.0**bits) for bits in self.up)

        def run(read: Tile, states: Sequence[Tile]) -> None:
            (h,) = states
            add(h[None], sums)
            np.add(sums[0, : 2 * n], read[: 2 * n], out=parts)
            total(parts, parts)
            gate(parts, parts)
            z, r = parts[:n], parts[n:]
            np.multiply(r, sums[0, 2 * n :], out=other)
            reset(other, other)
            np.add(other, read[2 * n :], out=other)
            inner(other, other)
            candidate(other, other)
            np.multiply(h, z, out=h)
            np.multiply(h, second, out=h)
            np.multiply(z, z_scale, out=z)
            np.subtract(one, z, out=z)
            np.multiply(other, z, out=other)
            np.multiply(other, first, out=other)
            np.add(h, other, out=h)
            out(h, h)

        return run


@dataclass(frozen=True, eq=False)
class OverTime(Kernel):
    """All time steps of a recurrent layer.

    Attributes:
        node: the layer.
        steps: in what is read.
        body: a step.
    """

    node: Recurrent
    steps: int
    body: LstmSteps | GruSteps

    @property
    def bytes(self) -> int:
        """As `Kernel.bytes`."""
        columns = self.node.GATES * self.node.n_state
        return (self.edge.size + 4 * columns) * self.wants[0].dtype.itemsize

    def bind(self, samples: int) -> Run:
        """As `Kernel.bind`."""
        form, n = self.wants[0], self.node.n_state
        out = empty(self.edge.size, samples, form)
        last = out if self.edge.form == form else empty(self.edge.size, samples, self.edge.form)
        read = np.empty((1, self.node.GATES * n, samples), dtype=form.dtype)
        states = [np.empty((n, samples), dtype=form.dtype) for _ in range(self.node.STATES)]
        add = self.body.inputs.bind(1, samples, form)
        step = self.body.bind(n, samples, form)
        places = list(range(self.steps))[:: 1 if self.node.direction is Direction.FORWARD else -1]
        each = out.reshape(-1, n, samples)

        def run(x: Tile, *before: Tile) -> Tile:
            x = x.reshape(self.steps, 1, -1, samples)
            for index, state in enumerate(states):
                state[...] = before[index] if before else 0
            for place in places:
                add(x[place], read)
                step(read[0], states)
                if self.node.sequences:
                    np.copyto(each[place], states[0])
            if not self.node.sequences:
                np.copyto(out, states[0])
            if last is not out:
                np.copyto(last, out, casting="unsafe")
            return last

        return run


def _over_time(node: Lstm | Gru, sources: Sequence[Edge]) -> Kernel:
    steps, width = sources[0].shape
    vector = Edge(sources[0].type, (width,), sources[0].low, sources[0].high, sources[0].form)
    try:
        body: LstmSteps | GruSteps
        body = (
            LstmSteps.of(node, vector, sources[1:])
            if isinstance(node, Lstm)
            else GruSteps.of(node, vector, sources[1:])
        )
        edge = result_edge(node, *body.ends, Layout.COLUMNS)

        def make(dtype: np.dtype[Any]) -> OverTime:
            body.check(dtype)
            return OverTime((Form(Layout.COLUMNS, dtype),) * len(sources), edge, node, steps, body)

        return exactly(make)
    except NotExactError:
        return reference(node, sources)


lower.register(Lstm)(_over_time)
lower.register(Gru)(_over_time)
