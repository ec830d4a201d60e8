"""Many small designs in one simulator: each port with a driver of its own that starves, floods and stalls at random.

A driver's words come from a file, a monitor's words go to the log. In the middle of a frame everything is reset, and
starts again from the first word.
"""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field

from codesign.toolchain.verilator import find_verilator

RESET_AT = 211

_TEMPLATES = r"""
module tb_random #(parameter SEED = 1) (input wire clk, input wire rst, input wire [31:0] cycle, output wire go);
    // Spells of 64 clocks: always, half of the time, seldom, by turns.
    reg [31:0] r;
    wire [31:0] a = r ^ (r << 13), b = a ^ (a >> 17);
    wire [1:0] spell = cycle[7:6] + SEED[1:0];
    assign go = (spell == 0) | (spell == 1 & r[3]) | (spell == 2 & (r[6:3] == 0)) | (spell == 3 & |r[4:3]);
    initial r = 32'd88172645 + SEED * 7919;
    always @(posedge clk) r <= b ^ (b << 5);
endmodule

module tb_source #(parameter W = 1, parameter N = 1, parameter FILE = "", parameter SEED = 1) (
    input wire clk, input wire rst, input wire [31:0] cycle,
    output reg [W-1:0] data, output reg valid, input wire ready
);
    reg [W-1:0] words [0:N-1];
    integer place;
    wire go;
    initial $readmemh(FILE, words);
    tb_random #(.SEED(SEED)) chance (.clk(clk), .rst(rst), .cycle(cycle), .go(go));
    always @(posedge clk)
        if (rst) begin
            place <= 0;
            valid <= 0;
        end else if (~valid | ready) begin
            valid <= go & (place < N);
            if (go & (place < N)) begin
                data <= words[place];
                place <= place + 1;
            end
        end
endmodule

module tb_sink #(parameter W = 1, parameter NAME = "", parameter SEED = 1) (
    input wire clk, input wire rst, input wire [31:0] cycle,
    input wire [W-1:0] data, input wire valid, output reg ready
);
    wire go;
    reg waits;
    reg [W-1:0] was;
    tb_random #(.SEED(SEED)) chance (.clk(clk), .rst(rst), .cycle(cycle), .go(go));
    always @(posedge clk) begin
        ready <= go & ~rst;
        was <= data;
        waits <= valid & ~ready & ~rst;
        if (rst) $display("%s reset", NAME);
        else if (valid & ready) $display("%s %h %0d", NAME, data, cycle);
        if (~rst & waits & (~valid | (was != data))) $display("%s unstable", NAME);
    end
endmodule

// Starts and offers each sample at moments of its own; checks ap_idle against what was started and done.
module tb_start #(parameter NAME = "", parameter SEED = 1) (
    input wire clk, input wire rst, input wire [31:0] cycle,
    output reg start, input wire ready, input wire done, input wire idle, input wire flags
);
    wire go;
    reg [31:0] under_way;
    tb_random #(.SEED(SEED)) chance (.clk(clk), .rst(rst), .cycle(cycle), .go(go));
    always @(posedge clk) begin
        if (rst) start <= 0;
        else if (~start | ready) start <= go;
        under_way <= rst ? 0 : under_way + ((start & ready) ? 1 : 0) - (done ? 1 : 0);
        if (~rst & (idle != (~start & under_way == 0))) $display("%s unstable idle %0d", NAME, cycle);
        if (~rst & (flags != done)) $display("%s unstable flags %0d", NAME, cycle);
    end
endmodule

// Reads and writes registers, one after the other, late: each word is {write, address, data}.
module tb_lite #(parameter N = 1, parameter FILE = "", parameter NAME = "", parameter SEED = 1, parameter LATE = 0) (
    input wire clk, input wire rst, input wire [31:0] cycle,
    output wire [5:0] addr, output wire [31:0] wdata,
    output reg awvalid, output reg wvalid, input wire awready, input wire wready, input wire bvalid, output wire bready,
    output reg arvalid, input wire arready, input wire rvalid, output wire rready,
    input wire [1:0] bresp, input wire [1:0] rresp, input wire [31:0] rdata
);
    reg [38:0] words [0:N-1];
    integer place;
    reg waits;
    wire go;
    wire [38:0] word = words[place];
    assign addr = word[37:32];
    assign wdata = word[31:0];
    assign bready = go;
    assign rready = go;
    initial $readmemh(FILE, words);
    tb_random #(.SEED(SEED)) chance (.clk(clk), .rst(rst), .cycle(cycle), .go(go));
    always @(posedge clk)
        if (rst) begin
            place <= 0;
            {awvalid, wvalid, arvalid, waits} <= 0;
            $display("%s reset", NAME);
        end else if (cycle > LATE & place < N) begin
            if (~waits) begin
                if (word[38]) awvalid <= 1;
                else arvalid <= 1;
                if (word[38]) wvalid <= 1;
                waits <= 1;
            end
            if (awvalid & awready) awvalid <= 0;
            if (wvalid & wready) wvalid <= 0;
            if (arvalid & arready) arvalid <= 0;
            if ((bvalid & bready) | (rvalid & rready)) begin
                $display("%s %h %0d", NAME, bvalid ? {bresp, 32'd0} : {rresp, rdata}, cycle);
                waits <= 0;
                place <= place + 1;
            end
        end
endmodule

// Logs without holding back.
module tb_watch #(parameter W = 1, parameter NAME = "") (
    input wire clk, input wire rst, input wire [31:0] cycle, input wire [W-1:0] data, input wire valid
);
    always @(posedge clk)
        if (rst) $display("%s reset", NAME);
        else if (valid) $display("%s %h %0d", NAME, data, cycle);
endmodule
"""

