"""Fits the vitis flow's constants to vendor-reported designs, and states the errors on models left out of the fit.

    python -m benchmarks.calibrate_vitis [--designs FOLDER] [--out FILE]

The folder has one subfolder a model, one JSON (and npz) a design. Each model is left out in turn: the constants are
fitted to all designs of the others, and the errors are those on its own. What is written down in the end is fitted to
all. Nothing but the modules' LUTs and flip-flops is fitted; DSP blocks, block RAM, clocks and intervals are rules.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.vendor_designs import VendorDesign, read
from codesign.artifact import write_atomic
from codesign.estimate.conditions import Conditions, Flow
from codesign.estimate.target import part_target
from codesign.estimate.vitis.calibration import CALIBRATION, Constants, instead
from codesign.estimate.vitis.estimate import modules
from codesign.estimate.vitis.module import Module
from codesign.estimate.vitis.top import joined
from codesign.graph import Input

Floats = npt.NDArray[np.float64]

START = Constants(
    adder_share=1.0,
    register_share=1.0,
    waiting_share=0.1,
    multiplexer_share=1.0,
    multiplier_lut_area=1.0,
    multiplier_lut_edge=0.0,
    softmax_share=1.0,
    softmax_register_share=1.0,
)
FIGURES = ("lut", "ff", "dsp", "bram18", "latency", "interval")
_ROUNDS = 30
_LEAST = 8.0
"""Added to both sides before they are compared: a module of 20 flip-flops that is 10 off is not twice as wrong."""


@dataclass(frozen=True, eq=False)
class Case:
    """A design with what it is called and what it is estimated under."""

    model: str
    name: str
    design: VendorDesign
    conditions: Conditions


@dataclass(frozen=True)
class ReportRow:
    """A row of a C synthesis report: resources, latency and interval in clocks."""

    lut: int
    ff: int
    dsp: int
    bram18: int
    latency: int
    interval: int


def reported(case: Case) -> tuple[ReportRow, ...]:
    """The rows of a design's report: the whole first, then its modules in order."""
    names = ("lut", "ff", "dsp", "bram18", "latency_cycles", "interval")
    return tuple(ReportRow(*(int(row[name]) for name in names)) for row in case.design.rows)


def cases(folder: Path) -> tuple[Case, ...]:
    """The designs in a folder, in order of their names."""
    found = []
    for path in sorted(folder.glob("*/*.json")):
        design = read(path)
        conditions = Conditions(
            Flow.VITIS, part_target(design.part), design.synthesis_ns, multipliers=design.multipliers
        )
        found.append(Case(path.parent.name, path.stem, design, conditions))
    return tuple(found)


def estimated(case: Case, constants: Constants) -> tuple[Module, ...]:
    """The rows that the model gives for a design, in the report's order: the whole first."""
    graph = case.design.graph
    with instead(constants):
        nodes, rows = modules(graph, case.conditions)
        whole = joined(nodes, rows, graph.outputs)[1]
    return whole, *(rows[node.name] for node in graph if not isinstance(node, Input))


def _residuals(chosen: Sequence[Case], constants: Constants) -> Floats:
    """Logarithms of estimate over report, of the LUTs and flip-flops of all modules, each by its part of its design."""
    found = []
    for case in chosen:
        whole, *rows = reported(case)
        for estimate, row in zip(estimated(case, constants)[1:], rows, strict=True):
            found.append(np.log((estimate.lut + _LEAST) / (row.lut + _LEAST)) * np.sqrt(row.lut / whole.lut))
            found.append(np.log((estimate.ff + _LEAST) / (row.ff + _LEAST)) * np.sqrt(row.ff / whole.ff))
    return np.array(found)


def fit(chosen: Sequence[Case]) -> Constants:
    """The constants with the least squares of relative errors over all modules, by Gauss and Newton."""
    constants, names = START, [item.name for item in fields(Constants)]
    for _ in range(_ROUNDS):
        now = _residuals(chosen, constants)
        slopes = []
        for name in names:
            value = getattr(constants, name)
            step = 1e-4 * max(1.0, abs(value))
            slopes.append((_residuals(chosen, replace(constants, **{name: value + step})) - now) / step)
        change = np.linalg.lstsq(np.array(slopes).T, -now, rcond=1e-9)[0]
        for scale in (1.0, 0.5, 0.25, 0.1):
            moved = replace(
                constants, **{n: float(getattr(constants, n) + scale * c) for n, c in zip(names, change, strict=True)}
            )
            if (_residuals(chosen, moved) ** 2).sum() < (now**2).sum():
                constants = moved
                break
        else:
            break
    return replace(constants, **{name: round(getattr(constants, name), 4) for name in names})


def _errors(case: Case, constants: Constants) -> Iterator[tuple[str, float]]:
    for place, (estimate, row) in enumerate(zip(estimated(case, constants), reported(case), strict=True)):
        for figure in FIGURES:
            value, true = getattr(estimate, figure), getattr(row, figure)
            if true:
                yield (f"module_{figure}" if place else figure), round((round(value) - true) / true, 4)


def left_out(found: Sequence[Case]) -> tuple[dict[str, list[float]], list[dict[str, Any]]]:
    """Errors on each model by constants that were fitted to the others; and its designs, estimate beside report."""
    errors: dict[str, list[float]] = {}
    table = []
    for model in sorted({case.model for case in found}):
        constants = fit([case for case in found if case.model != model])
        for case in (case for case in found if case.model == model):
            for figure, error in _errors(case, constants):
                errors.setdefault(figure, []).append(error)
            table.append(_compared(case, estimated(case, constants)[0], reported(case)[0]))
    return errors, table


def _compared(case: Case, estimate: Module, row: ReportRow) -> dict[str, Any]:
    pairs = {figure: [round(getattr(estimate, figure)), getattr(row, figure)] for figure in FIGURES}
    return {"design": f"{case.model}/{case.name}", **pairs}


def calibrated(folder: Path) -> dict[str, Any]:
    """All that is written down."""
    found = cases(folder)
    models = {case.model for case in found}
    if len(models) < 2:
        raise SystemExit(f"{folder} holds designs of {len(models)} models; at least 2 are needed to leave one out")
    errors, table = left_out(found)
    return {
        "command": "python -m benchmarks.calibrate_vitis",
        "designs": f"{len(found)} designs of {len(models)} models, as Vitis HLS 2021.1 reports them for 7-series parts",
        "constants": asdict(fit(found)),
        "errors": errors,
        "left_out": table,
    }


def _print(document: Mapping[str, Any]) -> None:
    for name, value in document["constants"].items():
        print(f"{name:24} {value}")
    print(f"{'left out: design':28}" + "".join(f"{figure:>18}" for figure in FIGURES))
    for line in document["left_out"]:
        print(f"{line['design']:28}" + "".join(f"{line[figure][0]:>9} {line[figure][1]:>8}" for figure in FIGURES))
    for figure, errors in sorted(document["errors"].items()):
        sizes = sorted(map(abs, errors))
        print(f"{figure:16} median {100 * np.median(sizes):5.1f} %   most {100 * sizes[-1]:5.1f} %   of {len(sizes)}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given = os.environ.get("CODESIGN_VITIS_GOLDEN", "../shared/vitis_golden")
    parser.add_argument("--designs", type=Path, default=Path(given), help="folder of vendor-reported designs")
    parser.add_argument("--out", type=Path, default=CALIBRATION, help="where the constants are written")
    arguments = parser.parse_args()
    document = calibrated(arguments.designs)
    write_atomic(arguments.out, json.dumps(document, indent=1) + "\n")
    _print(document)


if __name__ == "__main__":
    main()
