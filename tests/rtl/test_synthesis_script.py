"""The Yosys script of a project, run: what it leaves for place and route."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from codesign import rtl
from codesign.toolchain.yosys import find_yosys
from tests.rtl.folded.layers import dense


@pytest.mark.tools
def test_pads_of_gowin_stand_at_the_top_alone(tmp_path: Path) -> None:
    """Folded layers have modules of memory that keep their hierarchy; their ports are no pads."""
    graph = dense(np.random.default_rng(0), 4, 4)
    options = {"clock_ns": 40.0, "family": rtl.Family.GOWIN, "part": "", "reuse": {"fc": 8}}
    manifest = rtl.write_project(graph, tmp_path, multipliers=rtl.Multipliers.LUT, **options)
    command = [*find_yosys().command, "synth.ys"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=600)
    modules = json.loads((tmp_path / "synth_netlist.json").read_text())["modules"]
    pads = {
        name: sum(cell["type"] in ("IBUF", "OBUF") for cell in module["cells"].values())
        for name, module in modules.items()
        if not int(module["attributes"].get("blackbox", "0"), 2)
    }
    assert len(pads) > 1, "a module keeps its hierarchy"
    assert pads.pop(manifest.top) == sum(len(port["bits"]) for port in modules[manifest.top]["ports"].values())
    assert set(pads.values()) == {0}
