"""Estimates of many configurations of one design: precision, reuse, clock; their front, a table and a plot."""

from codesign.estimate.sweep.evaluate import Estimator
from codesign.estimate.sweep.pareto import NAMES, Objective, default_objectives, front
from codesign.estimate.sweep.picture import FORMATS, plot
from codesign.estimate.sweep.quality import Judge, judge, read_judge
from codesign.estimate.sweep.reading import parse
from codesign.estimate.sweep.row import FIGURES, Costs, Kept, Row
from codesign.estimate.sweep.running import Progress, Swept, run
from codesign.estimate.sweep.space import MOST_CONFIGURATIONS, Axis, Knob, Point, Space
from codesign.estimate.sweep.table import csv_text, document, write_csv
from codesign.estimate.sweep.tracing import MOST_TRACED, goes_quick, trace_front

__all__ = [
    "FIGURES",
    "FORMATS",
    "MOST_CONFIGURATIONS",
    "MOST_TRACED",
    "NAMES",
    "Axis",
    "Costs",
    "Estimator",
    "Judge",
    "Kept",
    "Knob",
    "Objective",
    "Point",
    "Progress",
    "Row",
    "Space",
    "Swept",
    "csv_text",
    "default_objectives",
    "document",
    "front",
    "goes_quick",
    "judge",
    "parse",
    "plot",
    "read_judge",
    "run",
    "trace_front",
    "write_csv",
]
