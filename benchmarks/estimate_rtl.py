"""How near the model of our own RTL comes to Yosys, on the networks that its calibration held out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from codesign.estimate.rtl.model import Model, Price, model
from codesign.rtl import Family


def _price(price: Price) -> dict[str, float]:
    return {
        "median_error": price.median_error,
        "ninth_decile": price.ninth_error,
        "held_out": price.held_out,
        "fitted": price.fitted,
    }


def rtl_errors() -> dict[str, dict[str, Any]]:
    """By family, errors on what was held out, as the calibration records them."""
    found = {}
    for family in Family:
        known = model(family)
        found[family.value] = {
            "lut": _price(known.lut),
            "ff": _price(known.ff),
            "dsp": asdict(known.dsp),
            "bram": asdict(known.bram),
            "yosys": known.yosys,
        }
    return found


def _cells(known: Model) -> str:
    prices = "".join(f"{p.median_error:>10.1%}{p.ninth_error:>10.1%}" for p in (known.lut, known.ff))
    rules = "".join(f"{f'{rule.designs - rule.wrong} of {rule.designs}':>12}" for rule in (known.dsp, known.bram))
    return f"{known.lut.held_out:>10}{prices}{rules}"


def print_rtl() -> None:
    """The errors as a table."""
    heads = ("held out", "LUT", "9 in 10", "FF", "9 in 10")
    print(f"\n{'our RTL against Yosys':26}" + "".join(f"{head:>10}" for head in heads) + f"{'DSP':>12}{'BRAM':>12}")
    for family in Family:
        print(f"  {family.value:24}{_cells(model(family))}")
