"""Counting cells and setting them against a board: by hand, then by real synthesis of Verilog whose cells are known."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from codesign.board import Family, RtlSources, Utilisation, cost, load_board, read_sources, synthesise
from codesign.board.cells import CELLS, FREE, count
from codesign.board.cost_table import cost_table
from codesign.board.synthesis import read_stat
from codesign.errors import BoardError, DesignError, ToolFailedError


def used(family: Family, cells: dict[str, int]) -> Utilisation:
    return Utilisation.of(family, cells, "0.70", 1.0)


def test_cells_of_series_7() -> None:
    found = used(
        Family.XC7,
        {"LUT2": 3, "LUT6": 4, "INV": 1, "CARRY4": 5, "FDRE": 6, "FDSE": 1, "DSP48E1": 2, "RAMB36E1": 1, "RAMB18E1": 1}
        | {"SRL16E": 2, "RAM64M": 1, "MUXF7": 9, "IBUF": 50, "BUFG": 1},
    )
    assert (found.lut, found.lut_memory, found.ff, found.dsp, found.bram) == (14, 6, 7, 2, 3)
    assert (found.carry, found.wide_mux, found.other) == (5, 9, ())


def test_cells_of_ecp5() -> None:
    found = used(Family.ECP5, {"LUT4": 5, "CCU2C": 3, "TRELLIS_FF": 7, "MULT18X18D": 1, "DP16KD": 2, "PFUMX": 4})
    assert (found.lut, found.ff, found.dsp, found.bram, found.carry, found.wide_mux) == (11, 7, 1, 2, 3, 4)


def test_cells_of_ultrascale_plus() -> None:
    found = used(
        Family.XCUP,
        {
            "LUT6": 4,
            "INV": 1,
            "CARRY4": 5,
            "CARRY8": 1,
            "FDRE": 6,
            "FDCE": 1,
            "DSP48E2": 2,
            "RAMB36E2": 1,
            "RAMB18E2": 1,
        }
        | {"SRL16E": 2, "RAM32M16": 1, "RAM64M8": 1, "RAM64X1D": 1, "MUXF7": 9, "MUXF9": 1, "BUFGCE": 1},
    )
    assert (found.lut, found.lut_memory, found.ff, found.dsp, found.bram) == (25, 20, 7, 2, 3)
    assert (found.carry, found.wide_mux, found.other) == (7, 10, ())


def test_cells_of_another_generation_are_unknown() -> None:
    assert used(Family.XCUP, {"DSP48E1": 1, "URAM288": 1}).other == (("DSP48E1", 1), ("URAM288", 1))


def test_cells_of_gowin() -> None:
    found = used(
        Family.GOWIN,
        {"LUT1": 1, "LUT4": 5, "ALU": 3, "DFFE": 7, "DFFNRE": 1, "DLNPE": 1, "SPX9": 2, "SDPB": 1, "RAM16SDP2": 1}
        | {"MULT18X18": 2, "MULT36X36": 1, "MUX2_LUT5": 4, "MUX2_LUT8": 1, "GND": 1, "VCC": 1},
    )
    assert (found.lut, found.lut_memory, found.ff, found.dsp, found.bram) == (17, 8, 9, 6, 3)
    assert (found.carry, found.wide_mux, found.other) == (3, 5, ())


@pytest.mark.parametrize(("small", "whole"), [(1, 1), (2, 1), (3, 2), (40, 20)])
def test_two_small_multipliers_of_gowin_share_one(small: int, whole: int) -> None:
    assert used(Family.GOWIN, {"MULT9X9": small}).dsp == whole


def test_unknown_cells_are_never_dropped() -> None:
    found = used(Family.XC7, {"LUT1": 1, "PHASER_IN": 2})
    assert found.other == (("PHASER_IN", 2),)
    assert cost(found, load_board("arty-a7-100t")).fits is None


@pytest.mark.parametrize("family", Family)
def test_no_cell_is_both_counted_and_free(family: Family) -> None:
    assert not set(CELLS[family]) & FREE[family]
    totals, other = count(family, dict.fromkeys([*CELLS[family], *FREE[family]], 2))
    assert not other
    assert sum(totals.values()) >= len(CELLS[family])


def test_fits_or_not() -> None:
    board = load_board("arty-a7-100t")
    small = cost(used(Family.XC7, {"LUT6": board.lut}), board, latency_cycles=3, interval=1, clock_ns=10)
    assert small.fits is True
    assert small.latency_ns == 30
    large = cost(used(Family.XC7, {"LUT6": board.lut + 1}), board)
    assert large.fits is False
    assert large.latency_ns is None
    assert large.document()["latency_cycles"] is None
    with pytest.raises(BoardError, match="synthesised for ecp5"):
        cost(used(Family.ECP5, {}), board)


def test_the_unknown_prints_as_unknown() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(cost_table(cost(None, load_board("arty-a7-100t"))))
    text = console.export_text()
    assert text.count("unknown") >= 5
    assert " 0 " not in text


def test_stat_is_read_and_refused() -> None:
    stat = {
        "creator": "Yosys 0.70 (git sha1)",
        "modules": {"\\sub": {}, "\\top": {}},
        "design": {"num_cells_by_type": {"LUT2": 3, "sub": 1}},
    }
    assert read_stat(json.dumps(stat)) == ({"LUT2": 3}, "0.70")
    for text in ("", "{}", '{"design": {"num_cells_by_type": {"LUT2": "x"}}, "modules": {}}'):
        with pytest.raises((ValueError, KeyError)):
            read_stat(text)


DESIGN = """
module top (input clk, input [7:0] a, input [7:0] b, input [9:0] address, output reg [8:0] sum, output reg [15:0] word);
    reg [15:0] rom [0:1023];
    integer i;
    initial for (i = 0; i < 1024; i = i + 1) rom[i] = (i * 40503) ^ (i * i * 7);
    always @(posedge clk) begin
        sum <= a + b;
        word <= rom[address];
    end
