"""Placing and routing a whole design between shift registers, so that no pin limits its clock."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fmax import PINS, TOOLS, program, run
from benchmarks.fmax_designs import Drawn
from codesign.rtl.family import Family
from codesign.rtl.manifest import Manifest
from codesign.rtl.project import write_project
from codesign.toolchain.yosys import find_yosys

# Cells of a netlist; beyond, place and route takes minutes.
LARGEST = 6000
_WHOLE = "{synth} -top top -json top.json\n"
# synth_gowin would put pads at the ports of memories that are kept as modules of their own.
_SYNTH = {
    Family.GOWIN: """{synth} -noiopads -top top
iopadmap -bits -inpad IBUF O:I -outpad OBUF I:O top
clean
write_json top.json
"""
}


@dataclass(frozen=True)
class Placed:
    """What nextpnr says of a design.

    Attributes:
        mhz: highest clock frequency.
        cells: of the part that are used, by nextpnr's name of their kind, the wrapper's among them.
    """

    mhz: float
    cells: dict[str, int]


def wrapper(manifest: Manifest) -> str:
    """A top module of four pins: a shift register that feeds the design, and one that its answers are loaded into."""
    source, answer = manifest.inputs[0], manifest.outputs[0]
    i, o = source.width, answer.width
    return f"""module top(input wire clk, input wire din, input wire load, output reg dout);
reg [{i - 1}:0] x;
reg [{o - 1}:0] q, s;
reg l, rst, valid, ready, given, taken;
wire [{o - 1}:0] y;
wire y_valid, x_ready;
{manifest.top} design (.clk(clk), .rst(rst), .{source.signal}(x), .{source.valid}(valid), .{source.ready}(x_ready),
    .{answer.signal}(y), .{answer.valid}(y_valid), .{answer.ready}(ready));
always @(posedge clk) begin
    {{x, valid, ready, rst}} <= {{x[{i - 1}:0], valid, ready, rst, din}};
    l <= load;
    q <= y;
    given <= y_valid;
    taken <= x_ready;
    s <= l ? q : {{s, given ^ taken}};
    dout <= s[{o - 1}];
end
endmodule
"""


def place_and_route(drawn: Drawn, seed: int = 1) -> Placed | None:
    """Build, synthesize, place and route a design; None where it is too large for the part, or for our patience.

    Args:
        drawn: the design, of one input and one output.
        seed: of nextpnr.
    """
    tool = TOOLS[drawn.options.family]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = write_project(
            drawn.graph,
            folder,
            clock_ns=drawn.options.clock_ns,
            family=drawn.options.family,
            part="",
            reuse=drawn.options.reuse,
            multipliers=drawn.options.multipliers,
        )
        (folder / "wrapper.v").write_text(wrapper(manifest))
        (folder / "top.cst").write_text("".join(f'IO_LOC "{port}" {pin};\n' for port, pin in PINS.items()))
        sources = (*manifest.sources, "wrapper.v")
        reads = "".join(f"read_verilog {'-sv ' if path.endswith('.sv') else ''}{path}\n" for path in sources)
        (folder / "synth.ys").write_text(reads + _SYNTH.get(drawn.options.family, _WHOLE).format(synth=tool.synth))
        run([*find_yosys().command, "synth.ys"], folder)
        if len(json.loads((folder / "top.json").read_text())["modules"]["top"]["cells"]) > LARGEST:
            return None
        done = subprocess.run(
            [program(tool.program), *tool.arguments, "--timing-allow-fail", "--seed", str(seed), "--json", "top.json",
             "--report", "report.json"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            said = done.stdout + done.stderr
            if "unable to place" in said.lower() or "failed to place" in said.lower():
                return None
            raise SystemExit(f"{tool.program} failed on {drawn.graph.name}:\n{said[-2000:]}")
        report = json.loads((folder / "report.json").read_text())
    achieved = min(clock["achieved"] for clock in report["fmax"].values())
    cells = {kind: use["used"] for kind, use in sorted(report["utilization"].items()) if use["used"]}
    return Placed(round(achieved, 3), cells)
