"""Families of layers: how far the model of each is off, and what it is multiplied by, both as fitted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from codesign.estimate.figure import Figure
from codesign.estimate.vitis.fabric import Cost
from codesign.estimate.vitis.module import Module
from codesign.graph import (
    BinaryThreshold,
    Broadcast,
    ClippedRelu,
    Concatenate,
    Convolution,
    Cropping,
    DepthwiseConvolution,
    Dot,
    Einsum,
    EinsumDense,
    Elu,
    Embedding,
    Gru,
    HardActivation,
    LayerNormalization,
    Lstm,
    Merge,
    Node,
    Pooling,
    PRelu,
    Quantizer,
    ReadTimeStep,
    Reshape,
    Resize,
    Selu,
    TableActivation,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    Transpose,
    UnaryTable,
    WriteTimeStep,
    ZeroPadding,
)

CALIBRATION = Path(__file__).parents[1] / "data" / "vitis_layers.json"
"""Written by `python -m benchmarks.calibrate_layers`."""


_FEW_REPORTS = 1.5
"""Errors are taken to be wider than on the reports left out by this, for there are few."""
_LEAST = {"lut": 0.1, "ff": 0.1, "dsp": 0.05, "bram18": 0.05, "latency": 0.05, "interval": 0.05}
"""Relative errors that every figure is given at least: the parts of a module were found in the same reports, so that
these say nothing of what they are elsewhere. Assumed."""


class LayerFamily(str, Enum):
    """Layers that hls4ml's C++ computes alike."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise convolution"
    POOLING = "pooling"
    TABLE = "table activation"
    RECTIFIER = "rectifier"
    THRESHOLD = "threshold"
    QUANTIZER = "quantizer"
    MERGE = "merge"
    CONCATENATE = "concatenate"
    PADDING = "padding"
    MOVEMENT = "movement"
    EMBEDDING = "embedding"
    CONTRACTION = "contraction"
    LAYER_NORMALIZATION = "layer normalization"
    RECURRENT = "recurrent"


FAMILY_OF: Mapping[type[Node], LayerFamily] = {
    Convolution: LayerFamily.CONVOLUTION,
    DepthwiseConvolution: LayerFamily.DEPTHWISE,
    Pooling: LayerFamily.POOLING,
    TableActivation: LayerFamily.TABLE,
    Elu: LayerFamily.TABLE,
    Selu: LayerFamily.TABLE,
    UnaryTable: LayerFamily.TABLE,
    PRelu: LayerFamily.RECTIFIER,
    ThresholdedRelu: LayerFamily.RECTIFIER,
    ClippedRelu: LayerFamily.RECTIFIER,
    HardActivation: LayerFamily.RECTIFIER,
    BinaryThreshold: LayerFamily.THRESHOLD,
    TernaryThreshold: LayerFamily.THRESHOLD,
    TernaryTanh: LayerFamily.THRESHOLD,
    Quantizer: LayerFamily.QUANTIZER,
    Merge: LayerFamily.MERGE,
    Broadcast: LayerFamily.MERGE,
    Concatenate: LayerFamily.CONCATENATE,
    ZeroPadding: LayerFamily.PADDING,
    Cropping: LayerFamily.MOVEMENT,
    Resize: LayerFamily.MOVEMENT,
    Transpose: LayerFamily.MOVEMENT,
    Reshape: LayerFamily.MOVEMENT,
    ReadTimeStep: LayerFamily.MOVEMENT,
    WriteTimeStep: LayerFamily.MOVEMENT,
    Embedding: LayerFamily.EMBEDDING,
    Dot: LayerFamily.CONTRACTION,
    Einsum: LayerFamily.CONTRACTION,
    EinsumDense: LayerFamily.CONTRACTION,
    LayerNormalization: LayerFamily.LAYER_NORMALIZATION,
    Lstm: LayerFamily.RECURRENT,
    Gru: LayerFamily.RECURRENT,
}
"""Of each class of nodes that is modelled here."""


@dataclass(frozen=True)
class Fit:
    """What was fitted for a family.

    Attributes:
        lut: LUTs of the model are multiplied by this.
        ff: flip-flops likewise.
        errors: for `lut`, `ff`, `dsp`, `bram18`, `latency` and `interval`, the relative error that nine reports in ten
            are expected to stay below.
        reports: how many there are; 0 where the family was measured nowhere.
    """

    lut: float
    ff: float
    errors: Mapping[str, float]
    reports: int


@lru_cache(maxsize=1)
def fits() -> Mapping[LayerFamily, Fit]:
    """Of every family; one that was measured nowhere has twice the widest errors of those that were."""
    document: dict[str, Any] = json.loads(CALIBRATION.read_text(encoding="utf-8"))
    found = {
        LayerFamily(name): Fit(
            float(fit["lut"]),
            float(fit["ff"]),
            {name: max(_FEW_REPORTS * float(fit["errors"][name]), least) for name, least in _LEAST.items()},
            int(fit["reports"]),
        )
        for name, fit in document["families"].items()
    }
    widest = {name: 2 * max(fit.errors[name] for fit in found.values()) for name in _LEAST}
    return {family: found.get(family, Fit(1.0, 1.0, widest, 0)) for family in LayerFamily}


_UNSCALED: ContextVar[bool] = ContextVar("unscaled", default=False)


@contextmanager
def unscaled() -> Iterator[None]:
    """Models without what they are multiplied by, for whoever fits that."""
    token = _UNSCALED.set(True)
    try:
        yield
    finally:
        _UNSCALED.reset(token)


def finished(family: LayerFamily, cost: Cost, latency: int, interval: int) -> Module:
    """A module of a family, its LUTs and flip-flops multiplied by what was fitted."""
    if _UNSCALED.get():
        return Module(cost.lut, cost.ff, cost.dsp, cost.bram18, latency, interval)
    fit = fits()[family]
    return Module(fit.lut * cost.lut, fit.ff * cost.ff, cost.dsp, cost.bram18, latency, interval)


def figure(family: LayerFamily, name: str, value: float, *, width: float = 1.0) -> Figure:
    """A number of a module with its interval.

    Args:
        family: of its node.
        name: `lut`, `ff`, `dsp`, `bram18`, `latency` or `interval`.
        value: of the module.
        width: the interval is wider by this.
    """
    if name == "interval" and value == 1:
        return Figure.exactly(value)  # a pragma says so
    error = width * fits()[family].errors[name]
    return Figure(value, value / (1 + error), value * (1 + error))


def basis(family: LayerFamily) -> str:
    """Where a family's figures come from, in a line."""
    fit = fits()[family]
    if not fit.reports:
        return (
            f"{family.value}: no published report has one; modelled from hls4ml's C++, and taken to be up to "
            f"{100 * fit.errors['lut']:.0f} % off in LUTs, twice the worst of the families that were measured"
        )
    return (
        f"{family.value}: fitted to {fit.reports} vendor reports, of UltraScale+ parts; taken to be up to "
        f"{100 * fit.errors['lut']:.0f} % off in LUTs and {100 * fit.errors['ff']:.0f} % in flip-flops, by the "
        "errors on those left out"
    )
