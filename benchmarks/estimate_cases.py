"""The designs that a vendor's tool reported on, as cases for an estimator: a Graph, conditions, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.vendor_designs import VendorDesign, read
from codesign.errors import CodesignError
from codesign.estimate import Conditions, Flow, part_target
from codesign.graph import Dense, Graph
from codesign.rtl import Multipliers

FIGURES = ("lut", "ff", "dsp", "bram18", "cycles", "interval")


@dataclass(frozen=True)
class Case:
    """A design with the vendor's report.

    Attributes:
        model: folder that it lies in.
        variant: file name without its ending.
        graph: the design, with the vendor's reuse factors.
        conditions: part and clock that it was made for; multipliers as its report has them.
        truth: `FIGURES`, as the vendor's C synthesis reports them.
        note: what is odd about it; '' for nothing.
    """

    model: str
    variant: str
    graph: Graph
    conditions: Conditions
    truth: Mapping[str, float]
    note: str = ""

    @property
    def name(self) -> str:
        """Of model and variant."""
        return f"{self.model}/{self.variant}"

    @property
    def dense(self) -> list[Dense]:
        """Its dense layers."""
        return [node for node in self.graph if isinstance(node, Dense)]

    @property
    def most_reuse(self) -> int:
        """The largest reuse factor of these; 1 without any."""
        return max((node.reuse_factor for node in self.dense), default=1)


def _case(path: Path, design: VendorDesign) -> Case:
    whole = next(row for row in design.rows if row["module"] == "myproject")
    truth = {**design.report, "cycles": float(whole["latency_cycles"]), "interval": float(whole["interval"])}
    conditions = Conditions(Flow.VITIS, part_target(design.part), design.synthesis_ns, multipliers=design.multipliers)
    notes = [] if design.answers_equal else ["the Graph does not answer as the hardware did"]
    if abs(design.synthesis_ns - design.clock_ns) > 0.05:
        notes.append(
            f"made for {design.synthesis_ns} ns, as its slack tells, and not for the {design.clock_ns} ns stated"
        )
    note = "; ".join(notes)
    return Case(path.parent.name, path.stem, design.graph, conditions, truth, note)


def cases(folder: Path) -> tuple[list[Case], dict[str, str]]:
    """All designs below a folder, and by name why one is not read.

    Args:
        folder: holds `<model>/<variant>.json` with its `.npz`.
    """
    found: list[Case] = []
    refused: dict[str, str] = {}
    for path in sorted(folder.glob("*/*.json")):
        name = f"{path.parent.name}/{path.stem}"
        try:
            found.append(_case(path, read(path, check=False)))
        except (SystemExit, CodesignError) as error:
            refused[name] = str(error)
        except Exception as error:  # noqa: BLE001  a stranger's file may lack anything
            refused[name] = f"is not such a design ({type(error).__name__}: {error})"
    return found, refused


def for_rtl(case: Case) -> Case:
    """The same design for our own RTL, which chooses by itself where the vendor's tool took DSP blocks."""
    taken = case.conditions.multipliers
    multipliers = Multipliers.AUTO if taken is Multipliers.DSP else taken
    return replace(case, conditions=replace(case.conditions, flow=Flow.RTL, multipliers=multipliers))
