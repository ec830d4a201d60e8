"""AXI4-Lite registers that tell which design this is, and what it has done."""

from __future__ import annotations

from dataclasses import replace

from codesign.rtl.manifest import Register
from codesign.rtl.shell.base import Events, Shell
from codesign.rtl.top_module import CLOCK, RESET

_IN = {
    "awaddr": 6,
    "awprot": 3,
    "awvalid": 1,
    "wdata": 32,
    "wstrb": 4,
    "wvalid": 1,
    "bready": 1,
    "araddr": 6,
    "arprot": 3,
    "arvalid": 1,
    "rready": 1,
}
_OUT = {"awready": 1, "wready": 1, "bresp": 2, "bvalid": 1, "arready": 1, "rdata": 32, "rresp": 2, "rvalid": 1}
_IGNORED = ("awprot", "arprot")

REGISTERS = (
    Register("magic", 0x00, 4, "0x43534447"),
    Register("version", 0x04, 4, "1: of this map"),
    Register("control", 0x08, 4, "write 1 to bit 0: clear the counters; reads 0"),
    Register("cycles", 0x0C, 4, "clock cycles"),
    Register("frames_in", 0x10, 4, "samples taken whole, of the first input"),
    Register("frames_out", 0x14, 4, "answers given whole, of the first output"),
    Register("stalled", 0x18, 4, "clock cycles in which an output waited for its reader, or ap_start for ap_ready"),
    Register("errors", 0x1C, 4, "samples with a fault of TLAST or TKEEP, of all inputs"),
    Register("digest", 0x20, 32, "SHA-256 of the Graph, its first four bytes as the number at 0x20"),
)


def with_axi_lite(shell: Shell, events: Events, digest: str) -> Shell:
    """The shell with AXI4-Lite ports `s_axi_…` of the design's clock and reset.

    Args:
        shell: without them.
        events: that are counted.
        digest: of the Graph, 64 hexadecimal digits.
    """
    ports = [f"input wire {_range(bits)}s_axi_{name}" for name, bits in _IN.items()]
    ports += [f"output wire {_range(bits)}s_axi_{name}" for name, bits in _OUT.items()]
    named = [name for name in (*_IN, *_OUT) if name not in _IGNORED]
    errors = "{" + ", ".join(events.errors) + "}" if events.errors else "1'b0"
    counted = f".frame_in({events.frame_in}), .frame_out({events.frame_out}), .stalled({events.stalled})"
    line = (
        f"cs_axi_lite #(.DIGEST(256'h{digest}), .ERRORS({max(len(events.errors), 1)})) i_status (.{CLOCK}({CLOCK}), "
        f".{RESET}({RESET}), {counted}, .errors({errors}), " + ", ".join(f".{n}(s_axi_{n})" for n in named) + ");"
    )
    return replace(
        shell,
        ports=(*shell.ports, *ports),
        behind=(*shell.behind, line),
        templates=(*shell.templates, "cs_axi_lite.sv"),
        registers=REGISTERS,
    )


def _range(bits: int) -> str:
    return f"[{bits - 1}:0] " if bits > 1 else ""
