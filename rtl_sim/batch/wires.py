"""What joins a design to the harness: a wrapper in SystemVerilog with plain names, and the table of its wires in C++.

The wrapper reads points inside through their names in the hierarchy, so nothing of the design must be made public, and
it gives every port the width that its stream says, so that Verilator sees a port of another width.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rtl_sim.beats import width
from rtl_sim.interface import Control, Dut, Protocol, Stream
from rtl_sim.packing import word_bytes

WRAPPER = "rtl_sim_harness"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_NAME = re.compile(r"[!-~]+")


class DescriptionError(Exception):
    """A description of a design that no testbench can follow."""


@dataclass(frozen=True)
class Wire:
    """A wire between the harness and the design.

    Attributes:
        name: in the wrapper.
        port: in the design.
        bits: wide.
        driven: by the harness.
        inside: the design's port is a point inside it.
    """

    name: str
    port: str
    bits: int
    driven: bool
    inside: bool = False


def data_bits(stream: Stream, protocol: Protocol) -> int:
    """Bits of each data signal as the port has them: AXI4-Stream's are whole bytes."""
    bits = width(stream)
    return 8 * word_bytes(bits) if protocol is Protocol.AXIS else bits


def _stream_wires(stream: Stream, key: str, design: Dut, *, source: bool, inside: bool = False) -> Iterator[Wire]:
    """The wires of a stream that the harness feeds (`source`) or reads."""
    bits = width(stream) if inside else data_bits(stream, design.protocol)
    for index, name in enumerate(stream.data):
        yield Wire(f"{key}_d{index}", name, bits, source, inside)
    started = design.protocol is Protocol.AP_CTRL_HS and not inside
    if started and not source:
        flags = stream.valid * (len(stream.data) if len(stream.valid) == 1 else 1)
        if flags and len(flags) != len(stream.data):
            raise DescriptionError(
                f"stream {stream.name!r} has {len(stream.data)} data signals and {len(flags)} valid flags; "
                "give one for each, or one for all"
            )
        for index, name in enumerate(flags):
            yield Wire(f"{key}_valid{index}", name, 1, False, inside)
        return
    if not started and len(stream.valid) != 1:
        raise DescriptionError(f"stream {stream.name!r} needs one valid signal, not {len(stream.valid)}")
    for index, name in enumerate(stream.valid):
        yield Wire(f"{key}_valid" if index == 0 else f"{key}_valid_{index}", name, 1, source, inside)
    if stream.ready:
        yield Wire(f"{key}_ready", stream.ready, 1, not source and not inside, inside)
    if stream.last:
        yield Wire(f"{key}_last", stream.last, 1, source, inside)
    if stream.keep:
        yield Wire(f"{key}_keep", stream.keep, word_bytes(bits), source, inside)
    if stream.user:
        yield Wire(f"{key}_user", stream.user, 1, source, inside)


def wires(design: Dut, *, probes: bool) -> tuple[Wire, ...]:
    """All wires between the harness and a design.

    Raises:
        DescriptionError: the description contradicts itself, or has a name that Verilog cannot have.
    """
    found = [Wire("clk", design.clock, 1, True)]
    if design.reset:
        found.append(Wire("rst", design.reset, 1, True))
    if design.protocol is Protocol.AP_CTRL_HS:
        control = design.control or Control()
        found += [Wire("ap_start", control.start, 1, True), Wire("ap_done", control.done, 1, False)]
        found.append(Wire("ap_ready", control.ready, 1, False))
    for index, stream in enumerate(design.inputs):
        found += _stream_wires(stream, f"i{index}", design, source=True)
    for index, stream in enumerate(design.outputs):
        found += _stream_wires(stream, f"o{index}", design, source=False)
    for index, stream in enumerate(design.probes if probes else ()):
        found += _stream_wires(stream, f"p{index}", design, source=False, inside=True)
    for name in (design.top, *(wire.port for wire in found), *design.tied):
        if not _NAME.fullmatch(name):
            raise DescriptionError(f"{name!r} is no name that Verilog can have")
    return tuple(found)


def _verilog(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f"\\{name} "


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""


def wrapper(design: Dut, found: tuple[Wire, ...]) -> str:
    """The wrapper around a design."""
    ports: dict[str, str] = {}
    for wire in found:
        direction = "input" if wire.driven else "output"
        ports[wire.name] = f"    {direction} wire {_range(wire.bits)}{wire.name}"
    pins: dict[str, str] = {}
    for wire in found:
        if not wire.inside:
            pins.setdefault(wire.port, wire.name)
    lines = [f"module {WRAPPER} (", ",\n".join(ports.values()), ");"]
    lines.append(f"    {_verilog(design.top)} dut (")
    pins_of_tied = [(port, "'0") for port in design.tied]
    lines.append(",\n".join(f"        .{_verilog(port)}({name})" for port, name in [*pins.items(), *pins_of_tied]))
    lines.append("    );")
    for wire in found:
        if wire.inside:
            lines.append(f"    assign {wire.name} = dut.{_verilog(wire.port)};")
        elif pins[wire.port] != wire.name:  # two streams read one flag
            lines.append(f"    assign {wire.name} = {pins[wire.port]};")
    return "\n".join([*lines, "endmodule", ""])


def _cpp(text: str) -> str:
    return '"' + "".join(c if c not in '"\\?' else f"\\{c}" for c in text) + '"'


def table(found: tuple[Wire, ...]) -> str:
    """The C++ that opens a design and gives the harness its wires."""
    rows = "".join(
        f"    wires[{index}] = Wire{{{_cpp(wire.name)}, {_cpp(wire.port)}, &top->{wire.name}, {wire.bits}}};\n"
        for index, wire in enumerate(found)
    )
    return _TABLE.replace("@COUNT@", str(len(found))).replace("@ROWS@", rows)


_TABLE = """#include "Vtop.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif
#include "design.h"

static VerilatedContext* context = nullptr;
static Vtop* top = nullptr;
static Wire wires[@COUNT@];
#if VM_TRACE
static VerilatedVcdC* trace = nullptr;
#endif

void design_open(int argc, char** argv) {
    context = new VerilatedContext;
    context->commandArgs(argc, argv);
#if VM_TRACE
    context->traceEverOn(true);
#endif
    top = new Vtop{context, "TOP"};
@ROWS@}

const Wire* design_wires(std::size_t& count) {
    count = @COUNT@;
    return wires;
}

void design_eval() { top->eval(); }

bool design_finished() { return context->gotFinish(); }

void design_trace(const char* file) {
#if VM_TRACE
    trace = new VerilatedVcdC;
    top->trace(trace, 99);
    trace->open(file);
#else
    (void)file;
#endif
}

void design_dump(std::uint64_t nanoseconds) {
#if VM_TRACE
    std::uint64_t scale = 1;  // of a nanosecond, in the simulator's precision
    for (int power = context->timeprecision(); power < -9; ++power) scale *= 10;
    if (trace) trace->dump(nanoseconds * scale);
#else
    (void)nanoseconds;
#endif
}

void design_close() {
    top->final();
#if VM_TRACE
    if (trace) trace->close();
#endif
    delete top;
    delete context;
}
"""
