"""Reading Verilog, finding faults in it, and planting them: nothing shows until its number is chosen."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign import rtl
from codesign.rtl.facing import Facing
from codesign.rtl.manifest import Interface
from codesign.verify.mutation.faults import FaultKind, flipped, slot_edits
from codesign.verify.mutation.plant import FIRST_NUMBER, SELECT, choose, plant
from codesign.verify.mutation.verilog import SlotKind, VerilogError, read_modules, tokens
from tests.rtl.designs import mlp

COUNTER = """// a counter
module counter #(
    parameter LAST = 5,
    parameter W = 4
) (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire out_ready,
    input wire [7:0] x,
    output wire [W-1:0] y
);
    localparam BITS = W;
    reg [W-1:0] count;
    reg [7:0] rom [0:1];
    initial begin
        rom[0] = 8'd12;
        rom[1] = 8'h34;
    end
    wire step = in_valid & out_ready;
    wire [3:0] low = x[3:0], high = x[7:4];
    function [W-1:0] same(input [W-1:0] v);
        same = v + 1'b1;
    endfunction
    generate
        if (W > 2) begin : wide
            assign y = count == LAST[W-1:0] ? {W{1'b0}} : count ^ {low[0], 3'b101};
        end
    endgenerate
    always @(posedge clk)
        if (rst) count <= {W{1'b0}};
        else if (step) count <= count + 1'b1;
endmodule
"""


def edits(text, kind=None):
    (module,) = read_modules(text)
    rng = np.random.default_rng(0)
    found = [(slot, edit) for slot in module.slots for edit in slot_edits(text, slot, rng)]
    return [
        text[slot.start : edit.start] + edit.text + text[edit.end : slot.end]
        for slot, edit in found
        if kind is None or edit.kind is kind
    ]


def test_what_is_read():
    (module,) = read_modules(COUNTER)
    assert (module.name, module.parameters) == ("counter", ["LAST", "W"])
    texts = [COUNTER[slot.start : slot.end] for slot in module.slots]
    assert texts == [
        "8'd12",
        "8'h34",
        "in_valid & out_ready",
        "x[3:0]",
        "x[7:4]",
        "count == LAST[W-1:0] ? {W{1'b0}} : count ^ {low[0], 3'b101}",
        "rst",
        "{W{1'b0}}",
        "step",
        "count + 1'b1",
    ]
    kinds = [slot.kind for slot in module.slots]
    assert kinds.count(SlotKind.ROM) == 2
    assert kinds.count(SlotKind.CONDITION) == 2
    assert COUNTER[module.body - 2 : module.body] == ");"


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (FaultKind.OPERATOR, ["in_valid | out_ready", "count - 1'b1"]),
        (FaultKind.WIDTH, ["{1'b0, x[2:0]}", "{1'b0, x[6:4]}"]),
        (FaultKind.OFF_BY_ONE, ["count + 1'b1 + 1'b1"]),
        (FaultKind.HANDSHAKE, ["(in_valid | ~in_valid) & out_ready", "in_valid & (out_ready | ~out_ready)"]),
        (FaultKind.RESET, ["1'b0"]),
        (FaultKind.ENABLE, ["1'b1"]),
        (FaultKind.MUX, ["count == LAST[W-1:0] ? count ^ {low[0], 3'b101} : {W{1'b0}}"]),
    ],
)
def test_faults_of_a_kind(kind, changed):
    found = edits(COUNTER, kind)
    assert set(changed) <= set(found)


def test_what_selects_bits_or_counts_copies_stays():
    for changed in edits(COUNTER):
        assert "LAST[W-1:0]" in changed or "LAST" not in changed
        assert re.search(r"\{W\{1'[bh][01]\}\}", changed) or "{W{" not in changed


@given(st.integers(1, 40), st.data())
@settings(max_examples=50)
def test_one_bit_is_turned(width, data):
    value = data.draw(st.integers(0, 2**width - 1))
    changed = flipped(f"{width}'d{value}", np.random.default_rng(1))
    head, _, digits = changed.partition("'h")
    assert int(head) == width
    assert bin(int(digits, 16) ^ value).count("1") == 1


@pytest.mark.parametrize("text", ["12", "'d3", "4'bx01z"])
def test_numbers_without_size_or_value_stay(text):
    assert flipped(text, np.random.default_rng(0)) is None


def test_text_that_is_not_verilog():
    with pytest.raises(VerilogError, match="is not read"):
        tokens("module a; \x01 endmodule")
    with pytest.raises(VerilogError, match="ends too early"):
        read_modules("module a (input b);")
    assert choose({"a.v": "module a (input b);"}, 5, np.random.default_rng(0)) == []


def everything(interface):
    folder = {}

    def get(tmp_path):
        manifest = rtl.write_project(
            mlp(), tmp_path, clock_ns=10, family=rtl.Family.XILINX_7SERIES, part="", facing=Facing(interface)
        )
        for name in manifest.sources:
            folder[name.split("/")[-1]] = (tmp_path / name).read_text()
        return folder, manifest

    return get


def test_all_kinds_are_found_in_our_own_rtl(tmp_path):
    sources, _ = everything(Interface.AXIS)(tmp_path)
    for text in sources.values():
        assert read_modules(text)
    found = choose(sources, 10**6, np.random.default_rng(0))
    assert {fault.kind for fault, _ in found} >= set(FaultKind) - {FaultKind.ROUNDING}
    assert len(found) > 500
    for fault, _ in found[:200]:
        assert fault.text != sources[fault.file]
        lines = sources[fault.file].splitlines()
        assert fault.before.split(" ")[0] in lines[fault.line - 1]
    numbers = [fault.number for fault, _ in found]
    assert numbers == list(range(FIRST_NUMBER, FIRST_NUMBER + len(found)))


def test_a_guard_chooses_and_text_outside_stays(tmp_path):
    sources = {"counter.v": COUNTER}
    faults = choose(sources, 10**6, np.random.default_rng(0))
    planted = plant(sources, faults)["counter.v"]
    for fault, _ in faults:
        assert planted.count(f"32'd{fault.number} ?") == 1
    assert planted.count(f'$value$plusargs("{SELECT}=%d", {SELECT})') == 2  # the module's own, and before the ROM
    assert "function [W-1:0] same(input [W-1:0] v);\n        same = v + 1'b1;" in planted
    assert plant(sources, []) == sources


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed")
def test_planted_rtl_compiles(tmp_path):
    sources, manifest = everything(Interface.AXIS)(tmp_path / "rtl")
    faults = choose(sources, 300, np.random.default_rng(0))
    names = []
    for name, text in plant(sources, faults).items():
        (tmp_path / name).write_text(text)
        names.append(name)
    command = ["iverilog", "-g2012", "-s", manifest.top, "-o", "out", *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