_MAIN = """
#include "Vtb.h"
int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vtb top{&context};
    for (int i = 0; i < 2 * %d; i++) { top.clk = !top.clk; top.eval(); }
    top.final();
}
"""


@dataclass(frozen=True)
class Logged:
    """What a monitor wrote.

    Attributes:
        words: after the reset in mid-frame.
        cycles: of each.
        first: words before that reset.
        unstable: times that a word changed, or went away, while it waited.
    """

    words: list[int] = field(default_factory=list)
    cycles: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    unstable: list[str] = field(default_factory=list)


@dataclass
class Rig:
    """The testbench as it grows."""

    files: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def wire(self, name, width):
        self.lines.append(f"wire [{width - 1}:0] {name};")

    def source(self, name, width, words):
        """A driver: gives `name`_word and `name`_valid, obeys `name`_ready."""
        self.files[f"{name}.hex"] = "".join(f"{word:x}\n" for word in words)
        self.wire(f"{name}_word", width)
        self.lines += [
            f"wire {name}_valid, {name}_ready;",
            f'tb_source #(.W({width}), .N({len(words)}), .FILE("{name}.hex"), .SEED({self._seed(name)})) s_{name} '
            f"(clk, rst, cycle, {name}_word, {name}_valid, {name}_ready);",
        ]

    def sink(self, name, width):
        """A monitor: reads `name`_word and `name`_valid, gives `name`_ready."""
        self.wire(f"{name}_word", width)
        self.lines += [
            f"wire {name}_valid, {name}_ready;",
            f'tb_sink #(.W({width}), .NAME("{name}"), .SEED({self._seed(name)})) k_{name} '
            f"(clk, rst, cycle, {name}_word, {name}_valid, {name}_ready);",
        ]

    def watch(self, name, width, data, valid):
        """A monitor that holds nothing back."""
        self.lines.append(f'tb_watch #(.W({width}), .NAME("{name}")) k_{name} (clk, rst, cycle, {data}, {valid});')

    def start(self, name, flags):
        """A driver of ap_start: gives `name`_start, reads `name`_ap_ready, `name`_ap_done, `name`_ap_idle."""
        self.lines += [
            f"wire {name}_start, {name}_ap_ready, {name}_ap_done, {name}_ap_idle;",
            f'tb_start #(.NAME("{name}"), .SEED({self._seed(name)})) a_{name} (clk, rst, cycle, {name}_start, '
            f"{name}_ap_ready, {name}_ap_done, {name}_ap_idle, {flags});",
        ]

    def registers(self, name, operations, late):
        """A driver of AXI4-Lite after a cycle: the connections of its ports `s_axi_…`.

        `operations` are (write, address, data); what they gave is logged as {response, data}.
        """
        self.files[f"{name}.hex"] = "".join(f"{w << 38 | a << 32 | d:x}\n" for w, a, d in operations)
        given = {"addr": 6, "wdata": 32, "bresp": 2, "rresp": 2, "rdata": 32}
        flags = ("awvalid", "wvalid", "awready", "wready", "bvalid", "bready", "arvalid", "arready", "rvalid", "rready")
        for end, width in (*given.items(), *((flag, 1) for flag in flags)):
            self.wire(f"{name}_{end}", width)
        order = ("addr", "wdata", *flags[:6], *flags[6:], "bresp", "rresp", "rdata")
        sizes = f'.N({len(operations)}), .FILE("{name}.hex"), .NAME("{name}"), .SEED({self._seed(name)}), .LATE({late})'
        self.lines.append(
            f"tb_lite #({sizes}) l_{name} (clk, rst, cycle, " + ", ".join(f"{name}_{end}" for end in order) + ");"
        )
        same = (*flags, "wdata", "bresp", "rresp", "rdata")
        return [
            f".s_axi_awaddr({name}_addr)",
            f".s_axi_araddr({name}_addr)",
            ".s_axi_awprot(3'd0)",
            ".s_axi_arprot(3'd0)",
            ".s_axi_wstrb(4'hf)",
            *(f".s_axi_{end}({name}_{end})" for end in same),
        ]

    def _seed(self, name):
        self.names.append(name)
        return len(self.names)

    def run(self, folder, cycles):
        """What each monitor saw, by name."""
        install = find_verilator()
        folder.mkdir(parents=True, exist_ok=True)
        top = (
            "module tb(input wire clk);\nreg [31:0] cycle = 0;\n"
            f"wire rst = cycle < 4 | (cycle >= {RESET_AT} & cycle < {RESET_AT + 3});\n"
            "always @(posedge clk) cycle <= cycle + 1;\n" + "\n".join(self.lines) + "\nendmodule\n"
        )
        texts = {**self.files, "tb.sv": _TEMPLATES + top, "main.cpp": _MAIN % cycles}
        for name, text in texts.items():
            (folder / name).write_text(text)
        sources = [name for name in texts if name.endswith((".v", ".sv", ".cpp"))]
        settings = {**os.environ, **install.environment()}
        settings = {key: value for key, value in settings.items() if not key.startswith(("MAKE", "MFLAGS"))}

        def done(*command):
            made = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
            assert made.returncode == 0, f"{made.stdout}\n{made.stderr}"
            return made.stdout

        options = ("--cc", "--exe", "--no-timing", "-Wno-fatal", "-Wno-lint", "--x-initial", "unique")
        options += ("--x-assign", "unique", "--top-module", "tb", "-Mdir", "obj", "-o", "sim")
        done(str(install.binary), *options, *sources)
        quick = ("OPT_FAST=-O0", "OPT_SLOW=-O0", "OPT_GLOBAL=-O0")
        done("make", "-C", "obj", "-f", "Vtb.mk", *install.make_arguments(), *quick)
        told = done("obj/sim", "+verilator+rand+reset+2", "+verilator+seed+7")
        return _logged(told)


def _logged(told):
    logs = defaultdict(Logged)
    resets = defaultdict(int)
    for line in told.splitlines():
        name, what, *rest = line.split()
        if what == "reset":
            resets[name] += 1
        elif what == "unstable":
            logs[name].unstable.append(line)
        elif resets[name] > 4:
            logs[name].words.append(int(what, 16))
            logs[name].cycles.append(int(rest[0]))
        else:
            logs[name].first.append(int(what, 16))
    return logs
