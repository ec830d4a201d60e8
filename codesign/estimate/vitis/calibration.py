"""The fitted numbers of the vitis flow, and the errors they make on designs they were not fitted to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median
from typing import Any

CALIBRATION = Path(__file__).parents[1] / "data" / "vitis.json"
"""Written by `python -m benchmarks.calibrate_vitis`."""


@dataclass(frozen=True)
class Constants:
    """What was fitted; everything else in the model is a formula, or a fact of the tool.

    Attributes:
        adder_share: LUTs reported for the adders of unrolled products and sums, over those of a plain list of them.
        register_share: flip-flops reported for a module that starts again every second clock, over the bits that a
            plain schedule keeps at the end of each clock.
        waiting_share: flip-flops for values that wait, as a part of those bits for every clock of latency beyond 2;
            only where a module starts again every clock.
        multiplexer_share: LUTs reported before the operands of shared multipliers, over two full multiplexers each.
        multiplier_lut_area: LUTs of a multiplier of LUTs, per product of its operands' bits.
        multiplier_lut_edge: LUTs of it, per bit of either operand.
        softmax_share: LUTs reported for a softmax without its multipliers, over those of a plain list of operators.
        softmax_register_share: flip-flops likewise.
    """

    adder_share: float
    register_share: float
    waiting_share: float
    multiplexer_share: float
    multiplier_lut_area: float
    multiplier_lut_edge: float
    softmax_share: float
    softmax_register_share: float


@dataclass(frozen=True)
class Calibration:
    """The fit and its errors.

    Attributes:
        constants: fitted to all designs.
        errors: for each figure, (estimate - reported) / reported on the designs of a model left out of the fit; for
            `module_...`, on their modules.
        designs: what was fitted, for people.
    """

    constants: Constants
    errors: Mapping[str, tuple[float, ...]]
    designs: str

    @cached_property
    def within(self) -> Mapping[str, float]:
        """For each figure, the relative error that nine in ten of the designs left out stay within."""
        found = {}
        for figure, errors in self.errors.items():
            magnitudes = sorted(map(abs, errors))
            found[figure] = magnitudes[-(-9 * len(magnitudes) // 10) - 1]
        return found

    def median(self, figure: str) -> float:
        """The median of the relative errors' magnitudes."""
        return median(abs(error) for error in self.errors[figure])


@lru_cache(maxsize=1)
def calibration() -> Calibration:
    """What is in the repository."""
    document: dict[str, Any] = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    return Calibration(
        Constants(**{name: float(value) for name, value in document["constants"].items()}),
        {figure: tuple(map(float, errors)) for figure, errors in document["errors"].items()},
        str(document["designs"]),
    )


_INSTEAD: ContextVar[Constants | None] = ContextVar("_INSTEAD", default=None)


def constants() -> Constants:
    """The fitted numbers in use."""
    return _INSTEAD.get() or calibration().constants


@contextmanager
def instead(other: Constants) -> Iterator[None]:
    """Other numbers in use, as a fit tries them."""
    token = _INSTEAD.set(other)
    try:
        yield
    finally:
        _INSTEAD.reset(token)
