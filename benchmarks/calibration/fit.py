"""The fit of the model of our own RTL's resources to Yosys' counts; `make calibrate` ends with it.

Every third network is held out: weights are fitted to the others, errors and intervals are those of the held-out ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import lsq_linear

from benchmarks.calibration.collect import kept, save
from benchmarks.calibration.networks import network
from codesign.artifact import write_atomic
from codesign.board.board import Resource
from codesign.board.cells import count as count_cells
from codesign.board.rtl_family import board_family
from codesign.estimate.rtl.count import count
from codesign.estimate.rtl.model import CALIBRATION
from codesign.estimate.rtl.pieces import NAMES, Pieces
from codesign.rtl import Facing, Family
from codesign.rtl.composed import compose
from codesign.rtl.family import TIMING, cut_for
from codesign.rtl.network import plan_units
from codesign.rtl.units import Options

Floats = npt.NDArray[np.float64]

# Designs of fewer cells are wires and constants; they are no measure of a relative error.
SMALLEST = 40
_ROUNDS = 40
_PARTS = 6
# What a piece may cost, in cells; a flip-flop is one but for those that synthesis finds equal or constant.
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "ff": (0.8, 1.1),
    "adders": (-1.5, 20.0),
    "dsp_ff": (-1.2, 0.0),
    "dsp_adder_bits": (-1.2, 0.0),
}
# What a piece would take if nothing else shared its LUTs, by thought: six inputs hold an addend's selection or a digit
# of a multiplier beside the sum, four do not. Prices are held near these, so that pieces of few networks stay sound.
_EXPECTED_6: Mapping[str, float] = {
    "adder_bits": 0.9,
    "carry_bits": 0.2,
    "constant_adder_bits": 0.3,
    "adders": 0.5,
    "soft_luts": 0.4,
    "table_luts": 1.0,
    "rom_luts": 1.0,
    "booth_bits": 1.0,
    "product_bits": 1.5,
    "select_bits": 0.45,
    "cast_bits": 1.0,
    "counter_bits": 0.8,
    "gate_bits": 0.3,
    "handshakes": 2.0,
    "delays": 1.0,
    "memory_luts": 1.0,
    "dsp_adder_bits": -0.5,
}
_EXPECTED_4: Mapping[str, float] = {
    "adder_bits": 1.15,
    "carry_bits": 1.0,
    "constant_adder_bits": 0.8,
    "adders": 0.5,
    "soft_luts": 0.6,
    "table_luts": 1.2,
    "rom_luts": 1.2,
    "booth_bits": 2.2,
    "product_bits": 2.5,
    "select_bits": 1.0,
    "cast_bits": 1.2,
    "counter_bits": 1.0,
    "gate_bits": 0.8,
    "handshakes": 2.0,
    "memory_luts": 1.0,
    "dsp_adder_bits": -0.3,
}
_EXPECTED_FF: Mapping[str, float] = {"ff": 1.0}
# Families that make shift registers of LUTs keep no flip-flop of a delay; the others keep all.
_DELAYS_IN_LUTS = (Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS)
# Chosen by six-fold cross-validation within the fitted part, where 0.02 to 0.5 differ by little.
_HELD = 0.5
_LUT_PIECES = tuple(name for name in NAMES if name not in ("ff", "delay_ff", "dsp_ff", "bram"))
_FF_PIECES = ("ff", "delay_ff", "delays", "dsp_ff", "handshakes")


@dataclass(frozen=True)
class Row:
    """A network with what it is made of, and what Yosys counted.

    Attributes:
        seed: of the network.
        pieces: counted before synthesis.
        used: by resource, counted by Yosys.
    """

    seed: int
    pieces: Pieces
    used: Mapping[Resource, int]

    @property
    def held_out(self) -> bool:
        """Whether nothing is fitted to it."""
        return (self.seed + self.seed // 12) % 3 == 2  # kinds of networks follow one another in twelves


def pieces_of(family: Family, seed: int, clock_ns: float) -> Pieces:
    """What the network of a seed is made of."""
    drawn = network(seed)
    options = Options(family, clock_ns, cut_for(family, clock_ns), {}, drawn.multipliers)
    composed = compose(drawn.graph, plan_units(drawn.graph, options), Facing())
    return count(drawn.graph, composed, family).total


def stored_rows(family: Family) -> list[Row]:
    """All networks of a family that were counted, with the pieces that were stored beside the counts."""
    board = board_family(family)
    found = []
    for seed, record in sorted(kept(family).items()):
        if "cells" in record and "pieces" in record:
            used, _ = count_cells(board, record["cells"])
            found.append(Row(seed, Pieces(**record["pieces"]), used))
    return found


def store_pieces(family: Family) -> None:
    """Count the pieces of every network anew, and store them beside its cells."""
    rows = kept(family)
    for seed, record in rows.items():
        if "cells" in record:
            pieces = pieces_of(family, seed, record["clock_ns"])
            record["pieces"] = {name: value for name in NAMES if (value := round(getattr(pieces, name), 6))}
    save(family, rows)


def _weights(features: Floats, truth: Floats, names: Sequence[str], expected: Mapping[str, float]) -> Floats:
    """Weights within their bounds that keep relative errors small, most of all those of most designs.

    Least squares of relative errors, each weighted anew by the root of its own inverse, which makes them count less the
    larger they are; with a ridge towards what is expected.
    """
    low, high = zip(*(_BOUNDS.get(name, (0.0, 20.0)) for name in names), strict=True)
    near = np.array([expected.get(name, 0.0) for name in names])
    ridge = _HELD * np.eye(len(names))
    scale = 1 / truth
    share = np.ones_like(truth)
    found = np.zeros(len(names))
    for _ in range(_ROUNDS):
        weight = scale * share
        system = np.vstack([features * weight[:, None], ridge])
        found = lsq_linear(system, np.concatenate([truth * weight, ridge @ near]), (low, high)).x
        error = np.abs(features @ found - truth) * scale
        share = 1 / np.sqrt(np.maximum(error, 0.02))
    return found


def _crossed(features: Floats, truth: Floats, names: Sequence[str], expected: Mapping[str, float]) -> Floats:
    """Truth over estimate of each design, by weights that were fitted to other parts than its own."""
    part = np.arange(len(truth)) % _PARTS
    ratio = np.ones_like(truth)
    for index in range(_PARTS):
        mine = part == index
        weights = _weights(features[~mine], truth[~mine], names, expected)
        ratio[mine] = truth[mine] / np.maximum(features[mine] @ weights, 1.0)
    return ratio


def _fit(
    given: Sequence[Row], resource: Resource, names: Sequence[str], expected: Mapping[str, float]
) -> dict[str, Any]:
    """Weights, and their errors on the designs that they were not fitted to.

    The interval is that of the held-out designs and of the others by cross-validation: a few dozen alone say too little
    of one design in twenty.
    """
    large = [row for row in given if row.used[resource] >= SMALLEST]
    features = np.array([[getattr(row.pieces, name) for name in names] for row in large], dtype=np.float64)
    truth = np.array([row.used[resource] for row in large], dtype=np.float64)
    held = np.array([row.held_out for row in large], dtype=bool)
    weights = _weights(features[~held], truth[~held], names, expected)
    estimate = features[held] @ weights
    error = np.abs(estimate - truth[held]) / truth[held]
    others = _crossed(features[~held], truth[~held], names, expected)
    ratio = np.concatenate([truth[held] / np.maximum(estimate, 1.0), others])
    return {
        "weights": {name: round(float(w), 4) for name, w in zip(names, weights, strict=True) if abs(w) > 1e-3},
        "low": round(float(min(np.quantile(ratio, 0.05), 1.0)), 4),
        "high": round(float(max(np.quantile(ratio, 0.95), 1.0)), 4),
        "median_error": round(float(np.median(error)), 4),
        "ninth_error": round(float(np.quantile(error, 0.9)), 4),
        "held_out": int(held.sum()),
        "fitted": int((~held).sum()),
    }


def _rule(given: Sequence[Row], resource: Resource) -> dict[str, int]:
    wrong = sum(row.used[resource] != int(np.ceil(getattr(row.pieces, resource.value))) for row in given)
    return {"wrong": wrong, "designs": len(given)}


def fit_rows(family: Family, given: Sequence[Row]) -> dict[str, Any]:
    """Prices and rules of a family, as its calibration has them."""
    six = TIMING[family].fabric.lut_inputs == 6
    kept_ff = {} if family in _DELAYS_IN_LUTS else {"delay_ff": 1.0}
    return {
        "lut": _fit(given, Resource.LUT, _LUT_PIECES, _EXPECTED_6 if six else _EXPECTED_4),
        "ff": _fit(given, Resource.FF, _FF_PIECES, {**_EXPECTED_FF, **kept_ff}),
        "dsp": _rule(given, Resource.DSP),
        "bram": _rule(given, Resource.BRAM),
    }


def main() -> None:
    """Fit every family, write the calibration, and say how far it is off."""
    families = {}
    for family in Family:
        store_pieces(family)
        versions = {record["yosys"] for record in kept(family).values() if "yosys" in record}
        found = {**fit_rows(family, stored_rows(family)), "yosys": ", ".join(sorted(versions))}
        families[family.value] = found
        for name in ("lut", "ff"):
            fit = found[name]
            print(
                f"{family.value} {name}: held-out median {fit['median_error']:.1%}, nine in ten within "
                f"{fit['ninth_error']:.1%}, of {fit['held_out']}; fitted to {fit['fitted']}"
            )
        print(f"{family.value} dsp {found['dsp']} bram {found['bram']}")
    text = json.dumps({"families": families}, indent=1, sort_keys=True) + "\n"
    write_atomic(CALIBRATION, text)


if __name__ == "__main__":
    main()
