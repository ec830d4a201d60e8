"""Vendors' reports: every kind is read to the last figure, and what is cut off or foreign is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.errors import ReportError
from codesign.hls.reports import Module, Stage, read_report, read_reports
from tests.hls.reports import written


def saved(folder: Path, text: str, name: str = "x.rpt") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_c_synthesis(tmp_path: Path) -> None:
    path = saved(tmp_path, written.csynth(), "design_csynth.xml")
    found = read_report(path)
    assert (found.stage, found.design, found.part) == (Stage.CSYNTH, "design", "xc7z007s-clg225-2")
    assert (found.clock_ns, found.estimated_ns, found.files) == (5.0, 7.947, (path,))
    # 5 - 0.62 - 7.947, as Vitis HLS prints it.
    assert found.total == Module("design", 2098, 1957, 35, 2, 0, 20, 20, 2, -3.567)
    assert found.tool == "Vivado HLS or Vitis HLS 2021.1"


def test_c_synthesis_by_vivado_hls(tmp_path: Path) -> None:
    counts = {"BRAM_18K": 0, "DSP48E": 73, "FF": 7969, "LUT": 2532}
    found = read_report(saved(tmp_path, written.csynth(dsp="DSP48E", counts=counts)))
    assert (found.total.dsp, found.total.lut, found.total.uram) == (73, 2532, None)


@pytest.mark.parametrize("word", ["undef", "?", "-"])
def test_an_unknown_latency_is_unknown(tmp_path: Path, word: str) -> None:
    found = read_report(saved(tmp_path, written.csynth(latency=word, interval=word))).total
    assert (found.latency, found.latency_best, found.interval) == (None, None, None)
    assert found.lut == 2098
    assert found.document()["latency"] is None


def test_the_summary_of_vitis_hls(tmp_path: Path) -> None:
    found = read_report(saved(tmp_path, written.summary(), "csynth.rpt"))
    assert found.total == Module("design", 4876, 1953, 0, 2, 0, 20, None, 1, -3.57)
    assert found.modules == (
        Module("dense_latency_0_0", 2746, 1171, 35, 0, 0, 3, None, 1, -0.91),
        Module("softmax_stable_s", 356, 204, 0, 2, 0, None, None, None, 0.73),
    )
    assert found.part == "xc7z007s-clg225-2"
    assert found.tool == "Vitis HLS 2021.1 (Build 3247384 on Thu Jun 10 19:36:07 MDT 2021)"


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        ("Synthesized", Stage.VSYNTH),
        ("Fully Placed", Stage.IMPLEMENTATION),
        ("Routed", Stage.IMPLEMENTATION),
        ("Physopt postRoute", Stage.IMPLEMENTATION),
    ],
)
def test_utilisation(tmp_path: Path, state: str, stage: Stage) -> None:
    found = read_report(saved(tmp_path, written.utilisation(state)))
    assert (found.stage, found.design, found.part) == (stage, "design", "xc7z007sclg225-2")
    # A tile and a half are three block RAMs of 18 Kb.
    assert found.total == Module("design", lut=1210, ff=905, dsp=33, bram18=3)


def test_utilisation_of_ultrascale(tmp_path: Path) -> None:
    found = read_report(saved(tmp_path, written.utilisation_of_ultrascale()))
    assert found.total == Module("design", lut=18, ff=14, dsp=2, bram18=1, uram=3)
    assert found.stage is Stage.IMPLEMENTATION


def test_utilisation_by_instance(tmp_path: Path) -> None:
    found = read_report(saved(tmp_path, written.hierarchy()))
    assert found.total == Module("design", lut=390, ff=470, dsp=12, bram18=5, uram=0)
    assert found.modules == (Module("u0", lut=386, ff=464, dsp=12, bram18=5, uram=0),)


@pytest.mark.parametrize("state", ["Routed", None])
def test_timing(tmp_path: Path, state: str | None) -> None:
    found = read_report(saved(tmp_path, written.timing(state=state, slack="-0.221")))
    assert (found.stage, found.total.slack_ns, found.clock_ns) == (Stage.IMPLEMENTATION, -0.221, 5.0)
    assert found.total.lut is None


def test_timing_before_placement(tmp_path: Path) -> None:
    text = written.timing(state=None, net="unplaced")
    assert read_report(saved(tmp_path, text)).stage is Stage.VSYNTH


def test_no_constrained_path_has_no_slack(tmp_path: Path) -> None:
    found = read_report(saved(tmp_path, written.timing(slack="NA", clocks=())))
    assert (found.total.slack_ns, found.clock_ns) == (None, None)


def test_a_project(tmp_path: Path) -> None:
    layer = written.csynth("design", counts={"BRAM_18K": 0, "DSP": 30, "FF": 100, "LUT": 200, "URAM": 0})
    written.project(tmp_path, dense_latency=layer)
    (tmp_path / "vivado_synth.rpt").write_text(written.utilisation("Synthesized", luts="1500"))
    (tmp_path / "utilization.rpt").write_text(written.utilisation("Routed"))
    (tmp_path / "timing.rpt").write_text(written.timing())
    csynth, vsynth, implementation = read_reports(tmp_path)
    assert (csynth.stage, csynth.total.lut) == (Stage.CSYNTH, 2098)
    assert [(module.name, module.lut) for module in csynth.modules] == [("dense_latency", 200)]
    assert (vsynth.stage, vsynth.total.lut, vsynth.total.slack_ns) == (Stage.VSYNTH, 1500, None)
    assert (implementation.total.lut, implementation.total.slack_ns, implementation.clock_ns) == (1210, 0.221, 5.0)
    assert implementation.part == "xc7z007sclg225-2"
    assert {file.name for file in implementation.files} == {"utilization.rpt", "timing.rpt"}
    json.dumps([report.document() for report in (csynth, vsynth, implementation)])


def test_hls4ml_prints_nothing_and_stays_where_it_is(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    written.project(tmp_path)
    here = Path.cwd()
    read_reports(tmp_path)
    assert capfd.readouterr().out == ""
    assert Path.cwd() == here


def test_a_solution_and_a_single_module(tmp_path: Path) -> None:
    reports = written.project(tmp_path)
    for path in (tmp_path / "design_prj", tmp_path / "design_prj" / "solution1", reports):
        assert read_reports(path)[0].total.lut == 2098


CUT = {
    "csynth.xml": written.csynth(),
    "csynth.rpt": written.summary(),
    "utilisation": written.utilisation(),
    "ultrascale": written.utilisation_of_ultrascale(),
    "hierarchy": written.hierarchy(),
    "timing": written.timing(),
    "two clocks": written.timing(clocks=(("clk", "5.000"), ("other", "5.000"))),
}


@pytest.mark.parametrize("kind", CUT)
def test_a_report_cut_off_is_refused_or_says_the_same(tmp_path: Path, kind: str) -> None:
    text, ends = CUT[kind], [0]
    for line in CUT[kind].splitlines(keepends=True):
        ends += [ends[-1] + len(line) // 2, ends[-1] + len(line)]
    path = saved(tmp_path, text)
    whole, refused = read_report(path), 0
    for end in ends[:-1]:
        path.write_text(text[:end])
        try:
            assert read_report(path) == whole
        except ReportError:
            refused += 1
    assert refused > len(ends) / 3


def test_a_second_clock_cut_off_is_missed(tmp_path: Path) -> None:
    text = written.timing(clocks=(("clk", "5.000"), ("other", "4.000")))
    with pytest.raises(
        ReportError, match=r"what follows the table 'Clock Summary' is missing; the report is truncated"
    ):
        read_report(saved(tmp_path, text[: text.index("other")]))


def lines_without(text: str, words: str) -> str:
    assert words in text
    return "\n".join(line for line in text.splitlines() if words not in line) + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            lines_without(written.csynth(), "<LUT>"),
            r"<AreaEstimates/Resources/LUT> is missing; the report is truncated",
        ),
        (lines_without(written.csynth(), "<DSP>"), r"<AreaEstimates/Resources/DSP> \(DSP or DSP48E\) is missing"),
        (lines_without(written.csynth(), "<TopModelName>"), r"<UserAssignments/TopModelName> is missing"),
        (written.csynth().replace("2098", "many"), r"LUT is 'many', which is no number"),
        (written.csynth().replace("2098", "-1"), r"LUT is '-1', which is no count"),
        (written.csynth(latency="1.5"), r"Worst-caseLatency is '1\.5', which is no count"),
        (lines_without(written.utilisation(), "Slice LUTs"), r"the row \(CLB LUTs or Slice LUTs\) is missing"),
        (lines_without(written.utilisation(), "Block RAM Tile"), r"the row \(Block RAM Tile\) is missing"),
        (lines_without(written.utilisation(), "| DSPs"), r"the row \(DSPs or DSP Slices\) is missing"),
        (lines_without(written.utilisation(), "Design State"), r"the line 'Design State' with Synthesized"),
        (lines_without(written.utilisation(), "| Design  "), r"the line 'Design' is missing"),
        (written.utilisation(state="Elaborated"), r"the line 'Design State' with Synthesized, Placed or Routed"),
        (written.utilisation(luts="few"), r"Slice LUTs is 'few', which is no number"),
        (written.utilisation().replace(" 1.5 ", " 1.2 "), r"Block RAM Tile is '1\.2', which is no number of halves"),
        (written.hierarchy().replace("Total LUTs", "All LUTs  "), r"is missing"),
        (written.hierarchy().replace("RAMB18", "RAMB17"), r"the column \(RAMB18\) is missing"),
        (lines_without(written.hierarchy(), "| design "), r"the row of the top is missing"),
        (lines_without(written.timing(), "WNS(ns)"), r"the table 'Design Timing Summary' with 'WNS\(ns\)' is missing"),
        (lines_without(written.timing(), "{0.000"), r"'Clock Summary' lists no clock"),
        (written.timing(state="Elaborated"), r"the line 'Design State'"),
        (written.timing(state=None, net="unset"), r"the line 'Design State', or a path with its wires is missing"),
        (written.timing(slack="soon"), r"WNS\(ns\) is 'soon', which is no number"),
        (written.timing(clocks=(("a", "5.000"), ("b", "4.000"))), r"clocks of 4, 5 ns; give a report of the design"),
        (lines_without(written.summary(), "| + design*"), r"the row of 'design' is missing"),
        (written.summary().replace(" LUT ", " LAT "), r"the column \(LUT\) is missing"),
        (written.summary().replace("  o Soft", "  ? Soft"), r"row '\? SoftmaxLoop' is neither a module nor a loop"),
        ("", r"is no report that can be read; give \*_csynth\.xml, csynth\.rpt"),
        ("LUT 5\n", r"is no report that can be read"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(ReportError, match=said) as caught:
        read_report(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE p [<!ENTITY a "x">]>\n', r"declares a document type, which no report does"),
        ("<!doctype p>", r"declares a document type"),
    ],
)
def test_xml_with_a_document_type(tmp_path: Path, text: str, said: str) -> None:
    for place in (written.csynth().replace("</profile>", f"{text}</profile>"), f"<profile>{text}</profile>"):
        with pytest.raises(ReportError, match=said):
            read_report(saved(tmp_path, place))


def test_xml_in_another_encoding(tmp_path: Path) -> None:
    head = '<?xml version="1.0" encoding="utf-16"?>\n'
    with pytest.raises(ReportError, match=r"is in 'utf-16', which no report is"):
        read_report(saved(tmp_path, head + written.csynth()))
    assert read_report(saved(tmp_path, head.replace("utf-16", "UTF-8") + written.csynth())).total.lut == 2098


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00profile")
    (tmp_path / "y").write_bytes(b"<profile>\0")
    for name in "xy":
        with pytest.raises(ReportError, match=r"is not text; give a report that Vitis HLS"):
            read_report(tmp_path / name)
    with pytest.raises(ReportError, match=r"none cannot be read \(No such file"):
        read_reports(tmp_path / "none")
    with (tmp_path / "large").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(ReportError, match=r"is larger than 64 MiB"):
        read_report(tmp_path / "large")


def test_folders_without_reports(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"holds no report; run the tools, or give \*_csynth\.xml"):
        read_reports(tmp_path)
    (tmp_path / "hls").mkdir()
    with pytest.raises(ReportError, match=rf"holds no report; give {tmp_path}/hls"):
        read_reports(tmp_path)


def test_two_solutions(tmp_path: Path) -> None:
    written.project(tmp_path)
    other = tmp_path / "design_prj" / "solution2" / "syn" / "report"
    other.mkdir(parents=True)
    (other / "design_csynth.xml").write_text(written.csynth())
    with pytest.raises(ReportError, match=r"holds 2 solutions \(.*solution1.*solution2.*\); give the folder of one"):
        read_reports(tmp_path)
    assert read_reports(tmp_path / "design_prj" / "solution1")[0].design == "design"


def test_modules_without_a_top(tmp_path: Path) -> None:
    reports = written.project(tmp_path, layer=written.csynth("layer"))
    (tmp_path / "project.tcl").unlink()
    with pytest.raises(
        ReportError, match=r"holds 2 modules and nothing tells the top; give the folder with project\.tcl"
    ):
        read_reports(tmp_path)
    (reports / "csynth.xml").write_text(written.csynth("layer"))
    assert read_reports(tmp_path)[0].design == "layer"


def test_reports_of_two_designs_parts_or_runs(tmp_path: Path) -> None:
    (tmp_path / "utilization.rpt").write_text(written.utilisation("Routed"))
    for text, said in (
        (written.timing(design="other"), r"these are of two designs, 'design' and 'other'"),
        (written.timing(device="xczu3eg-sbva484"), r"these are of two parts, 'xc7z007sclg225-2' and 'xczu3eg-sbva484'"),
    ):
        (tmp_path / "timing.rpt").write_text(text)
        with pytest.raises(ReportError, match=said):
            read_reports(tmp_path)
    (tmp_path / "timing.rpt").unlink()
    (tmp_path / "a_utilization_placed.rpt").write_text(written.utilisation("Routed", luts="99"))
    with pytest.raises(ReportError, match=r"lut is 1210 in one and 99 in the other|lut is 99 in one and 1210"):
        read_reports(tmp_path)


def test_stages_of_two_parts(tmp_path: Path) -> None:
    written.project(tmp_path)
    (tmp_path / "vivado_synth.rpt").write_text(written.utilisation("Synthesized", device="7a100tcsg324-1"))
    with pytest.raises(ReportError, match=r"two parts, 'xc7z007s-clg225-2' and 'xc7a100tcsg324-1'; give one design's"):
        read_reports(tmp_path)


def test_a_link_to_the_same_report_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "utilization.rpt").write_text(written.utilisation("Routed"))
    (tmp_path / "a_utilization_placed.rpt").symlink_to(tmp_path / "utilization.rpt")
    (found,) = read_reports(tmp_path)
    assert len(found.files) == 1
