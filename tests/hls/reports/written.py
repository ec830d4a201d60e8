"""Reports in the shape in which AMD's tools write them, with figures of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


def csynth(
    name: str = "design",
    *,
    latency: str = "20",
    interval: str = "2",
    counts: Mapping[str, int] | None = None,
    dsp: str = "DSP",
    part: str = "xc7z007s-clg225-2",
) -> str:
    """A `*_csynth.xml`."""
    counts = {"BRAM_18K": 2, dsp: 35, "FF": 1957, "LUT": 2098, "URAM": 0} if counts is None else counts
    used = "\n".join(f"<{key}>{value}</{key}>" for key, value in counts.items())
    return f"""<profile>
<ReportVersion>
<Version>2021.1</Version>
</ReportVersion>
<UserAssignments>
<unit>ns</unit>
<ProductFamily>zynq</ProductFamily>
<Part>{part}</Part>
<TopModelName>{name}</TopModelName>
<TargetClockPeriod>5.00</TargetClockPeriod>
<ClockUncertainty>0.62</ClockUncertainty>
</UserAssignments>
<PerformanceEstimates>
<SummaryOfTimingAnalysis>
<unit>ns</unit>
<EstimatedClockPeriod>7.947</EstimatedClockPeriod>
</SummaryOfTimingAnalysis>
<SummaryOfOverallLatency>
<unit>clock cycles</unit>
<Best-caseLatency>{latency}</Best-caseLatency>
<Average-caseLatency>{latency}</Average-caseLatency>
<Worst-caseLatency>{latency}</Worst-caseLatency>
<Interval-min>{interval}</Interval-min>
<Interval-max>{interval}</Interval-max>
</SummaryOfOverallLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources>
{used}
</Resources>
<AvailableResources>
<BRAM_18K>100</BRAM_18K>
<{dsp}>66</{dsp}>
<FF>28800</FF>
<LUT>14400</LUT>
<URAM>0</URAM>
</AvailableResources>
</AreaEstimates>
</profile>
"""


def drawn(rows: Sequence[Sequence[str]], heads: int = 1, indent: str = "") -> str:
    """A table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = indent + "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = [
        indent + "|" + "|".join(f" {cell.ljust(width)} " for cell, width in zip(row, widths, strict=True)) + "|"
        for row in rows
    ]
    return "\n".join([rule, *lines[:heads], rule, *lines[heads:], rule]) + "\n"


def cells(text: str) -> list[tuple[str, ...]]:
    """The cells of lines that are divided by bars; what stands before the first word of a line counts."""
    return [tuple(cell.rstrip() for cell in line.split("|")) for line in text.strip("\n").splitlines()]


SUMMARY = """
Modules|Issue||Latency|Latency|Iteration||Trip||||||
& Loops|Type|Slack|(cycles)|(ns)|Latency|Interval|Count|Pipelined|BRAM|DSP|FF|LUT|URAM
+ design*|Timing|-3.57|20|158.947|-|1|-|yes|2 (2%)|-|1953 (6%)|4876 (33%)|-
 + dense_latency_0_0|Timing|-0.91|3|23.842|-|1|-|yes|-|35 (53%)|1171 (4%)|2746 (19%)|-
 + softmax_stable_s|-|0.73|-|-|-|-|-|no|2 (2%)|-|204 (~0%)|356 (2%)|-
  o SoftmaxLoop|-|3.65|10|50.000|2|1|10|yes|-|-|-|-|-
"""

HIERARCHY = """
Instance|Module|Total LUTs|Logic LUTs|LUTRAMs|SRLs|FFs|RAMB36|RAMB18|URAM|DSP Blocks
design|(top)|390(0.3%)|380(0.3%)|8(0.1%)|2(0.1%)|470(0.2%)|2(1.4%)|1(0.3%)|0(0.0%)|12(1.0%)
  (design)|(top)|4(0.1%)|4(0.1%)|0(0.0%)|0(0.0%)|6(0.1%)|0(0.0%)|0(0.0%)|0(0.0%)|0(0.0%)
  u0|dense|386(0.3%)|376(0.3%)|8(0.1%)|2(0.1%)|464(0.2%)|2(1.4%)|1(0.3%)|0(0.0%)|12(1.0%)
"""


def summary() -> str:
    """Vitis HLS' `csynth.rpt` of a design of two layers, one with a loop."""
    table = drawn(cells(SUMMARY), heads=2, indent="    ")
    bars = "=" * 64
    return f"""

{bars}
== Synthesis Summary Report of 'design'
{bars}
+ General Information: 
    * Date:           Mon Jan 13 10:00:00 2025
    * Version:        2021.1 (Build 3247384 on Thu Jun 10 19:36:07 MDT 2021)
    * Project:        design_prj
    * Solution:       solution1 (Vivado IP Flow Target)
    * Product family: zynq
    * Target device:  xc7z007s-clg225-2
    

+ Performance & Resource Estimates: 
    
    PS: '+' for module; 'o' for loop; '*' for dataflow
{table}

{bars}
== HW Interfaces
{bars}
"""  # noqa: W291, W293 - so the tool writes it


