"""What our RTL of two classifiers takes, beside the vendor's report and beside alkaid alone: `make bench-rtl`.

All is synthesised in one run by the same Yosys command. The vendor's LUT, FF, DSP and BRAM are the estimate of its own
synthesis (Vitis HLS 2021.1), its cycles are those of its RTL, simulated; ours are what `verify` measures in simulation.
"alkaid" is one trace of the whole network, product by product as its accumulators ask, cut and written by alkaid
itself; "alkaid, inexact" rounds each sum instead of each product, which gives other numbers.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from alkaid.codegen.rtl import RTLModel
from alkaid.trace import trace
from alkaid.trace.pipeline import to_pipeline
from alkaid.types import CombLogic

from benchmarks.vendor_designs import VendorDesign, read
from codesign import rtl
from codesign.board.board import Family
from codesign.board.cells import count
from codesign.board.synthesis import read_stat
from codesign.graph import Dense, Graph
from codesign.graph.cast import cast as cast_integers
from codesign.rtl.arithmetic import add_constant, inputs, multiply_matrix, wrap
from codesign.rtl.casting import cast
from codesign.rtl.exact_lsb import exact_lowest_bits
from codesign.rtl.family import TIMING
from codesign.rtl.logic import Wires, precast
from codesign.rtl.logic.sums import cast_bias, total
from codesign.rtl.logic.tracing import optimized
from codesign.rtl.pipeline import longest_stage_ns
from codesign.simulate.kernels import before_result
from codesign.toolchain.process import run_tool
from codesign.toolchain.yosys import find_yosys

GOLDEN = Path(os.environ.get("CODESIGN_VITIS_GOLDEN", "../shared/vitis_golden"))
LUTS_OF_A_DSP = 55
SYNTH = "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -nodsp -top {top}"
REUSE = 100
_CUTS = (5.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0)
DESIGNS = ("breast_cancer", "jet_tagging")


def synthesise(folder: Path, top: str, sources: Sequence[str]) -> dict[str, Any]:
    """Cells of a project by Yosys.

    Args:
        folder: of the Verilog.
        top: the top module.
        sources: relative to the folder.
    """
    yosys = find_yosys()
    reads = "".join(f"read_verilog -sv {source}\n" for source in sources)
    command = SYNTH.format(top=top)
    (folder / "bench.ys").write_text(f"{reads}{command}\ntee -q -o stat.json stat -json\n")
    seconds = run_tool(
        "Yosys", [*yosys.command, "bench.ys"], folder=folder, log=folder / "yosys.log", limit_s=4 * 3600.0
    )
    cells, _ = read_stat((folder / "stat.json").read_text())
    used, other = count(Family.XC7, cells)
    found = {resource.value: number for resource, number in used.items()}
    named = {"lut": "lut", "ff": "ff", "dsp": "dsp", "bram18": "bram", "carry": "carry", "wide_mux": "wide_mux"}
    return {**{name: found[key] for name, key in named.items()}, "other": other, "seconds": round(seconds, 1)}


def ours(design: VendorDesign, folder: Path, *, reuse: int, cycles: int | None = None) -> dict[str, Any]:
    """Our RTL of a design, at its clock, for 7 series.

    Args:
        design: to build.
        folder: for the Verilog.
        reuse: clocks that each dense layer may take.
        cycles: fewer are taken until no more than so many lead to the first answer.
    """
    dense = [node.name for node in design.graph if isinstance(node, Dense)]
    while True:
        manifest = rtl.write_project(
            design.graph,
            folder,
            clock_ns=design.clock_ns,
            family=rtl.Family.XILINX_7SERIES,
            part="",
            reuse=dict.fromkeys(dense, reuse),
        )
        if cycles is None or manifest.latency_cycles <= cycles or reuse == 1:
            break
        reuse = reuse * 3 // 4
    used = synthesise(folder, manifest.top, manifest.sources)
    return {**used, "cycles": manifest.latency_cycles, "interval": manifest.interval, "reuse": reuse}


def _alone(graph: Graph, dense: Callable[[Dense, Wires], list[Any]]) -> CombLogic:
    """The whole network in one trace; only dense layers differ from what our units trace."""
    port = graph.input_nodes[0]
    with exact_lowest_bits():
        x = values = inputs(port.result, port.size)
        for node in graph.nodes[1:]:
            (source,) = graph.sources(node)
            wires = Wires(values, source.result, source.shape)
            if isinstance(node, Dense):
                values, fraction = dense(node, wires), node.accumulator.fraction
            else:
                values, fraction = precast(node, [wires])
            before = before_result(node, [source.result])
            values = [cast(v, fraction, node.result, source=before) for v in values]
        return optimized(trace(x, values, optimize=False))


def _by_product(node: Dense, x: Wires) -> list[Any]:
    """As the accumulator asks: every product is cast into it, then all are added in pairs of pairs."""
    fraction = x.type.fraction + node.weight_type.fraction
    columns: list[list[Any]] = [[] for _ in range(node.weight.shape[1])]
    for v, weights in zip(x.values, node.weight, strict=True):
        for column, product, weight in zip(columns, multiply_matrix([v], weights[None, :]), weights, strict=True):
            if weight:
                column.append(cast(product, fraction, node.accumulator))
    bias = cast_bias(node.bias, node.bias_type, node.accumulator)
    return [
        wrap(add_constant(total(column), start), True, node.accumulator.width)
        for column, start in zip(columns, bias, strict=True)
    ]


def _by_matrix(node: Dense, x: Wires) -> list[Any]:
    """As alkaid would like it: one matrix product, then one cast. These are other integers."""
    fraction = x.type.fraction + node.weight_type.fraction
    bias = cast_integers(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    up = fraction - node.accumulator.fraction
    sums = multiply_matrix(x.values, node.weight)
    return [cast(add_constant(v, int(b) << up), fraction, node.accumulator) for v, b in zip(sums, bias, strict=True)]


def _keeps(logic: CombLogic, cut: float, clock_ns: float) -> bool:
    """Whether alkaid's stages, cut at some of its units of delay, keep to a clock by our model of 7 series."""
    found = to_pipeline(logic, latency_cutoff=cut, verbose=False).logic.values()
    return cut == _CUTS[-1] or longest_stage_ns(tuple(found), TIMING[rtl.Family.XILINX_7SERIES].fabric) <= clock_ns


