"""Random whole networks against hls4ml's compiled C++: every layer's integers equal."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, reject, settings

from codesign.errors import UnsupportedLayerError
from codesign.graph.reading import read_model_graph
from codesign.hls import run_csim, write_project
from codesign.simulate import execute
from codesign.verify.stimulus import random_inputs

pytest.importorskip("keras")
hls4ml = pytest.importorskip("hls4ml")

from tests.differential.random_networks import Network, build, configure, networks  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 60


def compare(network: Network) -> None:
    """Refused by name, by hls4ml or by us, or equal on every layer."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        model = build(network)
        config = configure(network, hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis"))
        model_graph = hls4ml.converters.convert_from_keras_model(
            model,
            hls_config=config,
            io_type=network.io_type,
            backend="Vitis",
            project_name="design",
            output_dir="unused",
        )
    with tempfile.TemporaryDirectory(prefix="codesign-random-") as place:
        folder = Path(place) / "hls"
        folder.mkdir()
        try:
            graph = read_model_graph(model_graph)
            write_project(model_graph, graph, folder)
        except UnsupportedLayerError as error:
            note(str(error))
            reject()
        inputs = random_inputs(graph, SAMPLES, network.seed)
        run = run_csim(folder, inputs, Path(place) / "work", trace=True)
    expected = execute(graph, inputs)
    for name, values in {**run.layers, **run.outputs}.items():
        np.testing.assert_array_equal(values, expected[name], f"{name} of {network}")


@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(networks())
def test_a_few(network: Network) -> None:
    compare(network)


@pytest.mark.slow
@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(networks())
def test_many(network: Network) -> None:
    compare(network)
