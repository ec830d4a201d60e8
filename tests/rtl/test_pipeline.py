"""Stages: as few as a period allows, each within it by the model, and together the same logic."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codesign.rtl.delay import longest_path
from codesign.rtl.fabric import ECP5, Cut
from codesign.rtl.family import TIMING, Family
from codesign.rtl.logic import node_logic
from codesign.rtl.pipeline import longest_stage_ns, stages
from tests.rtl.designs import every_class

NODES = [node for node in every_class().nodes[2:] if node.name in ("dense0", "relu", "softmax1", "per_column")]


def logic_of(node):
    return node_logic(node, [every_class()[name] for name in node.inputs], ternary_adders=False)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.name)
@pytest.mark.parametrize("period_ns", [9.0, 14.0])
def test_stages_keep_to_the_period_and_compute_the_same(node, period_ns):
    logic = logic_of(node)
    parts = stages(logic, Cut(ECP5, period_ns))
    assert longest_stage_ns(parts, ECP5) <= period_ns
    x = np.random.default_rng(0).integers(0, 8, size=(50, logic.shape[0])).astype(np.float64)
    found = x
    for part in parts:
        found = part.predict(found, n_threads=1)
    np.testing.assert_array_equal(found, logic.predict(x, n_threads=1))


def test_no_fewer_stages_would_do():
    logic = logic_of(NODES[0])
    for period_ns in (8.0, 10.0, 15.0):
        count = len(stages(logic, Cut(ECP5, period_ns)))
        assert count >= (longest_path(logic, ECP5) - ECP5.stage_ns) / (period_ns - ECP5.stage_ns)
    assert len(stages(logic, Cut(ECP5, 1000.0))) == 1
    assert len(stages(logic, Cut(ECP5, 3.0, stages=False))) == 1


def test_stages_are_even():
    """Two stages where one is not enough share the way, rather than the second taking what is left over."""
    logic = logic_of(NODES[0])
    whole = longest_path(logic, ECP5)
    parts = stages(logic, Cut(ECP5, whole - 0.1))
    assert len(parts) == 2
    assert longest_stage_ns(parts, ECP5) < 0.8 * whole


def measured():
    found = json.loads((Path(__file__).parents[2] / "benchmarks" / "fmax.json").read_text())["ns"]
    return [(Family(family), name, ns) for family, designs in found.items() for name, ns in designs.items() if ns]


@pytest.mark.parametrize(("family", "name", "ns"), measured())
def test_no_measured_path_is_longer_than_the_model_says(family, name, ns):
    from benchmarks.fmax import designs

    assert ns <= longest_path(designs()[name](), TIMING[family].fabric)


def test_every_family_that_claims_measurement_was_measured():
    claimed = {family for family, timing in TIMING.items() if timing.measured}
    assert claimed == {family for family, _, _ in measured()}
