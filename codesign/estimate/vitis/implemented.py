"""LUTs after place and route, as a part of those that C synthesis reports.

From published pairs of hls4ml designs, none of which is ours to check:
    three classifiers on an xc7z020 (github.com/Gabriele-bot/PYNQ_IA): estimated 114, 109 and 325 % of the LUTs, after
    implementation 34, 35 and 68 %: parts of 0.30, 0.32 and 0.21;
    eight builds of a transformer for an xcvu13p (a public "device-fit ladder" of 2026), after logic synthesis: parts
    from 0.39 to 0.48.
"""

from __future__ import annotations

from codesign.estimate.figure import Figure

LEAST, MIDDLE, MOST = 0.2, 0.4, 0.6
"""Parts of the reported LUTs that are left."""


def implemented(lut: Figure) -> Figure:
    """What place and route is expected to leave of LUTs that C synthesis reports."""
    return Figure(MIDDLE * lut.value, LEAST * lut.low, MOST * lut.high)
