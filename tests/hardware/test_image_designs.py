"""Networks over images and sequences, simulated clock by clock: every layer, the latency and the interval."""

import numpy as np
import pytest

from codesign import rtl
from codesign.simulate import execute
from codesign.verify.rtl import simulate_rtl
from tests.hardware.image_designs import folded, images
from tests.rtl.designs import stimulus

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("make", [folded, pytest.param(images, marks=pytest.mark.slow)])
def test_every_layer_equals_the_graph_in_the_cycles_that_the_manifest_claims(make, tmp_path):
    graph, reuse = make()
    family = rtl.Family.ECP5
    manifest = rtl.write_project(graph, tmp_path / "rtl", clock_ns=8.0, family=family, part="", reuse=reuse)
    inputs = stimulus(graph, 6)
    expected = execute(graph, inputs)
    run = simulate_rtl(tmp_path / "rtl", inputs, tmp_path / "work", layers=True, seed=5)
    for name, values in expected.items():
        np.testing.assert_array_equal(run.layers[name], values, err_msg=name)
    assert (run.latency_cycles, run.interval) == (manifest.latency_cycles, manifest.interval)
    assert not run.faults
