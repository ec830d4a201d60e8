"""Simulating an RTL project: input that does not fit is refused, changed Verilog is seen at the layer it changed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from codesign import rtl
from codesign.errors import InputDataError
from codesign.simulate import execute
from codesign.verify.ladder import climb
from codesign.verify.record import notes
from codesign.verify.rtl import simulate_rtl
from codesign.verify.rungs import RtlRung
from tests.rtl.designs import mlp, stimulus

FLAT = np.zeros((3, 8), dtype=np.int64)
GOOD = np.zeros((3, 2, 4), dtype=np.int64)


def write(folder):
    return rtl.write_project(mlp(), folder, clock_ns=10, family=rtl.Family.XILINX_7SERIES, part="")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"other": GOOD}, r"inputs are named \['other'\], but the RTL's are \['image'\]"),
        ({"image": FLAT}, r"shape \(3, 8\), expected integers of shape \(samples, 2, 4\)"),
        ({"image": GOOD + 0.5}, "float64"),
        ({"image": GOOD - 1}, r"spans \[-1, -1\], but ufixed<5,1> holds \[0, 31\]"),
        ({"image": GOOD + 32}, r"spans \[32, 32\]"),
    ],
)
def test_inputs_that_do_not_fit(tmp_path, inputs, message):
    write(tmp_path / "rtl")
    with pytest.raises(InputDataError, match=message):
        simulate_rtl(tmp_path / "rtl", inputs, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def tamper(path):
    """Turn one adder of a module into a subtractor."""
    text = path.read_text()
    changed = re.sub(r"(shift_adder #\((?:-?\d+,){7})0\)", r"\g<1>1)", text, count=1)
    assert changed != text
    path.write_text(changed)


@pytest.mark.tools
def test_one_operator_changed_is_seen_at_its_layer_and_leaves_a_waveform(tmp_path):
    graph = mlp()
    manifest = write(tmp_path / "rtl")
    inputs = stimulus(graph, 300)
    expected = execute(graph, inputs)
    run = simulate_rtl(tmp_path / "rtl", inputs, tmp_path / "work")
    for name, values in run.outputs.items():
        np.testing.assert_array_equal(values, expected[name])
    assert not run.layers
    assert not run.faults
    assert (run.latency_cycles, run.interval) == (manifest.latency_cycles, manifest.interval)
    module = next(bus.module for bus in manifest.layers if bus.node == "norm")
    tamper(tmp_path / "rtl" / "src" / f"{module}.v")
    (result,) = climb(graph, [RtlRung(tmp_path / "rtl", tmp_path / "work", 0)], inputs)
    assert result.first is not None
    assert result.first.node == "norm"
    assert result.mismatching > 0
    waveform = Path(str(result.facts["waveform"]))
    assert f" i_{module} " in waveform.read_text()
    assert notes(result).endswith(f"waveform {waveform}")
    built = sorted((tmp_path / "work").glob("batch-*"))
    assert len(built) == 3  # right, wrong, and wrong with a waveform
    before = [(path / "simulator").stat().st_mtime_ns for path in built]
    again = simulate_rtl(tmp_path / "rtl", {"image": inputs["image"][:1]}, tmp_path / "work", seed=9)
    assert (again.latency_cycles, again.interval) == (manifest.latency_cycles, None)
    assert [(path / "simulator").stat().st_mtime_ns for path in built] == before
