"""Rows of a sweep: each an estimate or a refusal, the same whatever processes made them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import codesign
from benchmarks.classifiers import mlp
from codesign.errors import EstimateError, InputDataError, ToolMissingError
from codesign.estimate.sweep import judge, parse, read_judge, run
from codesign.precision import Bits, uniform
from codesign.rtl.folded.multipliers import Multipliers
from tests.estimate.sweep.fakes import conditions, fake, impossible, uninstalled


def swept(text, graph=None, **options):
    options = {"workers": 1, "estimate": fake, **options}
    return run(mlp() if graph is None else graph, conditions(), parse(text), **options)


def test_each_row_is_the_estimate_of_its_configuration():
    found = swept("weights=3,4 activations=3..5 fc2.weights=6 reuse=1,4 fc2.reuse=2 clock_ns=2.5,5 multipliers=lut,dsp")
    assert len(found.rows) == 48
    for row in found.rows:
        choices = row.point.document()
        graph = uniform(mlp(), choices["weights"], choices["activations"], {"fc2": Bits(weights=6)})
        asked = replace(
            conditions(),
            reuse={"fc1": choices["reuse"], "fc2": 2},
            clock_ns=choices["clock_ns"],
            multipliers=Multipliers(choices["multipliers"]),
        )
        expected = fake(graph, asked)
        assert row.costs.lut == expected.lut
        assert row.costs.latency_ns == expected.latency_ns
        assert row.costs.dsp == expected.dsp
        assert row.costs.interval == expected.interval
        assert row.costs.ff is None
        assert row.costs.fits is expected.fits


def test_conditions_that_are_not_swept_stay():
    given = replace(conditions(), reuse={"fc1": 8}, clock_ns=3.0)
    found = run(mlp(), given, parse("fc2.reuse=2,4"), workers=1, estimate=fake)
    assert [row.costs.latency_cycles.value for row in found.rows] == [2 + 8 + 2 + 2, 2 + 8 + 2 + 4]
    assert found.rows[0].costs.latency_ns.value == 3.0 * 14
    assert found.original.costs.latency_cycles.value == 2 + 8 + 2 + 1
    assert found.rows[0].kept == found.original.kept


def test_what_is_kept_is_counted():
    found = swept("weights=4,8 activations=3,9")
    n_weights, n_activations = 64 * 16 + 16 + 16 * 10 + 10, 16
    for row in found.rows:
        weights, activations = row.point.values
        assert row.kept.weight_bits == n_weights * weights
        assert row.kept.activation_bits == n_activations * activations
        assert row.kept.bits_kept == n_weights * min(weights, 6) + n_activations * min(activations, 6)
    assert found.original.kept.bits_kept == 6 * (n_weights + n_activations)


def test_what_cannot_be_built_is_a_row_that_says_why():
    found = swept("weights=1,4,13")
    assert [bool(row.costs) for row in found.rows] == [False, True, False]
    assert found.rows[0].refusal.startswith("layer 'fc1': weight has a sign and 1 bit in all")
    assert found.rows[0].kept is None
    assert found.rows[2].refusal == "layer 'fc1': weights of 13 bits; give 12"
    assert found.rows[2].kept.weight_bits == 13 * 1210
    assert (len(found.built), len(found.refused)) == (1, 2)


def test_a_sweep_of_which_nothing_can_be_built_is_refused_with_the_reason():
    with pytest.raises(EstimateError, match="no configuration of the sweep can be built: layer 'fc1': no such flow"):
        swept("weights=2..8", estimate=impossible)


def test_a_missing_tool_is_no_refusal_of_a_configuration():
    with pytest.raises(ToolMissingError, match="alkaid is not installed"):
        swept("weights=2..8", estimate=uninstalled)


def test_a_layer_that_is_not_there_is_refused_before_anything_runs():
    with pytest.raises(EstimateError, match="'fc9' is not in design 'digits'"):
        swept("fc9.weights=2..8", estimate=impossible)


def test_several_processes_make_the_same_rows_in_the_same_order():
    graph = codesign.Graph("g", mlp().nodes, ("fc2",), {"keras": "3"})
    x = np.random.default_rng(0).uniform(0, 1, (50, 64))
    told = []
    options = {"graph": graph, "judge": judge(graph, x), "progress": lambda *counts: told.append(counts)}
    text = "weights=1..6 activations=3..5 reuse=1,2,4"
    one = swept(text, **options)
    assert told[-1] == (54, 54)
    told.clear()
    two = swept(text, workers=2, **options)
    assert one.rows == two.rows
    assert told == sorted(told)
    assert told[-1] == (54, 54)


def test_what_is_left_after_a_while_is_shared_out(monkeypatch):
    expected = swept("weights=2..12 reuse=1..30").rows
    monkeypatch.setattr("codesign.estimate.sweep.running._ALONE", 0.0)
    monkeypatch.setattr("codesign.estimate.sweep.running._REPORTED", 0.0)
    monkeypatch.setattr("codesign.estimate.sweep.running._WORTH_PROCESSES", 0.0)
    monkeypatch.setattr("codesign.estimate.sweep.running.available_threads", lambda: 2)
    told = []
    found = swept("weights=2..12 reuse=1..30", workers=None, progress=lambda *counts: told.append(counts[0]))
    assert found.rows == expected
    assert told[0] == 1
    assert 2 not in told  # all but the first row came from other processes, many at a time
    assert told[-1] == len(expected) == 330
    assert told == sorted(told)


def test_what_cannot_be_sent_to_other_processes_is_refused():
    with pytest.raises(EstimateError, match=r"the estimator cannot be sent to other processes .* workers=1"):
        swept("weights=2..8", workers=2, estimate=lambda graph, conditions: fake(graph, conditions))


def test_no_workers_are_none():
    with pytest.raises(EstimateError, match="0 workers cannot go through a sweep; give at least 1"):
        swept("weights=2..8", workers=0)


def test_quality_is_the_share_of_samples_classified_right():
    graph = mlp()
    x = np.random.default_rng(1).integers(0, 16, (200, 64)) / 16
    own = codesign.Graph("g", graph.nodes, ("fc2",)).predict(x).argmax(axis=1)
    found = swept("weights=2,6", judge=judge(graph, x))
    coarse = codesign.Graph("g", uniform(graph, 2).nodes, ("fc2",)).predict(x).argmax(axis=1)
    assert found.quality == "agreement with the design as it was"
    assert [row.kept.quality for row in found.rows] == [np.mean(coarse == own), 1.0]
    assert found.rows[0].kept.quality < 1
    labels = (own + (np.arange(200) < 20)) % 10
    labelled = swept("weights=6", judge=judge(graph, x, labels))
    assert (labelled.quality, labelled.rows[0].kept.quality) == ("accuracy", 0.9)
    one_hot = np.eye(10, dtype=int)[labels]
    assert swept("weights=6", judge=judge(graph, x, one_hot)).rows == labelled.rows


def test_a_single_output_tells_two_classes():
    graph = mlp((4, 1), seed=1)
    x = np.random.default_rng(2).integers(0, 16, (100, 4)) / 16
    positive = codesign.Graph("g", graph.nodes, ("fc1",)).predict(x)[:, 0] > 0
    assert 0 < positive.sum() < 100
    assert judge(graph, x, positive.astype(int)).quality(graph) == 1.0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(9, int), r"labels of shape \(9,\) .* no class numbers for 10 samples; give \(10,\) integers"),
        (np.full(10, 0.5), "no class numbers"),
        (np.array(list("abcdefghij")), "no class numbers"),
        (np.full(10, 10), "labels span 10 to 10, but the design tells 10 classes; give 0 to 9"),
        (np.full(10, -1), "labels span -1 to -1"),
        (np.full(10, np.nan), "no class numbers"),
    ],
)
def test_labels_that_do_not_match_are_refused(labels, message):
    with pytest.raises(InputDataError, match=message):
        judge(mlp(), np.zeros((10, 64)), labels)


def test_samples_and_labels_come_from_files(tmp_path):
    graph = mlp()
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 1, (30, 64)), rng.integers(0, 10, 30)
    path = tmp_path / "data.npz"
    kinds = {
        "recipe": {"x": x, "y": y},
        "ports": {"x": x, "labels": y},
        "trained": {
            "x_all": np.r_[x, x],
            "y_all": np.r_[9 - y, y],
            "train_index": [0],
            "test_index": np.arange(30, 60),
        },
    }
    for arrays in kinds.values():
        np.savez(path, **arrays)
        found = read_judge(graph, path)
        assert found.labelled
        assert found.quality(graph) == judge(graph, x, y).quality(graph)
    np.save(tmp_path / "x.npy", x)
    assert not read_judge(graph, tmp_path / "x.npy").labelled
    np.savez(path, x_all=x, y_all=y, test_index=[30])
    with pytest.raises(InputDataError, match="test_index does not count the samples"):
        read_judge(graph, path)
    with pytest.raises(InputDataError, match="does not exist"):
        read_judge(graph, tmp_path / "none.npz")


def test_the_graph_is_left_alone_and_each_configuration_reproduces_from_its_row():
    graph = mlp()
    row = swept("weights=2..4 activations=3..4", graph=graph).rows[3]
    again = swept(str(row.point), graph=graph).rows[0]
    assert (again.kept, again.costs) == (row.kept, row.costs)
    assert graph["fc1"].weight_type.width == 6


def test_a_sweep_imports_neither_keras_nor_a_plotter():
    code = (
        "import sys\n"
        "from benchmarks.classifiers import mlp\n"
        "from codesign.estimate.sweep import parse, run, front, csv_text\n"
        "from tests.estimate.sweep.fakes import conditions, fake\n"
        "csv_text(run(mlp(), conditions(), parse('weights=2..4'), workers=1, estimate=fake))\n"
        "found = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(found & {'tensorflow', 'keras', 'qkeras', 'hls4ml', 'matplotlib'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
