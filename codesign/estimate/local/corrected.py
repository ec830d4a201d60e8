"""Estimates as a local calibration corrects them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from codesign.estimate.conditions import Flow
from codesign.estimate.figure import Figure
from codesign.estimate.local.fit import Calibration, Correction
from codesign.estimate.local.pair import group_of
from codesign.estimate.record import Estimate, LayerEstimate
from codesign.hls.reports.record import Stage

STAGE: Mapping[Flow, Stage] = {Flow.RTL: Stage.IMPLEMENTATION, Flow.VITIS: Stage.CSYNTH}
"""The stage whose reports an estimate's figures are corrected towards."""

if set(STAGE) != set(Flow):
    raise ImportError(f"no stage for {set(Flow) - set(STAGE)}")

_OF_LAYERS = ("lut", "ff", "dsp", "bram")


def corrected_figure(figure: Figure, found: Correction) -> Figure:
    """A figure times its factor, with the interval that the residuals leave.

    With few pairs the interval stays at least as wide, in logarithms, as the model's own.
    """
    value = figure.value * found.factor
    if value <= 0:
        return figure
    below = math.inf if figure.low <= 0 else math.log(figure.value / figure.low)
    above = math.log(figure.high / figure.value)
    if found.is_enough:
        below = above = found.spread
    else:
        below, above = max(below, found.spread), max(above, found.spread)
    return Figure(value, value * math.exp(-below), value * math.exp(above))


def _layer(layer: LayerEstimate, corrections: Mapping[str, Correction]) -> LayerEstimate:
    """A layer's resources times the design's factors; what the residuals say of a design says nothing of its layers."""
    scaled = {}
    for name in _OF_LAYERS:
        figure = getattr(layer, name)
        if figure is not None and name in corrections:
            scaled[name] = figure.times(corrections[name].factor)
    return replace(layer, **scaled)


def _basis(estimate: Estimate, stage: Stage, corrections: Mapping[str, Correction], left_out: int) -> str:
    target = estimate.conditions.target
    told = ", ".join(
        f"{name} x{found.factor:.3g} ({found.pairs} {'pair' if found.pairs == 1 else 'pairs'})"
        for name, found in corrections.items()
    )
    old = f"; {left_out} pairs of other versions of codesign are not used" if left_out else ""
    family = target.family.value if target.calibrated else target.part
    return f"local calibration towards {stage.value} reports of {family}: {told}{old}"


def corrected(estimate: Estimate, calibration: Calibration) -> Estimate:
    """An estimate with its figures corrected by what was reported of other designs.

    Figures of the vitis flow are corrected towards C synthesis, and its LUTs after place and route towards
    implementation; those of the rtl flow towards implementation. Without pairs of the estimate's flow, family and stage
    it is returned as it is.

    Args:
        estimate: as the model made it.
        calibration: that was fitted to a local calibration file.
    """
    if estimate.corrected:
        return estimate
    stage = STAGE[estimate.flow]
    of_stage = calibration.corrections.get(group_of(estimate.conditions, stage), {})
    changed: dict[str, Any] = {}
    used: dict[str, Correction] = {}
    for name, found in of_stage.items():
        figure = getattr(estimate, name)
        if figure is not None:
            changed[name], used[name] = corrected_figure(figure, found), found
    basis = [_basis(estimate, stage, used, calibration.left_out)] if used else []
    if estimate.flow is Flow.VITIS:
        placed = calibration.corrections.get(group_of(estimate.conditions, Stage.IMPLEMENTATION), {})
        guess = estimate.lut_implemented or estimate.lut
        if "lut" in placed and guess is not None:
            changed["lut_implemented"] = corrected_figure(guess, placed["lut"])
            basis.append(_basis(estimate, Stage.IMPLEMENTATION, {"lut": placed["lut"]}, calibration.left_out))
    if not changed:
        return estimate
    return replace(
        estimate,
        **changed,
        layers=tuple(_layer(layer, used) for layer in estimate.layers),
        rest=None if estimate.rest is None else _layer(estimate.rest, used),
        basis=(*estimate.basis, *basis),
        corrected=True,
    )