endmodule
"""


def write(folder: Path, text: str, name: str = "top.v") -> RtlSources:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / "manifest.json").write_text(json.dumps({"top": "top", "sources": [name]}))
    return read_sources(folder)


@pytest.mark.tools
@pytest.mark.parametrize(
    ("board", "lut", "bram"),
    [
        ("arty-a7-100t", (8, 9), 1),
        pytest.param("kr260", (8, 9), 1, marks=pytest.mark.slow),
        ("ulx3s-85f", (9, 12), 1),
        ("icebreaker", (8, 10), 4),
        ("tang-nano-9k", (9, 12), 1),
    ],
    ids=["xc7", "xcup", "ecp5", "ice40", "gowin"],
)
def test_known_verilog(tmp_path: Path, board: str, lut: tuple[int, int], bram: int) -> None:
    """An 8-bit adder into nine flip-flops, and a ROM of 16 Kb in one block RAM, or four of 4 Kb; spaces in paths."""
    found = synthesise(write(tmp_path / "a b;'", DESIGN), load_board(board), tmp_path / "work")
    assert found.ff == 9
    assert lut[0] <= found.lut <= lut[1]
    assert (found.bram, found.dsp, found.other) == (bram, 0, ())
    assert found.yosys
    assert found.seconds > 0


@pytest.mark.tools
def test_a_multiplier_becomes_a_dsp(tmp_path: Path) -> None:
    text = "module top (input clk, input signed [17:0] a, b, output reg signed [35:0] p);\n"
    text += "always @(posedge clk) p <= a * b; endmodule\n"
    assert synthesise(write(tmp_path / "rtl", text), load_board("pynq-z2"), tmp_path / "work").dsp == 1
    assert synthesise(write(tmp_path / "rtl", text.replace("17", "15").replace("35", "31")), load_board("icebreaker"),
                      tmp_path / "work").dsp == 1  # fmt: skip


@pytest.mark.tools
@pytest.mark.parametrize(("bits", "dsp"), [(9, 1), (36, 4)])
def test_multipliers_of_gowin(tmp_path: Path, bits: int, dsp: int) -> None:
    text = f"module top (input clk, input signed [{bits - 1}:0] a, b, output reg signed [{2 * bits - 1}:0] p);\n"
    text += "always @(posedge clk) p <= a * b; endmodule\n"
    found = synthesise(write(tmp_path / "rtl", text), load_board("tang-nano-9k"), tmp_path / "work")
    assert (found.dsp, found.other) == (dsp, ())


@pytest.mark.tools
@pytest.mark.parametrize(("board", "luts"), [("kr260", 8), ("tang-nano-9k", 16)])
def test_distributed_memory_and_a_multiplier(tmp_path: Path, board: str, luts: int) -> None:
    """A RAM of 16 words of 8 bits: one RAM32M16 is a slice of UltraScale+; two 16x4 RAMs are two CFUs of Gowin."""
    text = "module top (input clk, we, input [3:0] w, r, input [7:0] d, output [7:0] q,\n"
    text += "  input signed [17:0] a, b, output reg signed [35:0] p);\n"
    text += "always @(posedge clk) p <= a * b;\n"
    text += "reg [7:0] ram [0:15]; assign q = ram[r]; always @(posedge clk) if (we) ram[w] <= d; endmodule\n"
    found = synthesise(write(tmp_path / "rtl", text), load_board(board), tmp_path / "work")
    assert (found.lut_memory, found.dsp, found.bram, found.other) == (luts, 1, 0, ())


@pytest.mark.tools
def test_verilog_that_does_not_elaborate(tmp_path: Path) -> None:
    sources = write(tmp_path / "rtl", "module top (input a, output b); missing m (a, b); endmodule")
    with pytest.raises(ToolFailedError, match=r"(?s)Yosys exited with status 1; its log is .*yosys-xc7\.log.*missing"):
        synthesise(sources, load_board("arty-a7-100t"), tmp_path / "work")


def test_projects_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"manifest\.json is missing or damaged"):
        read_sources(tmp_path)
    for top, source, said in (
        ("top; exec", "top.v", "top module 'top; exec' is illegal"),
        ("top", "../top.v", "is not a file in that folder"),
        ("top", "none.v", "is not a file in that folder"),
    ):
        (tmp_path / "top.v").write_text("")
        (tmp_path / "manifest.json").write_text(json.dumps({"top": top, "sources": [source]}))
        with pytest.raises(DesignError, match=said):
            read_sources(tmp_path)
