"""VHDL: the same integers as the Graph's in GHDL, with pauses on both sides; what has none is refused by name."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from codesign.errors import DesignError, UnsupportedLayerError, UsageError
from codesign.graph import Graph, Lstm, Merge, MergeOperation
from codesign.rtl import Facing, Family, Interface, Language, Manifest, write_project
from codesign.rtl.vhdl.text import name
from codesign.simulate import execute
from tests.rtl.designs import P, activation, all_casts, dense, every_class, mlp, port, stimulus
from tests.rtl.recurrent_nodes import recurrent

SAMPLES = 60
_GHDL = shutil.which("ghdl")


def write(graph, folder, **more):
    return write_project(
        graph, folder, clock_ns=20, family=Family.XILINX_7SERIES, part="", language=Language.VHDL, **more
    )


def branches():
    """A fork whose branches meet again behind a FIFO, names that VHDL spells between backslashes."""
    nodes = (
        port("x__", (4,), "fixed<6,3>"),
        dense("deep", "x__", 4, 4, accumulator="fixed<18,8>", result="fixed<9,4>"),
        activation("flat_", "x__", (4,), "fixed<9,4>"),
        Merge(name="sum", inputs=("deep", "flat_"), shape=(4,), result=P("fixed<10,5>"), operation=MergeOperation.ADD),
    )
    return Graph("branches", nodes, ("sum",))


DESIGNS = {"mlp": mlp, "all_casts": all_casts, "every_class": every_class, "branches": branches}


def words(bus, values):
    """Each sample as the bits of its one beat."""
    mask = (1 << bus.bits) - 1
    for sample in values.reshape(len(values), -1).tolist():
        yield "".join(f"{int(number) & mask:0{bus.bits}b}" for number in reversed(sample))


def bench_text(manifest, inputs):
    """Drives every input and writes what every output gives, both with pauses."""
    ports = ["clk => clk", "rst => rst"]
    signals, body, types = [], [], []
    for k, bus in enumerate(manifest.inputs):
        rows = ", ".join(f'{i} => "{word}"' for i, word in enumerate(words(bus, inputs[bus.node])))
        types.append(f"type rows{k} is array (0 to {SAMPLES - 1}) of std_logic_vector({bus.width - 1} downto 0);")
        types.append(f"constant given{k} : rows{k} := ({rows});")
        signals.append(f"signal i{k}_data : std_logic_vector({bus.width - 1} downto 0);")
        signals.append(f"signal i{k}_valid, i{k}_ready : std_logic := '0';")
        ports += [f"{name(port)} => i{k}_{end}" for port, end in _ends(bus)]
        body.append(
            f"process\n variable a : positive := {k + 1}; variable b : positive := 7; variable r : real;\nbegin\n"
            " wait until rising_edge(clk) and rst = '0';\n"
            f" for i in given{k}'range loop\n  uniform(a, b, r);\n"
            "  for pause in 1 to integer(r * 2.0) loop wait until rising_edge(clk); end loop;\n"
            f"  i{k}_data <= given{k}(i); i{k}_valid <= '1';\n"
            f"  wait until rising_edge(clk) and i{k}_ready = '1';\n  i{k}_valid <= '0';\n"
            " end loop;\n wait;\nend process;"
        )
    for k, bus in enumerate(manifest.outputs):
        signals.append(f"signal o{k}_data : std_logic_vector({bus.width - 1} downto 0);")
        signals.append(f"signal o{k}_valid, o{k}_ready : std_logic := '0';")
        ports += [f"{name(port)} => o{k}_{end}" for port, end in _ends(bus)]
        body.append(
            f"process\n variable a : positive := {k + 9}; variable b : positive := 5; variable r : real;\n"
            f' variable row : line; file log : text open write_mode is "o{k}.txt";\nbegin\n'
            " wait until rising_edge(clk);\n"
            f" if rst = '0' and o{k}_valid = '1' and o{k}_ready = '1' then\n"
            f"  write(row, to_string(o{k}_data)); writeline(log, row);\n end if;\n"
            f" uniform(a, b, r);\n if r < 0.6 then o{k}_ready <= '1'; else o{k}_ready <= '0'; end if;\nend process;"
        )
    return (
        "library ieee;\nuse ieee.std_logic_1164.all;\nuse ieee.math_real.all;\nuse std.textio.all;\n"
        "entity tb is end entity;\narchitecture run of tb is\n"
        " signal clk : std_logic := '0'; signal rst : std_logic := '1';\n"
        + "\n".join([*types, *signals])
        + f"\nbegin\n clk <= not clk after 5 ns; rst <= '0' after 32 ns;\n"
        f" dut : entity work.{name(manifest.top)} port map ({', '.join(ports)});\n"
        + "\n".join(body)
        + "\nend architecture;\n"
    )


def _ends(bus):
    return ((bus.signal, "data"), (bus.valid, "valid"), (bus.ready, "ready"))


def ghdl(folder, *arguments):
    done = subprocess.run([_GHDL, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.tools
@pytest.mark.skipif(_GHDL is None, reason="GHDL is not installed; without it, VHDL is not simulated")
@pytest.mark.parametrize("design", DESIGNS)
def test_ghdl_finds_the_graphs_integers(design, tmp_path):
    graph = DESIGNS[design]()
    manifest = write(graph, tmp_path)
    inputs = stimulus(graph, SAMPLES)
    (tmp_path / "tb.vhd").write_text(bench_text(manifest, inputs))
    ghdl(tmp_path, "-a", "--std=08", *manifest.sources, "tb.vhd")
    ghdl(tmp_path, "-e", "--std=08", "tb")
    ghdl(tmp_path, "-r", "--std=08", "tb", "--stop-time=8us", "--ieee-asserts=disable")
    expected = execute(graph, inputs)
    for k, bus in enumerate(manifest.outputs):
        found = (tmp_path / f"o{k}.txt").read_text().split()
        assert found == list(words(bus, expected[bus.node])), bus.node


def test_what_is_written(tmp_path):
    manifest = write(mlp(), tmp_path)
    assert Manifest.load(tmp_path) == manifest
    assert manifest.language is Language.VHDL
    assert all(path.endswith(".vhd") for path in manifest.sources)
    assert manifest.sources[-1] == f"src/{manifest.top}.vhd"
    assert not (tmp_path / "synth.ys").exists()
    assert "read_vhdl -vhdl2008 [list" in (tmp_path / "vivado.tcl").read_text()
    verilog = write_project(mlp(), tmp_path / "v", clock_ns=20, family=Family.XILINX_7SERIES, part="")
    assert (verilog.latency_cycles, verilog.inputs) == (manifest.latency_cycles, manifest.inputs)
    with pytest.raises(DesignError, match=r"Verilator reads no VHDL.*--language verilog"):
        manifest.require_verilog("Verilator")
    verilog.require_verilog("Verilator")


def test_templates_are_refused_by_the_layers_name(tmp_path):
    node, ports = recurrent(Lstm)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'rnn': its unit is a template.*--language verilog"):
        write(Graph("g", (*ports, node), ("rnn",)), tmp_path / "rtl")
    folded = dense("folded", "x", 4, 4, accumulator="fixed<18,8>", result="fixed<9,4>")
    graph = Graph("g", (port("x", (4,), "fixed<6,3>"), folded), ("folded",))
    with pytest.raises(UnsupportedLayerError, match=r"layer 'folded': its unit is a template"):
        write(graph, tmp_path / "rtl", reuse={"folded": 4})
    assert not (tmp_path / "rtl").exists()


@pytest.mark.parametrize("facing", [Facing(Interface.AXIS), Facing(axi_lite=True)])
def test_other_ports_are_refused(facing, tmp_path):
    with pytest.raises(UsageError, match=r"written in Verilog alone; choose --language verilog"):
        write(mlp(), tmp_path / "rtl", facing=facing)


def test_names():
    assert [name(text) for text in ("a_b", "a__b", "_a", "a_", "A1")] == ["a_b", "\\a__b\\", "\\_a\\", "\\a_\\", "A1"]
