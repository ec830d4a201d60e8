"""Random whole networks against hls4ml's compiled C++: every layer's integers equal."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, reject, settings
from hypothesis import strategies as st

from codesign.errors import UnsupportedLayerError
from codesign.graph.reading import read_model_graph
from codesign.hls import run_csim, write_project
from codesign.simulate import execute, predict
from codesign.verify.stimulus import random_inputs

pytest.importorskip("keras")
hls4ml = pytest.importorskip("hls4ml")

from tests.differential.random_networks import Network, build, configure, networks  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 60


def convert(networks: Sequence[Network], io_type: str) -> Any:
    """hls4ml's ModelGraph of the networks beside each other."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        model = build(networks)
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
        return hls4ml.converters.convert_from_keras_model(
            model,
            hls_config=configure(networks, config),
            io_type=io_type,
            backend="Vitis",
            project_name="design",
            output_dir="unused",
        )


def carried(network: Network, io_type: str, place: Path) -> bool:
    """Whether the network is not refused by its name."""
    folder = place / str(len(list(place.iterdir())))
    folder.mkdir()
    try:
        model_graph = convert([network], io_type)
        write_project(model_graph, read_model_graph(model_graph), folder)
    except UnsupportedLayerError as error:
        note(f"{network}: {error}")
        return False
    return True


def compare(drawn: Sequence[Network], io_type: str, samples_seed: int) -> None:
    """Networks are refused by name, or every layer's integers are those of the C++."""
    with tempfile.TemporaryDirectory(prefix="codesign-random-") as temporary:
        place = Path(temporary)
        networks = [network for network in drawn if carried(network, io_type, place)]
        if not networks:
            reject()
        model_graph = convert(networks, io_type)
        graph = read_model_graph(model_graph)
        folder = place / "hls"
        folder.mkdir()
        write_project(model_graph, graph, folder)
        inputs = random_inputs(graph, SAMPLES, samples_seed)
        run = run_csim(folder, inputs, place / "work", trace=True)
    expected, found = execute(graph, inputs), predict(graph, inputs)
    for name, values in {**run.layers, **run.outputs}.items():
        np.testing.assert_array_equal(values, expected[name], f"{name} of {networks}, {io_type}")
    for name, values in run.outputs.items():
        np.testing.assert_array_equal(values, found[name], f"{name} of {networks}, {io_type}, by the fast engine")


IO_TYPES = st.sampled_from(["io_parallel", "io_stream"])


@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(st.lists(networks(), min_size=4, max_size=6), IO_TYPES, st.integers(0, 1000))
def test_a_few(drawn: list[Network], io_type: str, samples_seed: int) -> None:
    compare(drawn, io_type, samples_seed)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(networks(), min_size=1, max_size=6), IO_TYPES, st.integers(0, 1000))
def test_many(drawn: list[Network], io_type: str, samples_seed: int) -> None:
    compare(drawn, io_type, samples_seed)
