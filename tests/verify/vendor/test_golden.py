"""Stand-ins for the vendor's RTL of the designs that hardware answered for: the same answers in the same cycles."""

from __future__ import annotations

import json

import numpy as np
import pytest

from codesign.cli import main
from codesign.graph import save
from tests.simulate.golden import Graph, arrays_of
from tests.verify.vendor.vitis import Style, write_project

pytestmark = [pytest.mark.golden, pytest.mark.tools]

DESIGNS = {
    "breast_cancer/lut_reuse1": {"early": (2, 0)},
    "breast_cancer/dsp_reuse2": {"suffix": "_V", "sizes": True},
    "breast_cancer/lut_reuse100": {"flagged": False, "read_stage": 20, "packed": True, "reset_low": True},
    "jet_tagging/dsp_reuse100": {"early": (9, 0, 30, 1, 0)},
}
FAST = "breast_cancer/lut_reuse1"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == FAST else pytest.mark.slow) for name in DESIGNS]
)
def test_the_answers_and_the_cycles_of_the_hardware(golden, tmp_path, workshop, capsys, name):
    path = golden / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{golden} holds no {name}")
    facts, arrays, graph = json.loads(path.read_text()), arrays_of(path), Graph.from_golden(path)
    style = Style(facts["interval"], facts["first_done_cycle"], **DESIGNS[name])
    write_project(tmp_path / "hls", graph, style)
    save(graph, tmp_path / "graph")
    np.save(tmp_path / "x.npy", arrays["x"])
    argv = ["verify-rtl", "--project", "hls", "--graph", "graph", "--data", "x.npy", "--samples", "0"]
    argv = [str(tmp_path / part) if part in ("hls", "graph", "x.npy") else part for part in argv]
    argv += ["--out", str(workshop)]
    assert main([*argv, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(rung["rung"], rung["status"]) for rung in document["rungs"]] == [
        ("rtl", "equal"),
        ("cycles", "equal"),
        ("paused", "equal"),
    ]
    assert document["first_answer_cycle"] == facts["first_done_cycle"]
    assert document["interval"] == [facts["interval"]] * 2
    assert len(document["memory_files"]) == 2
    with np.load(workshop / "answers.npz") as answers:
        np.testing.assert_array_equal(answers["done_cycle"], arrays["done_cycle"])
        answer = graph.output_nodes[0]
        np.testing.assert_array_equal(answers[answer.name] * 2.0**-answer.result.fraction, arrays["y"])
    if name == FAST:
        assert main([*argv, "--json", "--interval", str(facts["interval"] + 1)]) == 1
        assert "interval: measured 1, the claim says 2" in capsys.readouterr().out
