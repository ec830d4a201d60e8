"""The fit of quick estimates of our own RTL to what tracing makes of random layers (`benchmarks.calibration.layers`).

Every third layer is held out: the regressions are fitted to the others, errors and intervals are those of the held-out
ones. `python -m benchmarks.calibration.fit_quick` writes `codesign/estimate/data/rtl_quick.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.calibration.layers import kept, layer
from codesign.artifact import write_atomic
from codesign.estimate.rtl.model import Price, model
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.quick_model import (
    ABOVE,
    FITTED,
    IS_TIMED,
    Predicted,
    predict,
    quick_model,
    scaled,
    terms,
    unshared,
)
from codesign.estimate.rtl.quick_problem import problem, reader_of
from codesign.estimate.rtl.quick_sums import TIMED, Floats, Sums, features, packed_stages, sums_of
from codesign.rtl.fabric import Cut
from codesign.rtl.family import Family, cut_for

# Layers of fewer cells are no measure of a relative error.
SMALLEST = 40
_RIDGE = 10.0
_CLASSES = 4  # of latencies, by which the error of one is told


@dataclass(frozen=True)
class Row:
    """A layer at a clock, with what tracing made of it.

    Attributes:
        seed: of the layer.
        family: that it was built for.
        cut: of its stages.
        sums: of the layer.
        pieces: traced.
        latency: traced.
    """

    seed: int
    family: Family
    cut: Cut
    sums: Sums
    pieces: Pieces
    latency: int

    @property
    def held_out(self) -> bool:
        """Whether nothing is fitted to it."""
        return self.seed % 3 == 2


def rows() -> list[Row]:
    """All layers that were traced and have an adder."""
    found = []
    for seed, records in kept().items():
        graph, dense = layer(seed).graph, layer(seed).dense
        posed = problem(dense, graph["x"].result, reader_of([node for node in graph if "dense" in node.inputs]))
        sums = None if posed is None else sums_of(posed)
        if sums is None or sums.adders == 0:
            continue
        for record in records:
            family = Family(record["family"])
            cut = cut_for(family, record["clock_ns"])
            found.append(Row(seed, family, cut, sums, Pieces(**record["pieces"]), int(record["latency"])))
    return found


def _truth(row: Row, what: Predicted) -> float:
    return {
        Predicted.STAGES: float(row.latency),
        Predicted.ADDER_BITS: row.pieces.adder_bits,
        Predicted.CARRY_BITS: row.pieces.carry_bits,
        Predicted.ADDERS: row.pieces.adders,
        Predicted.CONSTANT_ADDER_BITS: row.pieces.constant_adder_bits,
        Predicted.REGISTERS: row.pieces.ff + row.pieces.delay_ff,
    }[what]


def _solved(given: Floats, truth: Floats) -> Floats:
    """Coefficients that are small where that costs little."""
    system = terms(given)
    ridge = _RIDGE * np.eye(system.shape[1])
    ridge[0, 0] = 0.0
    found: Floats = np.linalg.solve(system.T @ system + ridge, system.T @ truth)
    return found


def _coefficients(given: Sequence[Row], what: Predicted, values: Floats) -> Floats:
    stages = np.array(
        [row.latency if what is Predicted.REGISTERS else packed_stages(row.sums, row.cut)[0] for row in given]
    )
    truth = np.array([_truth(row, what) for row in given]) + ABOVE.get(what, 0.0)
    measure = np.array([unshared(what, row.sums, float(n)) for row, n in zip(given, stages, strict=True)])
    ratio = np.log(np.maximum(truth, 1e-3) / measure)
    if what is Predicted.REGISTERS:
        several = np.array([row.latency > 1 for row in given])
        return _solved(values[several], ratio[several])
    untimed = values[:, : -1 - TIMED]
    return _solved(values[:, :-1] if what in IS_TIMED else untimed, ratio)


def fitted(given: Sequence[Row]) -> dict[str, Any]:
    """The regressions, fitted to some rows."""
    raw = np.array([[*features(row.sums, row.cut), np.log(row.latency)] for row in given])
    least, most = raw.min(axis=0), raw.max(axis=0)
    values = scaled(raw, least, most)
    single = [row for row in given if row.latency == 1]
    long = [row.pieces for row in given if row.latency >= 3]
    delayed = sum(pieces.delay_ff for pieces in long)
    return {
        "least": _rounded(least),
        "most": _rounded(most),
        "coefficients": {what.value: _rounded(_coefficients(given, what, values)) for what in Predicted},
        "single": round(float(np.median([r.pieces.ff / r.sums.kept_bits for r in single if r.sums.kept_bits])), 4),
        "delay_share": round(delayed / sum(pieces.ff + pieces.delay_ff for pieces in long), 4),
        "delay_length": round(delayed / sum(pieces.delays for pieces in long), 4),
        "fitted": len(given),
    }


def _rounded(values: Floats) -> list[float]:
    return [round(float(value), 5) for value in values]


def _error(truth: npt.ArrayLike, estimate: npt.ArrayLike) -> dict[str, float]:
    true, told = np.asarray(truth, dtype=np.float64), np.asarray(estimate, dtype=np.float64)
    large = true >= SMALLEST
    error = np.abs(told - true)[large] / true[large]
    ratio = true[large] / np.maximum(told[large], 1.0)
    return {
        "median": round(float(np.median(error)), 4),
        "ninth": round(float(np.quantile(error, 0.9)), 4),
        "low": round(float(min(np.quantile(ratio, 0.05), 1.0)), 4),
        "high": round(float(max(np.quantile(ratio, 0.95), 1.0)), 4),
    }


def _price(row: Row, name: str) -> Price:
    found = model(row.family)
    return found.lut if name == "lut" else found.ff


def errors(held: Sequence[Row]) -> dict[str, Any]:
    """How far the fit that is on the disk is off on rows that nothing was fitted to."""
    told = [predict(row.sums, row.cut) for row in held]
    found: dict[str, Any] = {"held_out": len(held)}
    for name in ("lut", "ff"):
        true = [_price(row, name).value(row.pieces) for row in held]
        quick = [
            _price(row, name).value(logic.pieces + Pieces(handshakes=1)) for row, logic in zip(held, told, strict=True)
        ]
        found[name] = _error(true, quick)
    stages = np.array([logic.stages for logic in told])
    off = np.array([row.latency for row in held]) - stages
    found["latency_within_one"] = round(float((np.abs(off) <= 1).mean()), 4)
    found["latency_exact"] = round(float((off == 0).mean()), 4)
    classes = [off[np.minimum(stages, _CLASSES) == number] for number in range(1, _CLASSES + 1)]
    found["late"] = [max(int(np.quantile(each, 0.95, method="higher")), 0) for each in classes]
    found["early"] = [max(int(-np.quantile(each, 0.05, method="lower")), 0) for each in classes]
    return found


_UNKNOWN: Mapping[str, Any] = {
    "lut": {"median": 0, "ninth": 0, "low": 1, "high": 1},
    "ff": {"median": 0, "ninth": 0, "low": 1, "high": 1},
    "latency_within_one": 0,
    "latency_exact": 0,
    "late": [0],
    "early": [0],
    "held_out": 0,
}


def _write(record: Mapping[str, Any]) -> None:
    text = json.dumps({"command": "python -m benchmarks.calibration.fit_quick", **record}, sort_keys=True)
    write_atomic(FITTED, text.replace(', "', ',\n "') + "\n")
    quick_model.cache_clear()


def main() -> None:
    """Fit, measure the error on what was held out, write both, and say them."""
    given = rows()
    made = fitted([row for row in given if not row.held_out])
    _write({**made, **_UNKNOWN})  # the errors are those of what is written, rounded as it is
    found = errors([row for row in given if row.held_out])
    _write({**made, **found})
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
