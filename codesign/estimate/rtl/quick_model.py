"""From what of a matrix counts to the pieces and stages of its logic: regressions on traced random layers.

Each is `exp(coefficients @ terms)` times what the figure would be if nothing were shared and every stage were full, the
terms being 1, the features of `Sums` scaled to those of the fitted layers, and their products in pairs. Beyond the
fitted layers the features are held at their ends. `python -m benchmarks.calibration.fit_quick` fits them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import EstimateError
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.quick_sums import TIMED, Floats, Sums, features, packed_stages
from codesign.rtl.fabric import Cut

FITTED = Path(__file__).parents[1] / "data" / "rtl_quick.json"


class Predicted(str, Enum):
    """What is predicted."""

    STAGES = "stages"
    """Pipeline stages."""
    ADDER_BITS = "adder_bits"
    CARRY_BITS = "carry_bits"
    ADDERS = "adders"
    CONSTANT_ADDER_BITS = "constant_adder_bits"
    REGISTERS = "registers"
    """Of all stages, where there are several: flip-flops."""


IS_TIMED = frozenset({Predicted.STAGES, Predicted.REGISTERS})
"""What depends on the clock."""


@dataclass(frozen=True)
class Error:
    """How far quick figures are off those of traced layers that nothing was fitted to.

    Attributes:
        median: relative.
        ninth: the ninth decile of the same.
        low: traced over quick figure that one layer in twenty fell below.
        high: that one in twenty exceeded.
    """

    median: float
    ninth: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class QuickModel:
    """The regressions.

    Attributes:
        least: of each feature, among the layers that they were fitted to; the register count has one feature more.
        most: likewise.
        coefficients: of the terms, for each figure.
        single: registers of one stage for each bit of the result.
        delay_share: of registers in three stages and more, those that are delays of three clocks and more.
        delay_length: clocks of such a delay, on average.
        lut: error of LUTs.
        ff: error of flip-flops.
        latency_within_one: share of held-out layers of which the latency was off by one cycle at most.
        latency_exact: share of which it was not off.
        late: cycles that one layer in twenty took more, at most, by the latency that was told, up to 4.
        early: likewise fewer.
        held_out: layers, each at some clocks.
        fitted: likewise, that the regressions were fitted to.
    """

    least: Floats
    most: Floats
    coefficients: Mapping[Predicted, Floats]
    single: float
    delay_share: float
    delay_length: float
    lut: Error
    ff: Error
    latency_within_one: float
    latency_exact: float
    late: tuple[int, ...]
    early: tuple[int, ...]
    held_out: int
    fitted: int

    @property
    def basis(self) -> str:
        """What quick figures rest on."""
        return (
            f"Quick: {self.fitted} traced layers fitted; on {self.held_out} others LUT median {self.lut.median:.1%}, "
            f"nine in ten within {self.lut.ninth:.1%}; FF median {self.ff.median:.1%}, {self.ff.ninth:.1%}; latency "
            f"within one cycle for {self.latency_within_one:.1%}. Without --quick the logic is traced."
        )

    def latency(self, stages: int) -> tuple[int, int]:
        """(least, most) cycles of a layer that is told to have so many."""
        if stages == 0:
            return 0, 0
        at = min(stages, len(self.late)) - 1
        return max(stages - self.early[at], 1), stages + self.late[at]


@cache
def _pairs(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    return np.triu_indices(count)


def terms(values: Floats) -> Floats:
    """(…, terms) 1, each feature, and each product of two of them, from (…, features)."""
    first, second = _pairs(values.shape[-1])
    ones = np.ones((*values.shape[:-1], 1))
    return np.concatenate([ones, values, values[..., first] * values[..., second]], axis=-1)


def scaled(values: Floats, least: Floats, most: Floats) -> Floats:
    """Features from -1 to 1, those beyond held at these."""
    span = np.where(most > least, most - least, 1.0)
    found: Floats = np.clip((values - least) / span, 0.0, 1.0) * 2 - 1
    return found


def unshared(figure: Predicted, sums: Sums, stages: float) -> float:
    """What a figure would be if nothing were shared; regressions predict the ratio to it."""
    return _UNSHARED[figure](sums, stages)


_UNSHARED: Mapping[Predicted, Callable[[Sums, float], float]] = {
    Predicted.STAGES: lambda sums, stages: stages,
    Predicted.ADDER_BITS: lambda sums, stages: (sums.adders + 1) * sums.widths,
    Predicted.CARRY_BITS: lambda sums, stages: (sums.adders + 1) * sums.widths,
    Predicted.ADDERS: lambda sums, stages: sums.adders + 1,
    Predicted.CONSTANT_ADDER_BITS: lambda sums, stages: sums.biased_bits + 5,
    Predicted.REGISTERS: lambda sums, stages: sums.kept_bits + stages,
}

if set(_UNSHARED) != set(Predicted):
    raise ImportError(f"no measure for {set(Predicted) - set(_UNSHARED)}")

ABOVE: Mapping[Predicted, float] = {
    Predicted.ADDER_BITS: 5.0,
    Predicted.CARRY_BITS: 5.0,
    Predicted.ADDERS: 1.0,
    Predicted.CONSTANT_ADDER_BITS: 5.0,
}
"""What is added to a figure before its logarithm is taken, so that none is that of 0."""


@dataclass(frozen=True)
class Logic:
    """Unrolled logic as predicted.

    Attributes:
        pieces: of it, with the flags that go along with its registers, without its handshake.
        stages: pipeline stages.
    """

    pieces: Pieces
    stages: int


def predict(sums: Sums, cut: Cut) -> Logic:
    """The logic of sums at a clock.

    Args:
        sums: what counts of them.
        cut: what may stand between two registers.

    Raises:
        EstimateError: the file of the fit is damaged.
    """
    found = quick_model()
    if sums.adders + sums.biased + sums.negative == 0:  # wires
        return Logic(Pieces(), 0)
    row = scaled(features(sums, cut), found.least[:-1], found.most[:-1])
    free = terms(row[:-TIMED])

    def figure(what: Predicted, given: Floats, stages: float = 0.0) -> float:
        ratio = math.exp(float(found.coefficients[what] @ given))
        return max(ratio * unshared(what, sums, stages) - ABOVE.get(what, 0.0), 0.0)

    stages = max(round(figure(Predicted.STAGES, terms(row), packed_stages(sums, cut)[0])), 1)
    if stages == 1:
        registers = found.single * sums.kept_bits
    else:
        last = scaled(np.array([math.log(stages)]), found.least[-1:], found.most[-1:])
        registers = figure(Predicted.REGISTERS, terms(np.concatenate([row, last])), stages)
    delays = registers * found.delay_share if stages >= 3 else 0.0
    return Logic(
        Pieces(
            adder_bits=figure(Predicted.ADDER_BITS, free) if sums.adders else 0.0,
            carry_bits=figure(Predicted.CARRY_BITS, free) if sums.adders else 0.0,
            constant_adder_bits=figure(Predicted.CONSTANT_ADDER_BITS, free),
            adders=figure(Predicted.ADDERS, free),
            ff=registers - delays,
            delay_ff=delays,
            delays=delays / found.delay_length,
        ),
        stages,
    )


def _array(values: Any, count: int) -> Floats:
    found = np.array(values, dtype=np.float64)
    if found.shape != (count,):
        raise ValueError(f"{found.shape} numbers where {count} belong")
    return found


@cache
def quick_model() -> QuickModel:
    """The fit.

    Raises:
        EstimateError: its file is damaged.
    """
    try:
        record = json.loads(FITTED.read_text(encoding="utf-8"))
        least, most = (_array(record[name], len(record["least"])) for name in ("least", "most"))
        sizes = {what: len(least) - (0 if what is Predicted.REGISTERS else 1) for what in Predicted}
        sizes.update({what: size - TIMED for what, size in sizes.items() if what not in IS_TIMED})
        return QuickModel(
            least=least,
            most=most,
            coefficients={
                what: _array(record["coefficients"][what.value], 1 + n + n * (n + 1) // 2) for what, n in sizes.items()
            },
            lut=Error(**record["lut"]),
            ff=Error(**record["ff"]),
            late=tuple(int(cycles) for cycles in record["late"]),
            early=tuple(int(cycles) for cycles in record["early"]),
            single=float(record["single"]),
            delay_share=float(record["delay_share"]),
            delay_length=float(record["delay_length"]),
            latency_within_one=float(record["latency_within_one"]),
            latency_exact=float(record["latency_exact"]),
            held_out=int(record["held_out"]),
            fitted=int(record["fitted"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EstimateError(f"the fit {FITTED} is damaged ({error}); install codesign again") from error
