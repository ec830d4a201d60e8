"""Samples bred for the ends of every layer reach further than random ones."""

from __future__ import annotations

import numpy as np

from codesign.graph import Graph, ReadTimeStep, WriteTimeStep
from codesign.simulate import execute
from codesign.verify.extremes import extreme_inputs
from codesign.verify.stimulus import random_inputs
from tests.rtl.designs import P, dense, every_class, mlp, port


def reach(graph, inputs):
    node = graph["hidden"]
    sums = execute(graph, inputs)["flat"].astype(float) @ node.weight.astype(float)
    return sums.max(axis=0) - sums.min(axis=0)


def test_sums_come_to_their_ends():
    graph = mlp()
    weight = graph["hidden"].weight.astype(float)
    widest = 31 * np.abs(weight).sum(axis=0)
    bred = reach(graph, extreme_inputs(graph, 128, 0))
    drawn = reach(graph, random_inputs(graph, 128, 0))
    assert (bred >= 0.8 * widest).all()
    assert (bred > drawn).all()


def test_layers_inside_a_loop_over_time_steps_are_watched_too():
    type_ = P("fixed<6,3>")
    nodes = (
        port("x", (5, 4), str(type_)),
        ReadTimeStep(name="read", inputs=("x",), shape=(4,), result=type_, n_time_steps=5),
        dense("inner", "read", 4, 2, accumulator="fixed<18,8>", result="fixed<18,8>"),
        WriteTimeStep(name="write", inputs=("inner",), shape=(5, 2), result=P("fixed<18,8>")),
    )
    graph = Graph("loop", nodes, ("write",))
    bred = extreme_inputs(graph, 60, 0)
    assert bred["x"].shape == (60, 5, 4)
    drawn = execute(graph, random_inputs(graph, 60, 0))["write"]
    assert np.ptp(execute(graph, bred)["write"]) >= np.ptp(drawn)


def test_the_seed_decides_and_every_port_is_fed():
    graph = every_class()
    first, same, other = (extreme_inputs(graph, 20, seed) for seed in (1, 1, 2))
    for node in graph.input_nodes:
        values = first[node.name]
        assert values.shape == (20, *node.shape)
        assert values.min() >= node.result.min_int
        assert values.max() <= node.result.max_int
        np.testing.assert_array_equal(values, same[node.name])
    assert any((first[name] != other[name]).any() for name in first)
