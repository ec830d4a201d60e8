"""Line buffers become memories: what Yosys makes of the templates, without logic behind them."""

import json
import subprocess

import pytest

from codesign.resources import resource
from codesign.rtl.taps import Taps
from codesign.rtl.units.text import module
from codesign.rtl.windows import Windows, axis
from codesign.toolchain.yosys import find_yosys

pytestmark = pytest.mark.tools


def _cells(folder, template, lines, width, output):
    """Cells by type for iCE40, of a unit that gives its windows or taps as they are."""
    (folder / "t.sv").write_text((resource("hls_templates") / "rtl" / template).read_text())
    (folder / "u.v").write_text(module("u", [width], output, lines))
    script = "read_verilog -sv t.sv\nread_verilog u.v\nsynth_ice40 -top u\ntee -q -o stat.json stat -json\n"
    (folder / "s.ys").write_text(script)
    subprocess.run([*find_yosys().command, "s.ys"], cwd=folder, check=True, capture_output=True)
    return json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]


def _flip_flops(cells):
    return sum(count for name, count in cells.items() if name.startswith("SB_DFF"))


def test_rows_above_a_window_lie_in_block_ram_and_only_the_window_in_registers(tmp_path):
    windows = Windows(axis(28, 3, 1, 1, 1), axis(28, 3, 1, 1, 1), 6)
    lines = ["wire ce;", *windows.instance("windows", window="window", valid="full", ce="ce")]
    lines += ["assign ce = out_ready | ~out_valid;", "assign out_valid = full;", "assign out_data = window;"]
    cells = _cells(tmp_path, "cs_window.sv", lines, 6, windows.window_bits)
    assert cells["SB_RAM40_4K"] == 1
    assert _flip_flops(cells) <= windows.window_bits + 24
    assert cells["SB_LUT4"] <= 60


def test_taps_come_out_of_block_ram_and_need_no_register_for_a_pixel(tmp_path):
    taps = Taps(axis(14, 3, 1, 1, 1), axis(14, 3, 1, 1, 1), 48)
    lines = ["wire ce = out_ready | ~out_valid;"]
    lines += taps.instance("taps", tap="tap", valid="full", used="out_ready", ce="ce")
    lines += ["assign out_valid = full;", "assign out_data = tap;"]
    cells = _cells(tmp_path, "cs_taps.sv", lines, 48, 48)
    assert cells["SB_RAM40_4K"] == 3
    assert _flip_flops(cells) <= 75
    assert cells["SB_LUT4"] <= 190
