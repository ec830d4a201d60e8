"""Which rows no other one beats, and how a sweep is written down."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.classifiers import mlp
from codesign.errors import EstimateError, OutputError, ToolMissingError
from codesign.estimate import Figure
from codesign.estimate.sweep import (
    FIGURES,
    Costs,
    Kept,
    Objective,
    Row,
    csv_text,
    default_objectives,
    document,
    front,
    parse,
    plot,
    run,
    write_csv,
)
from tests.estimate.sweep.fakes import conditions, fake

SPACE = parse("reuse=1..200")


def row(index, bits, quality=None, **figures):
    known = {name: None if value is None else Figure.exactly(value) for name, value in figures.items()}
    costs = Costs(**{**dict.fromkeys((*FIGURES, "fits")), **known})
    return Row(SPACE[index], Kept(bits, 0, bits, quality), costs)


def indices(rows, *names):
    return [item.point.index for item in front(rows, [Objective(name) for name in names] or None)]


def test_a_row_is_beaten_by_one_that_is_better_in_one_thing_and_worse_in_none():
    rows = [
        row(0, 6, lut=100, dsp=0, latency_ns=10),
        row(1, 6, lut=90, dsp=0, latency_ns=10),
        row(2, 6, lut=80, dsp=0, latency_ns=20),
        row(3, 4, lut=80, dsp=0, latency_ns=20),
        row(4, 4, lut=70, dsp=1, latency_ns=20),
        row(5, 6, lut=90, dsp=0, latency_ns=10),
    ]
    assert indices(rows) == [2, 1, 5, 4]
    assert indices(rows, "lut") == [4]
    assert indices(rows, "bits_kept", "latency_ns") == [0, 1, 5]


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), max_size=40))
def test_the_front_is_what_its_definition_says(values):
    rows = [row(index, bits, lut=lut, dsp=dsp) for index, (bits, lut, dsp) in enumerate(values)]

    def beats(one, other):
        pairs = [(-one[0], -other[0]), *zip(one[1:], other[1:], strict=True)]
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    expected = {i for i, mine in enumerate(values) if not any(beats(other, mine) for other in values)}
    assert set(indices(rows, "bits_kept", "lut", "dsp")) == expected


def test_rows_that_are_refused_or_unknown_are_on_no_front_and_beat_none():
    rows = [
        row(0, 6, lut=100, dsp=0),
        Row(SPACE[1], Kept(99, 0, 99), None, "layer 'fc1': no"),
        row(2, 9, lut=None, dsp=0),
    ]
    assert indices(rows, "bits_kept", "lut") == [0]
    assert indices(rows, "bits_kept") == [2]
    assert front([]) == ()


def test_what_is_judged_by_follows_from_what_is_known():
    rows = [row(0, 6, lut=100, latency_ns=5)]
    assert [item.name for item in default_objectives(rows)] == ["bits_kept", "lut", "latency_ns"]
    rows = [row(0, 6, quality=0.5, lut=100, dsp=1, latency_ns=5)]
    assert [item.name for item in default_objectives(rows)] == ["quality", "lut", "dsp", "latency_ns"]
    assert Objective("fmax_mhz").larger_is_better
    assert not Objective("weight_bits").larger_is_better


def test_an_unknown_objective_is_refused():
    with pytest.raises(EstimateError, match=r"'luts' is nothing that a sweep tells; choose from lut, ff, .* quality"):
        Objective("luts")


@pytest.fixture(scope="module")
def swept():
    return run(mlp(), conditions(), parse("weights=1..4 fc2.weights=13,3 reuse=1,2"), workers=1, estimate=fake)


def test_the_table_has_a_line_for_each_configuration(swept, tmp_path):
    path = tmp_path / "out" / "sweep.csv"
    write_csv(swept, path)
    assert path.read_text() == csv_text(swept)
    lines = list(csv.DictReader(io.StringIO(path.read_text())))
    assert len(lines) == len(swept.rows) == 16
    best = {item.point.index for item in front(swept.rows)}
    for line, item in zip(lines, swept.rows, strict=True):
        assert int(line["index"]) == item.point.index
        assert [line["weights"], line["fc2.weights"], line["reuse"]] == [str(value) for value in item.point.values]
        assert line["front"] == ("true" if item.point.index in best else "false")
        assert line["ff"] == line["ff_low"] == line["fmax_mhz"] == ""
        if item.costs is None:
            assert (line["status"], line["lut"], line["fits"], line["reason"]) == ("refused", "", "", item.refusal)
        else:
            assert (line["status"], line["reason"]) == ("built", "")
            found = [float(line[f"lut{end}"]) for end in ("", "_low", "_high")]
            assert found == [item.costs.lut.value, item.costs.lut.low, item.costs.lut.high]
            assert int(line["bits_kept"]) == item.kept.bits_kept


def test_a_table_that_cannot_be_written_is_refused(swept, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        write_csv(swept, tmp_path / "file" / "sweep.csv")


def test_the_document_is_json(swept):
    found = json.loads(json.dumps(document(swept)))
    assert (found["configurations"], found["refused"], found["quality"]) == (16, 10, None)
    assert found["space"] == {"weights": ["1", "2", "3", "4"], "fc2.weights": ["13", "3"], "reuse": ["1", "2"]}
    assert found["objectives"] == ["bits_kept", "lut", "dsp", "latency_ns", "interval_ns"]
    assert found["rows"][0]["estimate"] is None
    assert found["rows"][0]["refusal"].startswith("layer 'fc1': weight has a sign")
    assert found["rows"][6]["estimate"]["ff"] is None
    assert found["original"]["estimate"]["lut"]["value"] == swept.original.costs.lut.value
    assert found["front"] == [item.point.index for item in front(swept.rows)]
    assert found["front"]


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG\r\n"), (".svg", b"<?xml")])
def test_the_plot_is_a_picture_and_always_the_same(swept, tmp_path, suffix, magic):
    first, second = (tmp_path / f"{name}{suffix}" for name in "ab")
    plot(swept, first)
    plot(swept, second)
    assert first.read_bytes().startswith(magic)
    assert first.read_bytes() == second.read_bytes()


def test_a_plot_says_what_it_shows(swept, tmp_path):
    plot(swept, tmp_path / "a.svg", [Objective("lut"), Objective("bits_kept")])
    content = (tmp_path / "a.svg").read_text()  # letters are drawn as paths; comments say what they are
    for label in ("LUTs", "bits of the design kept", "as it was", "6 of 16 configurations, vitis flow"):
        assert label in content


def test_plots_that_cannot_be_are_refused(swept, tmp_path, monkeypatch):
    with pytest.raises(EstimateError, match=r"ends in '.gif'; write it as .png or .svg"):
        plot(swept, tmp_path / "a.gif")
    with pytest.raises(EstimateError, match=r"no configuration .* two things .* \(it is judged by lut, ff\)"):
        plot(swept, tmp_path / "a.png", [Objective("lut"), Objective("ff")])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        ToolMissingError, match=r"matplotlib, which is not installed; run: pip install 'codesign\[plot\]'"
    ):
        plot(swept, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
