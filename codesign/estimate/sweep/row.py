"""A row of a sweep's table: a configuration, and what it costs or why it cannot be built."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from codesign.estimate.figure import Figure, document
from codesign.estimate.record import Estimate
from codesign.estimate.sweep.space import Point


@dataclass(frozen=True)
class Costs:
    """The figures of an estimate, without its layers; None where not known. See `Estimate` for each."""

    lut: Figure | None
    ff: Figure | None
    dsp: Figure | None
    bram: Figure | None
    latency_cycles: Figure | None
    latency_ns: Figure | None
    interval: Figure | None
    interval_ns: Figure | None
    fmax_mhz: Figure | None
    lut_implemented: Figure | None
    power_w: Figure | None
    fits: bool | None

    @classmethod
    def of(cls, estimate: Estimate) -> Costs:
        """Those of an estimate."""
        return cls(**{item.name: getattr(estimate, item.name) for item in fields(cls)})

    def document(self) -> dict[str, Any]:
        """The figures for machines; null where not known."""
        figures = {name: document(getattr(self, name)) for name in FIGURES}
        return {**figures, "fits": self.fits}


FIGURES = tuple(item.name for item in fields(Costs) if item.name != "fits")
"""The names of the figures, in order."""


@dataclass(frozen=True)
class Kept:
    """What a configuration keeps of the design.

    Attributes:
        weight_bits: of all weights and biases.
        activation_bits: of all activations' results, for one sample.
        bits_kept: both added up, no number counted with more bits than it had in the design as it was.
        quality: share of samples that are classified right (or as by the design as it was); None without data.
    """

    weight_bits: int
    activation_bits: int
    bits_kept: int
    quality: float | None = None


@dataclass(frozen=True)
class Row:
    """A configuration.

    Attributes:
        point: which; None for the design as it was.
        kept: what it keeps; None where there is no such Graph.
        costs: what it costs; None where it cannot be built.
        refusal: why not; '' where it can.
        quick: what it costs was predicted, not traced.
    """

    point: Point | None
    kept: Kept | None
    costs: Costs | None
    refusal: str = ""
    quick: bool = False

    def document(self) -> dict[str, Any]:
        """The row for machines."""
        kept = self.kept
        return {
            "index": None if self.point is None else self.point.index,
            "choices": {} if self.point is None else self.point.document(),
            "weight_bits": None if kept is None else kept.weight_bits,
            "activation_bits": None if kept is None else kept.activation_bits,
            "bits_kept": None if kept is None else kept.bits_kept,
            "quality": None if kept is None else kept.quality,
            "estimate": None if self.costs is None else self.costs.document(),
            "refusal": self.refusal or None,
            "quick": self.quick,
        }
