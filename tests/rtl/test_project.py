"""Projects: the same bytes each time, names that can do no harm, safe quoting, cuts by clock and family."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from codesign import rtl
from codesign.errors import BoardError
from codesign.graph import Graph
from codesign.rtl.family import TIMING
from codesign.rtl.scripts import scripts, tcl_word
from tests.rtl.designs import activation, dense, every_class, mlp, port


def bytes_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def write(graph, folder, clock_ns=10.0, family=rtl.Family.XILINX_7SERIES, part=""):
    return rtl.write_project(graph, folder, clock_ns=clock_ns, family=family, part=part)


def test_the_same_bytes_in_another_process(tmp_path):
    write(every_class(), tmp_path / "here")
    code = (
        "import pathlib; from codesign import rtl; from tests.rtl.designs import every_class;"
        f"rtl.write_project(every_class(), pathlib.Path({str(tmp_path / 'there')!r}), clock_ns=10.0,"
        "family=rtl.Family.XILINX_7SERIES, part='')"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path.cwd())}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert bytes_of(tmp_path / "here") == bytes_of(tmp_path / "there")


def test_the_manifest_hashes_every_source(tmp_path):
    manifest = write(mlp(), tmp_path)
    files = bytes_of(tmp_path)
    for path in manifest.sources:
        assert hashlib.sha256(files[path]).hexdigest() == manifest.sha256[path]
    assert {path for path in files if path.endswith((".v", ".sv"))} == set(manifest.sources)


def test_a_node_is_a_module(tmp_path):
    manifest = write(mlp(), tmp_path)
    text = "\n".join((tmp_path / path).read_text() for path in manifest.sources)
    modules = re.findall(r"^module (\w+)", text, re.MULTILINE)
    assert len(modules) == len(set(modules))
    assert {bus.module for bus in manifest.layers} <= set(modules)
    top = (tmp_path / f"src/{manifest.top}.v").read_text()
    for bus in manifest.layers:
        assert f"wire [{bus.width - 1}:0] {bus.signal};" in top
        assert f"wire {bus.valid}, {bus.ready};" in top


def test_keywords_and_clashing_names_do_no_harm(tmp_path):
    long = "a" * 200
    nodes = [port("module", (2,), "fixed<4,2>"), port("valid", (2,), "fixed<4,2>"), port("clk", (2,), "fixed<4,2>")]
    nodes += [activation(name, "module", (2,), "ufixed<3,2>") for name in ("mux", "endmodule", "rst", long, long + "b")]
    graph = Graph("reg", tuple(nodes), tuple(node.name for node in nodes[3:]))
    manifest = write(graph, tmp_path)
    signals = [bus.signal for bus in (*manifest.inputs, *manifest.outputs, *manifest.layers)]
    assert len(signals) == len(set(signals))
    assert max(map(len, signals)) < 60
    assert not {"module", "mux", "reg", "rst", "clk"} & set(signals)
    assert manifest.top == "top_reg"


def test_faster_clocks_cut_finer(tmp_path):
    slow = write(mlp(), tmp_path / "slow", clock_ns=40.0, family=rtl.Family.ECP5)
    fast = write(mlp(), tmp_path / "fast", clock_ns=10.0, family=rtl.Family.ECP5)
    assert slow.latency_cycles < fast.latency_cycles
    assert slow.logic_ns > fast.logic_ns
    assert slow.timing_measured
    assert not write(mlp(), tmp_path / "x").timing_measured


@pytest.mark.parametrize("family", rtl.Family)
def test_a_period_that_an_operation_does_not_keep_is_refused(tmp_path, family):
    with pytest.raises(
        BoardError, match=r"layer '\w+': one of its operations takes .* at least [\d.]+ ns, or narrower"
    ):
        write(mlp(), tmp_path / "rtl", clock_ns=1.5, family=family)
    assert not (tmp_path / "rtl").exists()


def test_the_period_that_a_refusal_names_is_enough(tmp_path):
    graph = Graph(
        "one",
        (port("x", (2,), "fixed<6,2>"), dense("d", "x", 2, 2, accumulator="fixed<18,8>", result="fixed<18,8>")),
        ("d",),
    )
    with pytest.raises(BoardError) as told:
        write(graph, tmp_path / "rtl", clock_ns=1.5)
    least = float(re.search(r"at least ([\d.]+) ns", str(told.value))[1])
    assert write(graph, tmp_path / "rtl", clock_ns=least).latency_cycles > 1
    with pytest.raises(BoardError):
        write(graph, tmp_path / "no", clock_ns=least - 0.2)


def test_every_family_has_timing():
    assert set(TIMING) == set(rtl.Family)


@pytest.mark.parametrize("family", rtl.Family)
def test_scripts_name_what_is_there(tmp_path, family):
    manifest = write(mlp(), tmp_path, clock_ns=40.0, family=family, part="part-1")
    yosys = (tmp_path / "synth.ys").read_text()
    assert re.findall(r"^read_verilog (?:-sv )?(\S+)$", yosys, re.MULTILINE) == list(manifest.sources)
    assert "@" not in yosys
    assert (tmp_path / "vivado.tcl").exists() == family.value.startswith("xilinx")


def test_the_clock_is_constrained(tmp_path):
    write(mlp(), tmp_path, clock_ns=6.25)
    assert (tmp_path / "clock.xdc").read_text() == 'create_clock -name clock -period 6.250 [get_ports "clk"]\n'


def test_tcl_words_stand_for_themselves():
    assert tcl_word('a"b$c[exit]{d}\\') == '"a\\"b\\$c\\[exit\\]\\{d\\}\\\\"'


@pytest.mark.parametrize("part", ["x; exec rm", "[exit]", "-tclargs", "a b", "$x", 'q"', "x" * 200])
def test_a_part_that_is_none_is_refused(tmp_path, part):
    with pytest.raises(BoardError, match="is not a part number; use letters"):
        write(mlp(), tmp_path / "rtl", part=part)
    assert not (tmp_path / "rtl").exists()
    with pytest.raises(BoardError):
        scripts("top", [], family=rtl.Family.ECP5, part=part, clock_ns=1, clock="clk")


@pytest.mark.parametrize("clock_ns", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_clock_that_makes_no_sense_is_refused(tmp_path, clock_ns):
    with pytest.raises(BoardError, match=r"clock period of .* ns makes no sense; give 0\.1"):
        write(mlp(), tmp_path / "rtl", clock_ns=clock_ns)
