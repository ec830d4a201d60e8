"""LUTs after place and route, as a part of those that C synthesis reports."""

from __future__ import annotations

from codesign.estimate.figure import Figure

LEAST, MIDDLE, MOST = 0.25, 0.45, 0.75
"""Parts of the reported LUTs that are left."""


def implemented(lut: Figure) -> Figure:
    """What place and route is expected to leave of LUTs that C synthesis reports."""
    return Figure(MIDDLE * lut.value, LEAST * lut.low, MOST * lut.high)
