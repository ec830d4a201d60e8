"""Fitting the constants of `codesign.estimate.rtl.fmax` to what was measured, the same way each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.estimate.rtl.fmax import REFERENCE_SIZE, period_ns
from codesign.estimate.rtl.way import Way, Ways

Floats = npt.NDArray[np.float64]
_WAYS = tuple(Way)
# How strongly scales are held together where few designs tell them apart, and the register's delay to the fabric's.
_TOGETHER, _NEAR = 0.004, 0.01
_STEPS = 400


@dataclass(frozen=True)
class Measured:
    """A design that was placed and routed.

    Attributes:
        found: what its clock depends on.
        ns: its shortest period.
    """

    found: Ways
    ns: float


@dataclass(frozen=True)
class Constants:
    """What `period_ns` needs beside a design."""

    register_ns: float
    scale: Mapping[Way, float]
    growth: float

    def period(self, found: Ways) -> float:
        """Of a design, estimated."""
        return period_ns(found, self.register_ns, self.scale, self.growth)

    def ratios(self, designs: Sequence[Measured]) -> Floats:
        """Measured over estimated frequency, of each."""
        return np.array([self.period(design.found) / design.ns for design in designs])


def fit(designs: Sequence[Measured], stage_ns: float) -> Constants:
    """The constants with the least mean error, found by descent along one of them after the other.

    Args:
        designs: of one family.
        stage_ns: register to register, by the fabric's model: where the search begins.
    """
    logic = np.array([[design.found.longest_ns.get(way, 0.0) for way in _WAYS] for design in designs])
    size = np.log(np.maximum([design.found.size for design in designs], 1.0) / REFERENCE_SIZE)
    target = np.log([design.ns for design in designs])

    def cost(at: Floats) -> float:
        # at: growth, then the logarithms of the register's delay and of the scales
        scales = at[2:]
        error = np.log(np.exp(at[1]) + (logic * np.exp(scales)).max(axis=1)) + max(at[0], 0.0) * size - target
        apart = float(((scales - scales.mean()) ** 2).sum())
        return float(np.sqrt(error**2 + 0.0025).mean()) + _TOGETHER * apart + _NEAR * (at[1] - np.log(stage_ns)) ** 2

    at = np.array([0.03, np.log(stage_ns), *(-0.3 for _ in _WAYS)])
    step = np.array([0.04, *(0.2 for _ in range(len(_WAYS) + 1))])
    best = cost(at)
    for _ in range(_STEPS):
        before = best
        for index in range(at.size):
            for sign in (1, -1):
                tried = at.copy()
                tried[index] += sign * step[index]
                found = cost(tried)
                if found < best:
                    at, best = tried, found
                    break
        if best == before:
            step *= 0.6
    return Constants(
        register_ns=round(float(np.exp(at[1])), 3),
        scale={way: round(float(np.exp(scale)), 3) for way, scale in zip(_WAYS, at[2:], strict=True)},
        growth=round(max(float(at[0]), 0.0), 4),
    )
