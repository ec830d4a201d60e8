"""Designs of made-up units, to see what forks, joins, FIFOs and cut beats do in time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from codesign.graph import Activation, ActivationFunction, FixedPoint, Graph, Input, Merge, MergeOperation
from codesign.rtl.network import connect
from codesign.rtl.stream import Behaviour, Layout, Unit, every_beat

TYPE = FixedPoint.parse("fixed<4,2>")


def node(name, *reads, shape):
    if not reads:
        return Input(name=name, inputs=(), shape=shape, result=TYPE)
    if len(reads) == 1:
        return Activation(name=name, inputs=reads, shape=shape, result=TYPE, function=ActivationFunction.LINEAR)
    return Merge(name=name, inputs=reads, shape=shape, result=TYPE, operation=MergeOperation.ADD)


def unit(name, layout, behaviour, inputs=1, output=None):
    return Unit(name, (layout,) * inputs, output or layout, behaviour)


def straight(name, layout, latency, inputs=1):
    return unit(name, layout, every_beat(inputs, layout.beats, latency), inputs)


def slow(name, layout, clocks, latency):
    """Works for some clocks on each beat."""
    beats = layout.beats
    return unit(
        name,
        layout,
        Behaviour(
            np.ones((beats, 1), dtype=bool),
            np.ones(beats, dtype=bool),
            np.full(beats, clocks, dtype=np.int64),
            latency,
            slots=2,
            freezes=False,
        ),
    )


def lagging(name, layout, lag):
    """Gives its first beat when it has taken `lag` more, and the last ones without taking any."""
    beats = layout.beats
    takes = np.array([True] * beats + [False] * lag)
    gives = np.array([False] * lag + [True] * beats)
    return unit(name, layout, Behaviour(takes[:, None], gives, np.ones(beats + lag, dtype=np.int64), 1))


def branches(first, second, layout):
    """An input that two units read, whose results are added."""
    shape = (layout.beats, layout.lanes)
    graph = Graph(
        "branches",
        (
            node("x", shape=shape),
            node("a", "x", shape=shape),
            node("b", "x", shape=shape),
            node("sum", "a", "b", shape=shape),
        ),
        ("sum",),
    )
    units = {"x": straight("x", layout, 1), "a": first, "b": second, "sum": straight("sum", layout, 1, 2)}
    return lambda fifos: connect(graph, units, fifos)


def chain(*units, shape, layout=None):
    """Units one behind the other."""
    names = ["x", *(f"n{index}" for index in range(len(units)))]
    nodes = [node("x", shape=shape)]
    nodes += [node(name, before, shape=shape) for before, name in pairwise(names)]
    graph = Graph("chain", tuple(nodes), (names[-1],))
    made = {"x": straight("x", layout or Layout(shape[-1], 1), 1), **dict(zip(names[1:], units, strict=True))}
    return lambda fifos: connect(graph, made, fifos)
