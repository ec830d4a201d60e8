"""What an estimate says: each figure with its interval, layer by layer and in total; what is not known is None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codesign.board import Resource
from codesign.estimate.conditions import Conditions, Flow
from codesign.estimate.figure import Figure, document

RESOURCES = (Resource.LUT, Resource.FF, Resource.DSP, Resource.BRAM)
"""What is estimated, in order. Block RAM is counted as `codesign.board.board.BRAM_UNIT_KBITS` says."""


@dataclass(frozen=True)
class LayerEstimate:
    """One layer's part of a design.

    Attributes:
        name: of the node, or of what stands between nodes.
        operation: of the node, as Graphs are saved.
        source: the layer of the user's model that it comes from; '' where there is none.
        lut: LUTs; 6-input ones on AMD parts, 4-input ones elsewhere.
        ff: flip-flops.
        dsp: multipliers.
        bram: block RAMs.
        latency_cycles: clocks from its input to its output.
        interval: clocks from one of its inputs to the next.
    """

    name: str
    operation: str
    source: str
    lut: Figure | None
    ff: Figure | None
    dsp: Figure | None
    bram: Figure | None
    latency_cycles: Figure | None
    interval: Figure | None

    def document(self) -> dict[str, Any]:
        """The layer for machines; null where not known."""
        return {
            "name": self.name,
            "operation": self.operation,
            "source": self.source,
            **{resource.value: document(getattr(self, resource.value)) for resource in RESOURCES},
            "latency_cycles": document(self.latency_cycles),
            "interval": document(self.interval),
        }


@dataclass(frozen=True)
class Use:
    """One resource against what the part holds.

    Attributes:
        resource: which.
        used: by the design; None where it is not known.
        limit: of the part; None where it is not known.
    """

    resource: Resource
    used: Figure | None
    limit: int | None

    @property
    def share(self) -> Figure | None:
        """Used part of the limit; None where either is not known or the part has none."""
        return None if self.used is None or not self.limit else self.used.times(1 / self.limit)

    @property
    def fits(self) -> bool | None:
        """Whether it fits, whatever the error within the interval; None where the interval does not decide it."""
        if self.used is None or self.limit is None:
            return None
        if self.used.high <= self.limit:
            return True
        return False if self.used.low > self.limit else None

    def document(self) -> dict[str, Any]:
        """The use for machines; null where not known."""
        return {"used": document(self.used), "limit": self.limit, "share": document(self.share), "fits": self.fits}


@dataclass(frozen=True)
class Estimate:
    """What a design is expected to cost.

    Attributes:
        graph: name of the design.
        conditions: what it was asked for.
        lut: LUTs; in the vitis flow as C synthesis reports them.
        ff: flip-flops; likewise.
        dsp: multipliers.
        bram: block RAMs.
        latency_cycles: clocks from an input to its output.
        interval: clocks from one input to the next (initiation interval).
        fmax_mhz: highest clock frequency after place and route, in MHz; None where no measurement tells.
        lut_implemented: LUTs after place and route, where that differs from `lut` by what is known.
        power_w: power in watts; None where nothing measured tells, which is everywhere so far.
        layers: its layers, in order; what they share and what joins them is in `rest`.
        rest: of the design outside its layers.
        basis: what the model was calibrated on, and its error on what it was not fitted to; a line each.
        corrected: a local calibration has corrected it.
    """

    graph: str
    conditions: Conditions
    lut: Figure | None
    ff: Figure | None
    dsp: Figure | None
    bram: Figure | None
    latency_cycles: Figure | None
    interval: Figure | None
    fmax_mhz: Figure | None
    layers: tuple[LayerEstimate, ...]
    rest: LayerEstimate | None = None
    lut_implemented: Figure | None = None
    power_w: Figure | None = None
    basis: tuple[str, ...] = ()
    corrected: bool = False

    @property
    def flow(self) -> Flow:
        """The flow that it is for."""
        return self.conditions.flow

    @property
    def latency_ns(self) -> Figure | None:
        """Latency in ns, at the clock period asked for."""
        return None if self.latency_cycles is None else self.latency_cycles.times(self.conditions.clock_ns)

    @property
    def interval_ns(self) -> Figure | None:
        """Time from one input to the next in ns, at the clock period asked for."""
        return None if self.interval is None else self.interval.times(self.conditions.clock_ns)

    @property
    def uses(self) -> tuple[Use, ...]:
        """Each resource against what the board's part holds."""
        board = self.conditions.target.board
        return tuple(
            Use(resource, getattr(self, resource.value), None if board is None else board.limit(resource))
            for resource in RESOURCES
        )

    @property
    def placed_use(self) -> Use | None:
        """LUTs after place and route against what the board's part holds; None where they are no others than `lut`."""
        board = self.conditions.target.board
        if self.lut_implemented is None:
            return None
        return Use(Resource.LUT, self.lut_implemented, None if board is None else board.limit(Resource.LUT))

    @property
    def decisive_uses(self) -> tuple[Use, ...]:
        """What decides whether it fits: each resource, LUTs as place and route leaves them."""
        placed = self.placed_use
        return self.uses if placed is None else (placed, *(u for u in self.uses if u.resource is not Resource.LUT))

    @property
    def fits(self) -> bool | None:
        """Whether everything fits the board; None where an interval does not decide it, or there is no board.

        What is placed and routed has to fit: of LUTs that C synthesis overstates, those that are left of them.
        """
        answers = [use.fits for use in self.decisive_uses]
        return False if False in answers else None if None in answers else True

    def document(self) -> dict[str, Any]:
        """The estimate for machines: plain values, as JSON holds them; null where not known."""
        target = self.conditions.target
        return {
            "graph": self.graph,
            "flow": self.flow.value,
            "board": None if target.board is None else target.board.name,
            "part": target.part,
            "family": target.family.value,
            "calibrated": target.calibrated,
            "clock_ns": self.conditions.clock_ns,
            "fits": self.fits,
            "resources": {use.resource.value: use.document() for use in self.uses},
            "latency_cycles": document(self.latency_cycles),
            "latency_ns": document(self.latency_ns),
            "interval": document(self.interval),
            "interval_ns": document(self.interval_ns),
            "fmax_mhz": document(self.fmax_mhz),
            "lut_implemented": document(self.lut_implemented),
            "lut_implemented_use": None if self.placed_use is None else self.placed_use.document(),
            "power_w": document(self.power_w),
            "layers": [layer.document() for layer in self.layers],
            "rest": None if self.rest is None else self.rest.document(),
            "basis": list(self.basis),
            "corrected": self.corrected,
        }
