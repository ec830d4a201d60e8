"""Our adder is alkaid's, in value: proven by Yosys for shifts, signs and cuts of every kind."""

from __future__ import annotations

import subprocess
from importlib.resources import files
from itertools import product

import numpy as np
import pytest

from codesign.resources import resource
from codesign.toolchain.yosys import find_yosys


def parameters():
    """Widths, signs, shifts and cuts as alkaid may ask for."""
    rng = np.random.default_rng(0)
    for signs, shift, minus in product(product((0, 1), (0, 1)), (-5, -2, 0, 1, 4), (0, 1)):
        widths = [int(width) for width in rng.integers(1, 6, 2)]
        top = max(widths[0] + max(-shift, 0), widths[1] + max(shift, 0)) + 1
        drop = int(rng.integers(0, 3))
        out = int(rng.integers(1, top - drop + 1))
        yield (*widths, *signs, out, drop, shift, minus)


@pytest.mark.tools
def test_it_is_proven_equal_to_alkaids(tmp_path):
    theirs = (files("alkaid.codegen.rtl.verilog") / "source" / "shift_adder.v").read_text()
    (tmp_path / "theirs.v").write_text(theirs.replace("module shift_adder", "module theirs"))
    (tmp_path / "ours.v").write_text((resource("hls_templates") / "rtl" / "shift_adder.v").read_text())
    ports, both = [], []
    for index, values in enumerate(parameters()):
        ports += [f"input [{values[0] - 1}:0] a{index}", f"input [{values[1] - 1}:0] b{index}"]
        ports += [f"output [{values[4] - 1}:0] ours{index}", f"output [{values[4] - 1}:0] theirs{index}"]
        given = ",".join(map(str, values))
        for side, name in (("ours", "shift_adder"), ("theirs", "theirs")):
            both.append(f"{name} #({given}) {side}_{index} (a{index}, b{index}, {side}{index});")
    same = " && ".join(f"ours{index} == theirs{index}" for index in range(len(both) // 2))
    text = (
        f"module both({', '.join(ports)}, output same);\n" + "\n".join(both) + f"\nassign same = {same};\nendmodule\n"
    )
    (tmp_path / "both.v").write_text(text)
    script = "read_verilog ours.v theirs.v both.v; prep -flatten -top both; sat -verify -prove same 1 both"
    (tmp_path / "prove.ys").write_text(script.replace("; ", "\n") + "\n")
    found = subprocess.run([*find_yosys().command, "prove.ys"], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr
