"""From pieces to cells: a price for each piece, family by family, fitted to what Yosys counted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import EstimateError
from codesign.estimate.figure import Figure
from codesign.estimate.rtl.pieces import NAMES, Pieces
from codesign.rtl.family import Family

CALIBRATION = Path(__file__).parents[1] / "data" / "rtl.json"
# An interval of nine in ten of whole designs says less of one layer, and of a part of another family.
_LAYER, _UNCALIBRATED = 2.0, 3.0


@dataclass(frozen=True, eq=False)
class Price:
    """What a resource is made of.

    Attributes:
        weights: for each of `codesign.estimate.rtl.pieces.NAMES`, cells of one piece.
        low: truth over estimate that one held-out design in twenty fell below.
        high: that one in twenty exceeded.
        median_error: of held-out designs, relative to the truth.
        ninth_error: the ninth decile of the same.
        held_out: designs that the weights were not fitted to.
        fitted: designs that they were fitted to.
    """

    weights: npt.NDArray[np.float64]
    low: float
    high: float
    median_error: float
    ninth_error: float
    held_out: int
    fitted: int

    def value(self, pieces: Pieces) -> float:
        """Cells of some pieces."""
        return max(float(self.weights @ pieces.vector()), 0.0)

    def figure(self, pieces: Pieces, widened: float = 1.0) -> Figure:
        """Cells of some pieces, with the interval that held-out designs leave."""
        value = self.value(pieces)
        low = max(1 - (1 - self.low) * widened, 0.0)
        high = 1 + (self.high - 1) * widened
        return Figure(round(value), math.floor(min(value * low, round(value))), math.ceil(value * high))


@dataclass(frozen=True)
class Rule:
    """How often a resource that follows a rule was counted right.

    Attributes:
        wrong: designs, held out or not, of which Yosys counted another number.
        designs: all that were counted.
    """

    wrong: int
    designs: int


@dataclass(frozen=True)
class Model:
    """A family's calibration.

    Attributes:
        family: it.
        lut: the price of LUTs, those that serve as memory included.
        ff: of flip-flops.
        dsp: how the rule for DSP blocks did.
        bram: how the rule for block RAM did.
        yosys: version that counted.
    """

    family: Family
    lut: Price
    ff: Price
    dsp: Rule
    bram: Rule
    yosys: str

    @property
    def basis(self) -> tuple[str, ...]:
        """What the figures rest on, a line each."""
        prices = (("LUT", self.lut), ("FF", self.ff))
        errors = "; ".join(
            f"{name} median {price.median_error:.1%}, nine in ten within {price.ninth_error:.1%}"
            for name, price in prices
        )
        rules = (("DSP", self.dsp), ("BRAM", self.bram))
        exact = ", ".join(f"{name} as counted in {r.designs - r.wrong} of {r.designs}" for name, r in rules)
        return (
            f"Calibrated on Yosys {self.yosys}, {self.family.value}: {self.lut.fitted} random networks; error on "
            f"{self.lut.held_out} others: {errors}.",
            f"Rules of Yosys' own: {exact} networks. Latency and interval follow from the RTL.",
        )


def _price(record: Mapping[str, Any]) -> Price:
    weights = record["weights"]
    unknown = set(weights) - set(NAMES)
    if unknown:
        raise KeyError(f"pieces {', '.join(sorted(unknown))}")
    return Price(
        weights=np.array([float(weights.get(name, 0.0)) for name in NAMES]),
        low=float(record["low"]),
        high=float(record["high"]),
        median_error=float(record["median_error"]),
        ninth_error=float(record["ninth_error"]),
        held_out=int(record["held_out"]),
        fitted=int(record["fitted"]),
    )


@cache
def model(family: Family) -> Model:
    """The calibration of a family.

    Raises:
        EstimateError: the calibration's file is damaged.
    """
    try:
        record = json.loads(CALIBRATION.read_text(encoding="utf-8"))["families"][family.value]
        return Model(
            family=family,
            lut=_price(record["lut"]),
            ff=_price(record["ff"]),
            dsp=Rule(**record["dsp"]),
            bram=Rule(**record["bram"]),
            yosys=str(record["yosys"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EstimateError(f"the calibration {CALIBRATION} is damaged ({error}); install codesign again") from error


@dataclass(frozen=True)
class Costs:
    """Cells of some pieces.

    Attributes:
        lut: LUTs.
        ff: flip-flops.
        dsp: DSP blocks.
        bram: block RAMs.
    """

    lut: Figure
    ff: Figure
    dsp: Figure
    bram: Figure


def _ruled(value: float, rule: Rule, *, exact: bool) -> Figure:
    """A count by rule: exact where the rule was never wrong; else one more or one less in ten is possible."""
    count = math.ceil(value)
    if exact and rule.wrong == 0:
        return Figure.exactly(count)
    room = math.ceil(count * 0.1)
    return Figure(count, count - room, count + room)


def costs(pieces: Pieces, family: Family, *, layer: bool = False, calibrated: bool = True) -> Costs:
    """What pieces cost.

    Args:
        pieces: of a design, or of a part of one.
        family: of the part.
        layer: they are only a part, of which the error is larger.
        calibrated: the part is of that family.
    """
    found = model(family)
    widened = (_LAYER if layer else 1.0) * (1.0 if calibrated else _UNCALIBRATED)
    return Costs(
        lut=found.lut.figure(pieces, widened),
        ff=found.ff.figure(pieces, widened),
        dsp=_ruled(pieces.dsp, found.dsp, exact=calibrated),
        bram=_ruled(pieces.bram, found.bram, exact=calibrated),
    )
