"""Recurrent layers: the compiled C simulation of hls4ml against the Graph, integer by integer."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from codesign.graph import Graph, Overflow, Rounding
from codesign.hls import run_csim, write_project
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import Pair, convert, fill, full_range, layers  # noqa: E402

pytestmark = pytest.mark.tools

SAMPLES = 150
STREAMS = pytest.mark.parametrize("io_type", ["io_parallel", "io_stream"])
WEIGHTS = {
    "weight": "fixed<8,3>",
    "bias": "fixed<9,3>",
    "recurrent_weight": "fixed<7,2,RND,SAT>",
    "recurrent_bias": "fixed<8,3>",
}


class Branches:
    """Layers beside each other in one model, each with a port of its own, so that one compilation checks them all."""

    def __init__(self) -> None:
        self.ports: list[Any] = []
        self.outputs: list[Any] = []
        self.types: dict[str, dict[str, str]] = {}
        self.settings: dict[str, dict[str, Any]] = {}

    def add(
        self,
        layer: Any,
        source: str,
        types: dict[str, str],
        *,
        shape: tuple[int, ...] = (5, 3),
        **settings: Any,
    ) -> None:
        """A layer that reads a port of type `source`."""
        port = layers().Input(shape, name=f"{layer.name}_port")
        self.ports.append(port)
        self.outputs.append(layer(port))
        self.types[port.name] = {"result": source}
        self.types[layer.name] = {**WEIGHTS, **types}
        self.settings[layer.name] = settings

    def convert(self, seed: int, **options: Any) -> Pair:
        types = {name: dict(values) for name, values in self.types.items()}
        return convert(fill(keras.Model(self.ports, self.outputs), seed), types, settings=self.settings, **options)


def check(design: Pair, place: Any, *, seed: int = 1) -> Graph:
    """Every layer and every output is equal to the Graph."""
    folder = place / "hls"
    folder.mkdir()
    write_project(design.model_graph, design.graph, folder)
    inputs = full_range(design.graph, SAMPLES, seed)
    run = run_csim(folder, inputs, place / "work", trace=True)
    expected = execute(design.graph, inputs)
    assert tuple(run.outputs) == design.graph.outputs
    for name, values in {**run.layers, **run.outputs}.items():
        assert np.array_equal(values, expected[name]), name
        assert len(np.unique(values)) > 1, f"{name} says nothing"
    return design.graph


@STREAMS
def test_gru_in_every_rounding_and_overflow_mode(tmp_path, io_type):
    """All types differ; each pair of modes in the result, and another in the accumulator."""
    branches = Branches()
    modes = list(itertools.product(Rounding, [item for item in Overflow if item is not Overflow.WRAP_SM]))
    for index, (rounding, overflow) in enumerate(modes):
        other = modes[(index * 11 + 5) % len(modes)]
        branches.add(
            layers().GRU(2, name=f"{rounding.value}_{overflow.value}".lower(), return_sequences=index % 2 == 0),
            f"fixed<{6 + index % 4},{2 + index % 3}>",
            {
                "accum": f"fixed<{10 + index % 5},{4 + index % 3},{other[0].value},{other[1].value}>",
                "result": f"fixed<{6 + index % 3},{1 + index % 3},{rounding.value},{overflow.value}>",
                "table": f"fixed<{8 + index % 9},{2 + index % 3},{other[0].value},{overflow.value}>",
            },
            shape=(4, 3),
            TableSize=(256, 1024, 300, 97)[index % 4],
        )
    check(branches.convert(7, io_type=io_type), tmp_path)


@STREAMS
def test_lstm_in_every_rounding_and_overflow_mode(tmp_path, io_type):
    """hls4ml's C++ compiles only where what an LSTM reads, its accumulator and its result have one type."""
    branches = Branches()
    modes = list(itertools.product(Rounding, [item for item in Overflow if item is not Overflow.WRAP_SM]))
    for index, (rounding, overflow) in enumerate(modes):
        one = f"fixed<{8 + index % 5},{2 + index % 3},{rounding.value},{overflow.value}>"
        branches.add(
            layers().LSTM(2, name=f"{rounding.value}_{overflow.value}".lower(), return_sequences=index % 2 == 0),
            one,
            {"accum": one, "result": one, "table": f"fixed<{8 + index % 9},{2 + index % 3},RND,SAT>"},
            shape=(4, 3),
            TableSize=(256, 1024, 300, 97)[index % 4],
        )
    check(branches.convert(8, io_type=io_type), tmp_path)
