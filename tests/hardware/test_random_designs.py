"""Random whole designs, simulated clock by clock, equal the Graph at every layer and keep their claims of time."""

from __future__ import annotations

import numpy as np
import pytest

from codesign import rtl
from codesign.estimate import Conditions, Figure, Flow, estimate, part_target
from codesign.simulate import execute
from codesign.verify.rtl import simulate_rtl
from codesign.verify.stimulus import random_inputs
from tests.rtl.random_designs import random_design

pytestmark = pytest.mark.tools

# Of those that `make test` takes: branches that meet again, folded convolutions and dense layers, several outputs.
FAST = (2, 4)
# Seeds that fail one day are added here, with what was wrong.
ALL = (*range(100, 125),)


@pytest.mark.parametrize("seed", [*FAST, *(pytest.param(seed, marks=pytest.mark.slow) for seed in ALL)])
def test_a_random_design_equals_the_graph(tmp_path, seed):
    graph = random_design(seed)
    rtl.write_project(graph, tmp_path / "rtl", clock_ns=10, family=rtl.Family.ECP5, part="")
    inputs = random_inputs(graph, 12, seed)
    expected = execute(graph, inputs)
    run = simulate_rtl(tmp_path / "rtl", inputs, tmp_path / "work", layers=True, seed=seed)
    for name, values in {**run.layers, **run.outputs}.items():
        np.testing.assert_array_equal(values, expected[name], err_msg=f"seed {seed}, node {name}")
    assert not run.faults
    conditions = Conditions(Flow.RTL, part_target("LFE5U-25F-6BG381C"), clock_ns=10)
    estimated = estimate(graph, conditions)
    assert estimated.latency_cycles == Figure.exactly(run.latency_cycles)
    assert estimated.interval == Figure.exactly(run.interval)
