"""hls4ml#779: LSTM and GRU of strategy Resource gave wrong numbers, because their weights were transposed twice.

What is right: a reuse factor and a strategy shape hardware, so that with an accumulator that wraps every one of them
gives the numbers of strategy latency. hls4ml mended the weights in its pull request 780, and 1.3.0 has them right.

It still has a trouble with large reuse factors. It makes the one that is asked for into the nearest legal one, for
the inputs and for the state on their own, but picks the C++ function of both by that of the inputs: up to the number
of inputs, or beyond it. Where the state's own factor lies on the other side of the number of units, that function
would not add up every product, and an assertion in it stops the program. Such layers are refused by name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codesign.errors import ToolFailedError, UnsupportedLayerError
from codesign.graph.nodes import recurrent as nodes
from codesign.graph.reading import recurrent as reading
from codesign.hls import run_csim, write_project
from codesign.simulate import execute

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from tests.hls.designs import Pair, convert, fill, full_range, layers  # noqa: E402

ONE = "fixed<16,6>"
WEIGHTS = {"weight": "fixed<8,3>", "bias": "fixed<8,3>", "recurrent_weight": "fixed<8,3>"}


def design(units: int, n_in: int, strategy: str, reuse_factor: int) -> Pair:
    given = layers().Input((4, n_in), name="x")
    model = fill(keras.Model(given, layers().LSTM(units, name="rnn")(given)), 3)
    types: dict[str, Any] = {"x": {"result": ONE}, "rnn": {**WEIGHTS, "accum": ONE, "result": ONE}}
    return convert(model, types, settings={"rnn": {"Strategy": strategy, "ReuseFactor": reuse_factor}})


FACTORS = (1, 2, 4, 8, 16, 64, 10_000)


@pytest.mark.parametrize("reuse_factor", FACTORS)
def test_every_legal_reuse_factor_gives_the_numbers_of_latency(reuse_factor):
    made, plain = design(4, 4, "Resource", reuse_factor).graph, design(4, 4, "Latency", 1).graph
    assert made["rnn"].strategy == "resource"
    inputs = full_range(made, 100, 1)
    assert np.array_equal(execute(made, inputs)["rnn"], execute(plain, inputs)["rnn"])


@pytest.mark.tools
def test_so_does_the_compiled_code(tmp_path):
    found = []
    for strategy, factor in (("Latency", 1), ("Resource", 10_000)):
        made = design(4, 4, strategy, factor)
        folder = tmp_path / strategy
        folder.mkdir()
        write_project(made.model_graph, made.graph, folder)
        run = run_csim(folder, full_range(made.graph, 100, 1), tmp_path / f"{strategy}_work")
        found.append(run.outputs["rnn"])
    assert np.array_equal(*found)
    assert len(np.unique(found[0])) > 100


def test_a_factor_between_inputs_and_units_is_refused_by_name():
    with pytest.raises(UnsupportedLayerError) as caught:
        design(4, 3, "Resource", 6)
    assert "layer 'rnn' has strategy resource and recurrent reuse factor 4 for 4 x 16 weights" in str(caught.value)
    assert "it picks its function by reuse factor 6" in str(caught.value)
    assert "strategy latency" in str(caught.value)


@pytest.mark.tools
def test_what_is_refused_stops_in_the_compiled_code(tmp_path, monkeypatch):
    monkeypatch.setattr(reading.Cell, "_check_reuse", lambda *arguments: None)
    monkeypatch.setattr(nodes, "sums_all", lambda *arguments: True)
    made = design(4, 3, "Resource", 6)
    folder = tmp_path / "hls"
    folder.mkdir()
    write_project(made.model_graph, made.graph, folder)
    with pytest.raises(ToolFailedError, match="killed by signal 6"):
        run_csim(folder, full_range(made.graph, 2, 1), tmp_path / "work")
    assert "This function is correct only for RF > N_IN" in (tmp_path / "work" / "run.log").read_text()
