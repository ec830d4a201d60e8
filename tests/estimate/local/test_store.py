"""The local calibration file: what goes in comes out, and what is damaged is refused by name."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import EstimateError, OutputError, ReportError
from codesign.estimate import Conditions, Flow, part_target
from codesign.estimate.local import add, default_path, pair_of, read_pairs
from codesign.estimate.local.store import FORMAT
from codesign.hls.reports import Stage
from codesign.rtl import Family
from tests.estimate.local.samples import GRAPH, OTHER, estimate, pair, report

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_a_pair_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "calibration.json"
    assert read_pairs(path) == ()
    made = pair_of(GRAPH, estimate(), report(), now=NOW)
    assert (made.date, made.tool, made.part) == ("2026-01-02T03:04:05+00:00", "Vitis HLS 2024.1", "xc7z020clg400-1")
    assert (made.group.flow, made.group.stage, made.group.family) == (Flow.VITIS, Stage.CSYNTH, Family.XILINX_7SERIES)
    assert add(path, made) == (made,)
    assert read_pairs(path) == (made,)
    assert json.loads(path.read_text())["format"] == FORMAT


def test_the_same_design_replaces(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    first, other = pair_of(GRAPH, estimate(), report()), pair_of(OTHER, estimate(), report())
    again = pair_of(GRAPH, estimate(), report(lut=99))
    add(path, first, other)
    assert add(path, again) == (again, other)
    # Another reuse factor, clock or stage is another design.
    conditions = estimate().conditions
    for changed in (
        estimate(conditions=replace(conditions, reuse={"x": 2})),  # type: ignore[arg-type]
        estimate(conditions=Conditions(Flow.VITIS, part_target("xc7a100tcsg324-1"), clock_ns=5.0)),  # type: ignore[arg-type]
    ):
        count = len(read_pairs(path))
        assert len(add(path, pair_of(GRAPH, changed, report()))) == count + 1
    assert len(add(path, pair_of(GRAPH, estimate(), report(Stage.VSYNTH)))) == 5


def test_what_is_no_pair() -> None:
    with pytest.raises(EstimateError, match=r"design 'net': nothing is both estimated and reported"):
        pair_of(GRAPH, estimate(), report(slack_ns=1.0))
    with pytest.raises(EstimateError, match=r"design 'net': the estimate is corrected by a local calibration already"):
        pair_of(GRAPH, replace(estimate(), corrected=True), report())
    with pytest.raises(ReportError, match=r"estimate with --clock-ns 5"):
        pair_of(GRAPH, estimate(clock_ns=4.0), report())


@settings(max_examples=40, deadline=None)
@given(
    numbers=st.lists(
        st.tuples(
            st.floats(1e-3, 1e9),
            st.none() | st.floats(0, 1e9),
            st.sampled_from(["lut", "ff", "dsp", "bram", "latency_cycles", "interval", "fmax_mhz"]),
        ),
        max_size=5,
    )
)
def test_any_pairs_come_back(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[tuple[float, float | None, str]]
) -> None:
    path = tmp_path_factory.mktemp("c") / "c.json"
    made = [pair(guess, truth, number=k, figure=name) for k, (guess, truth, name) in enumerate(numbers)]
    add(path, *made)
    assert read_pairs(path) == tuple(made)


def test_runs_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(path, pair(10, 12, number=number)), range(24)))
    assert {made.name for made in read_pairs(path)} == {f"net {number}" for number in range(24)}


def changed(path: Path, change: Any) -> None:
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


def _set(*keys: Any) -> Any:
    *inner, last, value = keys

    def change(found: Any) -> None:
        for key in inner:
            found = found[key]
        found[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("kind", "recipe"), r"its kind is not 'codesign local calibration'"),
        (_set("format", "1"), r"its format is not 1"),
        (_set("format", True), r"its format is not 1"),
        (_set("more", 1), r"it does not have the keys kind, format, pairs"),
        (_set("pairs", {}), r"its pairs are no list"),
        (_set("pairs", [[]]), r"pair 1 does not have the keys graph"),
        (_set("pairs", 0, "flow", "hdl"), r"pair 1\.flow is none of rtl, vitis"),
        (_set("pairs", 0, "stage", []), r"pair 1\.stage is none of csynth, vsynth, implementation"),
        (_set("pairs", 0, "family", "virtex"), r"pair 1\.family is none of xilinx_7series"),
        (_set("pairs", 0, "name", 5), r"pair 1\.name is no text"),
        (_set("pairs", 0, "tool", "x" * 1001), r"pair 1\.tool is no text"),
        (_set("pairs", 0, "truth", "lut", "many"), r"pair 1\.truth\.lut is no number"),
        (_set("pairs", 0, "truth", "lut", -1), r"pair 1\.truth\.lut is below 0"),
        (_set("pairs", 0, "truth", "lut", True), r"pair 1\.truth\.lut is no number"),
        (_set("pairs", 0, "truth", {}), r"pair 1\.truth does not have the keys lut, ff"),
        (_set("pairs", 0, "estimate", "lut", "low", 1e9), r"pair 1\.estimate\.lut does not lie in its interval"),
        (_set("pairs", 0, "estimate", "lut", 5), r"pair 1\.estimate\.lut does not have the keys value, low, high"),
    ],
)
def test_a_damaged_file(tmp_path: Path, change: Any, said: str) -> None:
    path = tmp_path / "c.json"
    add(path, pair(10, 12))
    changed(path, change)
    before = path.read_text()
    for act in (lambda: read_pairs(path), lambda: add(path, pair(10, 12, number=2))):
        with pytest.raises(EstimateError, match=rf"c\.json is damaged: {said}.*; restore it, or move it away"):
            act()
    assert path.read_text() == before


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\ud800", '{"kind": NaN}', '{"kind": 1e999}', "5"])
def test_no_json_at_all(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(EstimateError, match=r"local calibration .*c\.json is damaged"):
        read_pairs(tmp_path / "c.json")


def test_a_number_without_end(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    add(path, pair(10, 12.5))
    path.write_text(path.read_text().replace("12.5", "1e999"))
    with pytest.raises(EstimateError, match=r"pair 1\.truth\.lut is no number"):
        read_pairs(path)


def test_a_newer_file(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    add(path, pair(10, 12))
    changed(path, _set("format", FORMAT + 1))
    with pytest.raises(EstimateError, match=rf"is of format {FORMAT + 1}, and this codesign reads {FORMAT}; update"):
        read_pairs(path)


def test_where_it_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file is a file, not a folder"):
        add(tmp_path / "file" / "c.json", pair(10, 12))
    (tmp_path / "folder").mkdir()
    with pytest.raises(EstimateError, match=r"folder cannot be read \(Is a directory\); name another file"):
        read_pairs(tmp_path / "folder")


def test_where_it_is_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert default_path() == tmp_path / "config" / "codesign" / "calibration.json"
    for told in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", told)
        assert default_path() == tmp_path / "home" / ".config" / "codesign" / "calibration.json"