def alkaid(design: VendorDesign, folder: Path, *, exact: bool) -> dict[str, Any]:
    """alkaid alone: its adders, its stages at the deepest cut that keeps to the clock, its Verilog.

    Args:
        design: to build.
        folder: for the Verilog.
        exact: the integers of the design; else with sums that are rounded once.
    """
    logic = _alone(design.graph, _by_product if exact else _by_matrix)
    if exact and not np.array_equal(logic.predict(design.x.astype(np.float64), n_threads=1), design.y):
        raise SystemExit(f"{design.graph.name}: alkaid's logic does not answer as the vendor's hardware did")
    cut = next(cut for cut in _CUTS if _keeps(logic, cut, design.clock_ns))
    model = RTLModel(logic, folder, "alone", latency_cutoff=cut, print_latency=False, ternary_fuse=False)
    model.write()
    sources = sorted(
        str(path.relative_to(folder)) for path in (folder / "src").rglob("*.v") if "wrapper" not in path.name
    )
    return {**synthesise(folder, "alone", sources), "cycles": int(model.latency or 0) + 1, "interval": 1}


def vendor(name: str, variant: str) -> dict[str, Any]:
    """The vendor's row."""
    found = read(GOLDEN / name / f"{variant}.json", reuse=1)
    row = {key: int(value) for key, value in found.report.items()}
    return {
        **row,
        "cycles": found.cycles,
        "interval": found.interval,
    }


def folded(design: VendorDesign, name: str, folder: Path) -> dict[str, Any]:
    """Ours with as much reuse as keeps to the interval and the cycles of the vendor's at its reuse factor 100."""
    theirs = [read(path, reuse=1) for path in sorted((GOLDEN / name).glob(f"*_reuse{REUSE}.json"))]
    interval, cycles = min(row.interval for row in theirs), min(row.cycles for row in theirs)
    return ours(design, folder, reuse=interval, cycles=cycles)


def rows(name: str, work: Path, only: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All that is said of a design, one after another."""
    design = read(GOLDEN / name / "lut_reuse1.json", reuse=1)
    for variant in (f"{kind}_reuse{reuse}" for reuse in (1, REUSE) for kind in ("lut", "dsp")):
        if (GOLDEN / name / f"{variant}.json").exists():
            yield f"vendor {variant}", vendor(name, variant)
    made: dict[str, Callable[[Path], dict[str, Any]]] = {
        "unrolled": lambda folder: ours(design, folder, reuse=1),
        "folded": lambda folder: folded(design, name, folder),
        "alkaid": lambda folder: alkaid(design, folder, exact=True),
        "alkaid, inexact": lambda folder: alkaid(design, folder, exact=False),
    }
    for title, make in made.items():
        if title in only:
            folder = work / name / title.replace(", ", "_")
            folder.mkdir(parents=True, exist_ok=True)
            yield title, make(folder)


def theirs_of(row: Mapping[str, Any], key: str) -> int:
    """LUTs with the DSP blocks counted as such, or cycles."""
    return int(row[key]) + (LUTS_OF_A_DSP * int(row["dsp"]) if key == "lut" else 0)


def verdicts(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How ours stands to what it is compared with; a DSP block counts as some LUTs."""
    pairs = [("unrolled", f"vendor {kind}_reuse1") for kind in ("lut", "dsp")]
    pairs += [("folded", f"vendor {kind}_reuse{REUSE}") for kind in ("lut", "dsp")]
    pairs += [("unrolled", "alkaid"), ("unrolled", "alkaid, inexact")]
    said = []
    for mine, theirs in pairs:
        if mine in found and theirs in found:
            luts, cycles = (theirs_of(found[theirs], key) / found[mine][key] for key in ("lut", "cycles"))
            said.append(f"{mine} against {theirs}: {luts:.2f}x fewer LUTs, {cycles:.2f}x fewer cycles")
    return said


def main() -> None:
    """Build, synthesise, print, and write the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=Path("build/bench/rtl.json"))
    parser.add_argument("--design", nargs="+", choices=DESIGNS, default=list(DESIGNS))
    kinds = ["unrolled", "folded", "alkaid", "alkaid, inexact"]
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds)
    options = parser.parse_args()
    work = options.out.parent / "rtl"
    found: dict[str, Any] = {"synth": SYNTH, "yosys": find_yosys().version, "clock_ns": 5.0, "designs": {}}
    for name in options.design:
        print(f"\n{name}\n  {'':18}{'LUT':>8}{'FF':>8}{'DSP':>6}{'BRAM18':>8}{'cycles':>8}{'interval':>10}")
        designs = found["designs"].setdefault(name, {})
        for title, row in rows(name, work, options.only):
            designs[title] = row
            columns = (
                f"{row['lut']:8,}{row['ff']:8,}{row['dsp']:6}{row['bram18']:8}{row['cycles']:8}{row['interval']:10}"
            )
            print(f"  {title:18}{columns}", flush=True)
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(json.dumps(found, indent=1) + "\n")
        for said in verdicts(designs):
            print(f"  {said}")
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
