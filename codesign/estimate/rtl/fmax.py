"""How fast a composed design is after place and route, by what nextpnr made of random designs.

The period is `(register + max over ways of scale[way] * ns) * (size / 500) ** growth`, where the ways are those of
`codesign.estimate.rtl.ways`. The constants of a family were fitted to designs that Yosys and nextpnr built
(`python -m benchmarks.calibrate_fmax`; `codesign/estimate/data/fmax.json` holds every one of them), and the interval
is what a held-out part of them came out at. No scale and no growth is negative: a longer way or a larger design is
never faster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from codesign.estimate.figure import Figure
from codesign.estimate.rtl.way import Way, Ways
from codesign.estimate.rtl.ways import ways
from codesign.rtl.composed import Composed
from codesign.rtl.family import Family
from codesign.rtl.units import Options

# The size at which the constants stand as they are.
REFERENCE_SIZE = 500.0
# Beyond the largest design that was measured, errors are taken to be so many times as large.
_BEYOND = 2.0


@dataclass(frozen=True)
class Speed:
    """What is known of a family's speed.

    Attributes:
        part: that was placed and routed for, with its speed grade.
        tools: that did it, with their versions.
        register_ns: from register to register without logic.
        scale: nanoseconds after place and route for one of the model, by way.
        growth: exponent of the size.
        largest: size of the largest design that was measured.
        fitted: designs that the constants were fitted to.
        held_out: designs that they were not.
        median_error: of those held out, relative.
        low: measured over estimated frequency, which 19 of 20 that were held out lie above.
        high: the same, which 19 of 20 lie below.
    """

    part: str
    tools: str
    register_ns: float
    scale: Mapping[Way, float]
    growth: float
    largest: float
    fitted: int
    held_out: int
    median_error: float
    low: float
    high: float


def period_ns(found: Ways, register_ns: float, scale: Mapping[Way, float], growth: float) -> float:
    """The formula.

    Args:
        found: what a design's clock depends on.
        register_ns: as in `Speed`; so are the others.
        scale: by way.
        growth: of the period with the size.
    """
    logic = max((scale[way] * ns for way, ns in found.longest_ns.items()), default=0.0)
    return float((register_ns + logic) * (max(found.size, 1.0) / REFERENCE_SIZE) ** growth)


def data() -> dict[str, Any]:
    """`fmax.json`: what was measured, and what came of it."""
    document = json.loads((files("codesign.estimate") / "data" / "fmax.json").read_text())
    assert isinstance(document, dict)
    return document


def _speed(document: Mapping[str, Any], tools: Mapping[str, str]) -> Speed:
    constants, errors = document["constants"], document["errors"]
    return Speed(
        part=document["part"],
        tools=f"Yosys {tools['yosys']} and {document['program']} {tools[document['program']]}",
        register_ns=constants["register_ns"],
        scale={Way(way): value for way, value in constants["scale"].items()},
        growth=constants["growth"],
        largest=constants["largest"],
        fitted=errors["fitted"],
        held_out=errors["held_out"],
        median_error=errors["median"],
        low=errors["low"],
        high=errors["high"],
    )


@lru_cache(maxsize=1)
def speeds() -> Mapping[Family, Speed]:
    """By family, those that were calibrated; nothing here places and routes for the others."""
    document = data()
    return {Family(name): _speed(found, document["tools"]) for name, found in document["families"].items()}


def fmax(composed: Composed, options: Options) -> Figure | None:
    """The highest clock frequency of a design in MHz; None where its family was not calibrated.

    Args:
        composed: the design.
        options: that it was planned with.
    """
    speed = speeds().get(options.family)
    if speed is None:
        return None
    found = ways(composed, options)
    mhz = 1000 / period_ns(found, speed.register_ns, speed.scale, speed.growth)
    wide = _BEYOND if found.size > speed.largest else 1.0
    low, high = speed.low**wide, speed.high**wide
    return Figure(mhz, mhz * min(low, 1.0), mhz * max(high, 1.0))


def fmax_basis(family: Family) -> str:
    """What `fmax` stands on, in one line."""
    speed = speeds().get(family)
    if speed is None:
        return f"Fmax: unknown, no measurement tells for {family.value}"
    return (
        f"Fmax: {speed.tools} for {speed.part}, fitted to {speed.fitted} random designs; "
        f"median error {speed.median_error:.0%} on {speed.held_out} others"
    )
