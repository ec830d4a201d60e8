"""Published vendor reports of single layers and small designs, and a Graph that matches each.

The numbers are in codesign/estimate/data/hls4ml_baselines.json with where they come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from benchmarks.layer_graphs import BUILDERS, Record
from codesign.estimate import Conditions, Flow, IoType, part_target
from codesign.graph import Graph, Node

REPORTS = Path(__file__).parents[1] / "codesign" / "estimate" / "data" / "hls4ml_baselines.json"


class Scope(str, Enum):
    """What a report is of."""

    DESIGN = "design"
    """A whole design; of several layers, it is no measure of one."""
    LAST = "last"
    """A whole design; another report tells what it takes without its last layer."""
    LAYER = "layer"
    """One module."""
    AROUND_MATRIX = "around_matrix"
    """One module without its product of windows and weights, which has a row of its own."""


@dataclass(frozen=True)
class LayerReport:
    """A report and the Graph that it is of.

    Attributes:
        name: of the report.
        tool: that wrote it.
        scope: what it is of.
        graph: the design; its last node is the layer that the report is about.
        conditions: part, clock and io_type.
        reported: `latency`, `interval`, `bram18`, `dsp`, `ff`, `lut`, as far as they are stated.
        matrix_latency: clocks of the product that was taken off, as reported; None elsewhere.
        less: name of the report of the same design without logic in its last layer, in scope `LAST`; else ''.
        older_templates: hls4ml's C++ was another one then, so the models are not fitted to it.
    """

    name: str
    tool: str
    scope: Scope
    graph: Graph
    conditions: Conditions
    reported: Mapping[str, int]
    matrix_latency: int | None
    less: str
    older_templates: bool

    @property
    def layer(self) -> Node:
        """The node that the report is about."""
        return self.graph.nodes[-1]

    @property
    def modern(self) -> bool:
        """Whether it is of Vitis HLS and today's templates, which the models are fitted to."""
        return self.tool.startswith("Vitis") and not self.older_templates


def read(path: Path = REPORTS) -> tuple[LayerReport, ...]:
    """Every published report with its Graph."""
    return tuple(_report(record) for record in json.loads(path.read_text(encoding="utf-8"))["reports"])


def _report(record: Record) -> LayerReport:
    nodes = BUILDERS[record["kind"]](record, record["name"])
    conditions = Conditions(
        Flow.VITIS,
        part_target(record["part"], uncalibrated=True),
        record["clock_ns"],
        io_type=IoType(record["io_type"]),
    )
    graph = Graph("design", nodes, (nodes[-1].name,))
    return LayerReport(
        record["name"],
        record["tool"],
        Scope(record["scope"]),
        graph,
        conditions,
        record["reported"],
        record.get("matrix_latency"),
        record.get("less", ""),
        record.get("older_templates", False),
    )
