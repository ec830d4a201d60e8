"""What a testbench must know of an RTL project, from its manifest."""

from __future__ import annotations

from codesign.rtl import Manifest
from codesign.rtl.manifest import Bus, Interface
from rtl_sim.interface import Control, Dut, Protocol, Stream

# Of AXI4-Lite: every signal that the design takes.
_STATUS_INPUTS = (
    *("awaddr", "awprot", "awvalid", "wdata", "wstrb", "wvalid", "bready"),
    *("araddr", "arprot", "arvalid", "rready"),
)


def stream_of(bus: Bus) -> Stream:
    """A bus as a testbench's stream, filed under its node's name."""
    signals = tuple(f"{bus.signal}_{index}" for index in range(bus.elements)) if bus.split else (bus.signal,)
    flags = tuple(f"{signal}_ap_vld" for signal in signals) if bus.split else (bus.valid,) if bus.valid else ()
    return Stream(
        name=bus.node,
        data=signals,
        bits=bus.bits,
        signed=bus.signed,
        lanes=bus.lanes,
        beats=bus.beats,
        slot=bus.slot,
        valid=flags,
        ready=bus.ready,
        last=bus.last,
        keep=bus.keep,
        elements=bus.elements,
        user=bus.user,
    )


def inside(node: str) -> str:
    """The name of a node's result inside the design; the port that carries the same has the node's own."""
    return f"{node} (inside)"


def probe_of(bus: Bus) -> Stream:
    """A node's result inside the design."""
    stream = stream_of(bus)
    return Stream(**{**stream.__dict__, "name": inside(bus.node)})


def dut_of(manifest: Manifest) -> Dut:
    """The design of an RTL project."""
    started = manifest.interface is Interface.AP_CTRL_HS
    return Dut(
        top=manifest.top,
        protocol=Protocol(manifest.interface.value),
        clock=manifest.clock,
        reset=manifest.reset,
        reset_low=manifest.reset_low,
        inputs=tuple(stream_of(bus) for bus in manifest.inputs),
        outputs=tuple(stream_of(bus) for bus in manifest.outputs),
        probes=tuple(probe_of(bus) for bus in manifest.layers),
        control=Control() if started else None,
        tied=tuple(f"s_axi_{name}" for name in _STATUS_INPUTS) if manifest.registers else (),
        resyncs=manifest.interface is Interface.AXIS,
    )
