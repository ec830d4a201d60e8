"""What a design will cost, before any tool runs: calibrated models with their error stated."""

from codesign.estimate.conditions import Conditions, Flow, IoType
from codesign.estimate.estimate import estimate
from codesign.estimate.figure import Figure
from codesign.estimate.record import RESOURCES, Estimate, LayerEstimate, Use
from codesign.estimate.target import Target, board_target, part_target

__all__ = [
    "RESOURCES",
    "Conditions",
    "Estimate",
    "Figure",
    "Flow",
    "IoType",
    "LayerEstimate",
    "Target",
    "Use",
    "board_target",
    "estimate",
    "part_target",
]
