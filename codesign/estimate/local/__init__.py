"""Local calibration: estimates set beside what the user's own tools reported, and corrected by it."""

from codesign.estimate.local.comparison import FIGURES, Comparison, Row, compare
from codesign.estimate.local.corrected import corrected
from codesign.estimate.local.fit import Calibration, Correction, fit
from codesign.estimate.local.pair import Group, Pair, pair_of
from codesign.estimate.local.store import add, default_path, read_pairs

__all__ = [
    "FIGURES",
    "Calibration",
    "Comparison",
    "Correction",
    "Group",
    "Pair",
    "Row",
    "add",
    "compare",
    "corrected",
    "default_path",
    "fit",
    "pair_of",
    "read_pairs",
]
