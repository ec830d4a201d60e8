"""What a testbench must know of a design's ports, whoever wrote it: clock, reset, protocol, and streams of frames."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Protocol(str, Enum):
    """How a design is told of a frame, and tells of its answer.

    VALID_READY: a beat moves at a rising edge where valid and ready are both high.
    AXIS: AXI4-Stream: as above, with TLAST on a frame's last beat and TKEEP where a beat is partly empty.
    AP_CTRL_HS: as Vitis HLS writes it: `ap_start` until `ap_ready`, inputs held meanwhile; every output with a valid
        flag of its own; `ap_done`.
    """

    VALID_READY = "valid_ready"
    AXIS = "axis"
    AP_CTRL_HS = "ap_ctrl_hs"


@dataclass(frozen=True)
class Stream:
    """A port, or a point inside, that carries frames of numbers.

    Attributes:
        name: what its numbers are filed under.
        data: signals that hold a beat; the lanes are shared out among them in order, lane 0 lowest in the first one.
        bits: of a number.
        signed: two's complement.
        lanes: numbers in a beat.
        beats: in a frame; number i of the frame is lane `i % lanes` of beat `i // lanes`.
        slot: bits from one lane to the next within a signal; `bits` where they are packed without gaps.
        valid: signal (one for each of `data` in AP_CTRL_HS outputs); empty where there is none.
        ready: signal; '' where nothing can hold it back.
        last: signal; '' where there is none.
        keep: signal; '' where there is none.
        elements: numbers in a frame, where the last beat is not full; 0 for `lanes * beats`.
        user: signal, high with the last beat of an answer to a frame whose TLAST was wrong; '' where there is none.
    """

    name: str
    data: tuple[str, ...]
    bits: int
    signed: bool
    lanes: int
    beats: int = 1
    slot: int = 0
    valid: tuple[str, ...] = ()
    ready: str = ""
    last: str = ""
    keep: str = ""
    elements: int = 0
    user: str = ""


@dataclass(frozen=True)
class Control:
    """The block-level handshake of AP_CTRL_HS."""

    start: str = "ap_start"
    done: str = "ap_done"
    idle: str = "ap_idle"
    ready: str = "ap_ready"


@dataclass(frozen=True)
class Dut:
    """A design under test.

    Attributes:
        top: module.
        protocol: of its ports.
        clock: port, rising edge.
        reset: port, synchronous; '' where there is none.
        reset_low: the reset is active low.
        inputs: in order.
        outputs: in order.
        probes: streams inside, observed only: a beat where valid and ready (if any) are high.
        control: of AP_CTRL_HS.
        tied: other inputs, held at 0.
        resyncs: of AXIS: each TLAST on an input ends a frame and gets one answer; beats that lack are 0, surplus ones
            are dropped. Otherwise the design counts beats, whatever TLAST says.
    """

    top: str
    protocol: Protocol
    clock: str
    reset: str
    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]
    reset_low: bool = False
    probes: tuple[Stream, ...] = ()
    control: Control | None = None
    tied: tuple[str, ...] = ()
    resyncs: bool = False