def _top(command: str, design: str, device: str, state: str | None) -> str:
    lines = [
        "| Tool Version : Vivado v.2021.2 (lin64) Build 3367213 Tue Oct 19 02:47:39 MDT 2021",
        "| Date         : Mon Jan 13 10:00:00 2025",
        f"| Command      : {command} -file x.rpt",
        f"| Design       : {design}",
        f"| Device       : {device}",
        *([f"| Design State : {state}"] if state is not None else []),
    ]
    rule = "-" * 90
    return "\n".join(["Copyright of the tool's maker", rule, *lines, rule, "", ""])


def utilisation(
    state: str = "Fully Placed", *, design: str = "design", device: str = "7z007sclg225-2", luts: str = "1210"
) -> str:
    """`report_utilization` of a 7 series part; a placed design has a table of slices more."""
    head = ("Site Type", "Used", "Fixed", "Available", "Util%")
    logic = [
        head,
        ("Slice LUTs*", luts, "0", "14400", "8.40"),
        ("  LUT as Logic", luts, "0", "14400", "8.40"),
        ("Slice Registers", "905", "0", "28800", "3.14"),
        ("  Register as Flip Flop", "905", "0", "28800", "3.14"),
    ]
    slices = [head, ("Slice", "400", "0", "3600", "11.11"), ("LUT as Logic", luts, "0", "14400", "8.40")]
    memory = [
        head,
        ("Block RAM Tile", "1.5", "0", "50", "3.00"),
        ("  RAMB36/FIFO*", "1", "0", "50", "2.00"),
        ("  RAMB18", "1", "0", "100", "1.00"),
    ]
    multipliers = [head, ("DSPs", "33", "0", "66", "50.00"), ("  DSP48E1 only", "33", "", "", "")]
    titles = [("Slice Logic", logic), ("Memory", memory), ("DSP", multipliers)]
    if state != "Synthesized":
        titles.insert(1, ("Slice Logic Distribution", slices))
    text = _top("report_utilization", design, device, state) + "Utilization Design Information\n\nTable of Contents\n"
    for number, (title, rows) in enumerate(titles, 1):
        text += f"\n{number}. {title}\n{'-' * 20}\n\n{drawn(rows)}\n"
    return text


def utilisation_of_ultrascale(*, design: str = "design", device: str = "xck26-sfvc784-2LV-c") -> str:
    """`report_utilization` of a routed design on an UltraScale+ part."""
    head = ("Site Type", "Used", "Fixed", "Prohibited", "Available", "Util%")
    logic = [head, ("CLB LUTs", "18", "0", "0", "117120", "0.03"), ("CLB Registers", "14", "0", "0", "234240", "<0.01")]
    memory = [head, ("Block RAM Tile", "0.5", "0", "0", "144", "0.35"), ("URAM", "3", "0", "0", "64", "4.69")]
    arithmetic = [head, ("DSPs", "2", "0", "0", "1248", "0.16")]
    text = _top("report_utilization", design, device, "Routed") + "Utilization Design Information\n\n"
    for number, (title, rows) in enumerate((("CLB Logic", logic), ("BLOCKRAM", memory), ("ARITHMETIC", arithmetic)), 1):
        text += f"\n{number}. {title}\n\n{drawn(rows)}\n"
    return text


def hierarchy(state: str = "Routed", *, design: str = "design", device: str = "xck26-sfvc784-2LV-c") -> str:
    """`report_utilization -hierarchical`."""
    top = _top("report_utilization -hierarchical", design, device, state)
    return f"{top}Utilization Design Information\n\n1. Utilization by Hierarchy\n\n{drawn(cells(HIERARCHY))}\n"


def timing(
    *,
    design: str = "design",
    device: str = "7z007s-clg225",
    state: str | None = "Routed",
    slack: str = "0.221",
    clocks: Sequence[tuple[str, str]] = (("clk", "5.000"),),
    net: str = "routed",
) -> str:
    """`report_timing_summary`."""
    columns = ("WNS(ns)", "TNS(ns)", "TNS Failing Endpoints", "TNS Total Endpoints", "WHS(ns)", "THS(ns)")
    values = (slack, "0.000", "0", "153", "0.080", "0.000")

    def line(cells: Sequence[str]) -> str:
        return "".join(f"  {cell:>{len(column)}}" for cell, column in zip(cells, columns, strict=True))

    rules = ["-" * len(column) for column in columns]
    listed = "\n".join(f"{name}  {{0.000 2.500}}        {period}           200.000         " for name, period in clocks)
    return f"""{_top("report_timing_summary", design, device, state)}Timing Summary Report

| Design Timing Summary
| ---------------------

  {line(columns)}
  {line(rules)}
  {line(values)}


All user specified timing constraints are met.

| Clock Summary
| -------------

Clock  Waveform(ns)         Period(ns)      Frequency(MHz)
-----  ------------         ----------      --------------
{listed}


| Intra Clock Table
| -----------------

Max Delay Paths
Slack (MET) :             {slack}ns  (required time - arrival time)
                         net (fo=41, {net})           0.075     0.075    m/comp/clk
"""


def project(folder: Path, name: str = "design", **xml: str) -> Path:
    """The folder of an hls4ml project after C synthesis; modules by the names of the keyword arguments."""
    reports = folder / f"{name}_prj" / "solution1" / "syn" / "report"
    reports.mkdir(parents=True)
    (folder / "project.tcl").write_text(f'variable project_name\nset project_name "{name}"\nset backend "vitis"\n')
    (reports / f"{name}_csynth.xml").write_text(csynth(name))
    for module, text in xml.items():
        (reports / f"{module}_csynth.xml").write_text(text)
    return reports
