"""What an estimate is asked for: flow, target, clock, and what overrides the Graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from codesign.estimate.target import Target
from codesign.rtl.folded.multipliers import Multipliers


class Flow(str, Enum):
    """How a design becomes gates."""

    RTL = "rtl"
    """Our own RTL, as Yosys counts it."""
    VITIS = "vitis"
    """The hls4ml project, as Vitis HLS reports it after C synthesis."""


class IoType(str, Enum):
    """How an hls4ml project passes tensors between layers; hls4ml's own names."""

    PARALLEL = "io_parallel"
    STREAM = "io_stream"


@dataclass(frozen=True)
class Conditions:
    """What an estimate is asked for.

    Attributes:
        flow: how the design becomes gates.
        target: the part.
        clock_ns: clock period in nanoseconds.
        reuse: by node name, the reuse factor in place of the Graph's.
        multipliers: what multipliers are made of: those of folded layers in the rtl flow, all in the vitis flow.
        io_type: of the hls4ml project; the rtl flow has one only.
        clock_uncertainty: part of the period that Vitis HLS leaves for routing. The default is what hls4ml's Vivado
            projects state, and what the vitis flow was fitted to; its Vitis projects of today state 0.27.
        quick: the rtl flow predicts the logic of unrolled layers in place of tracing it; the vitis flow traces none.
    """

    flow: Flow
    target: Target
    clock_ns: float = 10.0
    reuse: Mapping[str, int] = field(default_factory=dict)
    multipliers: Multipliers = Multipliers.AUTO
    io_type: IoType = IoType.PARALLEL
    clock_uncertainty: float = 0.125
    quick: bool = False
