"""The ports of every interface, driven at random: no number is lost, none comes twice, whatever the other side does."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError, UsageError
from codesign.graph import FixedPoint, Graph, digest
from codesign.rtl import Facing, Family, write_project
from codesign.rtl.manifest import Interface
from codesign.rtl.shell.names import port_names
from codesign.rtl.stream import Layout
from tests.rtl.designs import activation, port
from tests.rtl.shell.axis_frames import attach, damaged, frames_of, len_of, unpacked
from tests.rtl.shell.rig import Rig
from tests.rtl.shell.stubs import Stub

FRAMES = 40

# name, type, the core's layout, axis width
CASES = {
    "places": ("ufixed<4,4>", Layout(5, 3), None),
    "whole": ("fixed<9,9>", Layout(7, 1), None),
    "gathered": ("fixed<6,6>", Layout(30, 1), 32),
    "both": ("fixed<7,7>", Layout(3, 7), 16),
    "frame": ("fixed<9,9>", Layout(5, 2), 64),
    "scattered": ("ufixed<8,8>", Layout(2, 9), 128),
    "narrow": ("fixed<17,17>", Layout(3, 2), 32),
    "single": ("fixed<8,8>", Layout(3, 1), 64),
    "same": ("fixed<16,16>", Layout(4, 3), 64),
}


# name, type, the core's layout, two outputs of which one comes late
STARTED = {
    "started": ("fixed<5,5>", Layout(4, 1), False),
    "placed": ("ufixed<6,6>", Layout(3, 4), False),
    "late": ("fixed<5,5>", Layout(2, 1), True),
}
CYCLES = 6000
LATE = 5200


def operations():
    """Every register; then the counters cleared, and a write where none may be."""
    return [*((0, address, 0) for address in range(0, 64, 4)), (1, 0x08, 1), (0, 0x10, 0), (1, 0x10, 5), (0, 0x08, 0)]


def start(rig, name, stub, frames):
    """Drivers and monitors at the ports of an ap_ctrl_hs design."""
    (into,) = stub.border.inputs
    width = into.elements * into.bits
    mask = (1 << into.bits) - 1
    rig.source(f"{name}_x", width, [sum((int(n) & mask) << (i * into.bits) for i, n in enumerate(f)) for f in frames])
    flags = []
    connections = [
        ".ap_clk(clk)",
        ".ap_rst(rst)",
        f".ap_start({name}_start)",
        *(f".{end}({name}_{end})" for end in ("ap_ready", "ap_done", "ap_idle")),
        f".{into.signal}({name}_x_word)",
        f".{into.valid}({name}_x_valid)",
    ]
    rig.lines.append(f"assign {name}_x_ready = {name}_ap_ready;")
    for index, out in enumerate(stub.border.outputs):
        end = f"{name}_y{index}"
        rig.wire(end, width)
        rig.wire(f"{end}_flags", out.elements)
        for i in range(out.elements):
            connections.append(f".{out.signal}_{i}({end}[{i * out.bits + out.bits - 1}:{i * out.bits}])")
            connections.append(f".{out.signal}_{i}_ap_vld({end}_flags[{i}])")
        flags.append(f"{end}_flags")
    rig.start(name, f"&{{{', '.join(flags)}}}")
    for index in range(len(stub.border.outputs)):
        rig.watch(f"{name}_y{index}", width, f"{name}_y{index}", f"{name}_ap_done")
    rig.files.update(stub.files)
    rig.lines.append(f"{stub.name} dut_{name} ({', '.join([*connections, *lite(rig, stub, name)])});")


def lite(rig, stub, name):
    return rig.registers(f"{name}_regs", operations(), LATE) if stub.border.registers else []


def plain(rig, name, stub, beats):
    """Drivers and monitors at valid/ready ports."""
    (into,), (out,) = stub.border.inputs, stub.border.outputs
    rig.source(f"{name}_x", into.width, beats)
    rig.sink(f"{name}_y0", out.width)
    connections = [
        ".clk(clk)",
        ".rst(rst)",
        f".{into.signal}({name}_x_word)",
        f".{into.valid}({name}_x_valid)",
        f".{into.ready}({name}_x_ready)",
        f".{out.signal}({name}_y0_word)",
        f".{out.valid}({name}_y0_valid)",
        f".{out.ready}({name}_y0_ready)",
    ]
    rig.files.update(stub.files)
    rig.lines.append(f"{stub.name} dut_{name} ({', '.join([*connections, *lite(rig, stub, name)])});")


@dataclass(frozen=True)
class Seen:
    """The one simulation: what was logged, what must have been, and of which designs."""

    logs: dict
    expected: dict
    stubs: dict


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    rig, expected, stubs = Rig(), {}, {}
    rng = np.random.default_rng(5)

    def samples(type_, layout):
        fixed = FixedPoint.parse(type_)
        return [rng.integers(fixed.min_int, fixed.max_int, size=layout.size, endpoint=True) for _ in range(FRAMES)]

    for name, (type_, layout, width) in CASES.items():
        twice = name in ("places", "frame")
        stub = Stub(name, type_, layout, Facing(Interface.AXIS, width, name == "both"), latency=3, twice=twice)
        bus = stub.border.inputs[0]
        beats, expected[name] = damaged(rng, bus, samples(type_, layout), len_of(stub, bus.signal))
        attach(rig, stub, name, beats, lite(rig, stub, name))
        stubs[name] = stub
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("codesign.rtl.shell.axis"), "_SPARE_FRAMES", 0)
        held = Stub("held", "ufixed<5,5>", Layout(4, 1), Facing(Interface.AXIS), latency=9, frames=2)
    beats, expected["held"] = damaged(rng, held.border.inputs[0], samples("ufixed<5,5>", Layout(4, 1)), 24)
    attach(rig, held, "held", beats)
    stubs["held"] = held
    for name, (type_, layout, late) in STARTED.items():
        facing = Facing(Interface.AP_CTRL_HS, axi_lite=name == "placed")
        stubs[name] = Stub(name, type_, layout, facing, latency=6 if late else 1, twice=late)
        expected[name] = samples(type_, layout)
        start(rig, name, stubs[name], expected[name])
    stubs["plain"] = Stub("plain", "fixed<5,5>", Layout(1, 3), Facing(axi_lite=True))
    expected["plain"] = [int(n) for n in rng.integers(0, 32, size=3 * FRAMES)]
    plain(rig, "plain", stubs["plain"], expected["plain"])
    return Seen(rig.run(tmp_path_factory.mktemp("ports"), CYCLES), expected, stubs)


@pytest.mark.tools
@pytest.mark.parametrize("name", [*CASES, "held"])
def test_every_tlast_has_its_answer(seen, name):
    stub = seen.stubs[name]
    for index, bus in enumerate(stub.border.outputs):
        logged = seen.logs[f"{name}_y{index}"]
        assert not logged.unstable
        answers = frames_of(logged, bus, len_of(stub, bus.signal))
        assert [(list(map(int, numbers)), user) for numbers, user in seen.expected[name]] == answers
        assert logged.first
        assert logged.words[: len(logged.first)] == logged.first, "the reset in mid-frame starts afresh"
    assert {user for _, user in seen.expected[name]} == {0, 1}


@pytest.mark.tools
@pytest.mark.parametrize("name", STARTED)
def test_every_start_is_done_once(seen, name):
    stub = seen.stubs[name]
    assert not seen.logs[name].unstable
    for index, bus in enumerate(stub.border.outputs):
        logged = seen.logs[f"{name}_y{index}"]
        found = [unpacked(bus, word, bus.elements) for word in logged.words]
        assert found == [list(map(int, frame)) for frame in seen.expected[name]]
        assert logged.first
        assert logged.words[: len(logged.first)] == logged.first


@pytest.mark.tools
def test_a_late_output_costs_no_interval(seen):
    assert seen.stubs["late"].timing.interval == 1
    (cycles,) = {tuple(seen.logs[f"late_y{index}"].cycles) for index in range(2)}
    assert 1 in np.diff(cycles)


@pytest.mark.tools
@pytest.mark.parametrize(("name", "faults"), [("both", True), ("placed", False), ("plain", False)])
def test_registers_tell_the_design_and_what_it_did(seen, name, faults):
    stub = seen.stubs[name]
    words = seen.logs[f"{name}_regs"].words
    values, responses = [word & 0xFFFFFFFF for word in words], [word >> 32 for word in words]
    assert values[:3] == [0x43534447, 1, 0]
    assert values[4:6] == [FRAMES, FRAMES]
    assert LATE - 220 < values[3] < CYCLES
    assert values[6] > 0
    assert values[7] == (sum(user for _, user in seen.expected[name]) if faults else 0)
    assert b"".join(value.to_bytes(4, "big") for value in values[8:16]).hex() == digest(stub.graph)
    assert values[16:] == [0, 0, 0, 0]
    assert responses == [0] * 18 + [2, 0]
    assert {register.address for register in stub.border.registers} == {*range(0, 36, 4)}


@pytest.mark.tools
def test_plain_streams_pass_as_they_are(seen):
    logged = seen.logs["plain_y0"]
    assert not logged.unstable
    assert logged.words == seen.expected["plain"]


@pytest.mark.parametrize(
    ("bits", "width", "told"),
    [
        (17, 16, r"layer 'x' has numbers of 17 bits.*16 bits do not hold; choose --axis-width 32 or more"),
        (65, 1024, r"layer 'x' has numbers of 65 bits.*leave --axis-width out"),
    ],
)
def test_numbers_wider_than_the_bus_are_refused(bits, width, told, tmp_path):
    graph = Graph("g", (port("x", (3,), f"fixed<{bits},{bits}>"), *relu("x", bits)), ("y",))
    with pytest.raises(UnsupportedLayerError, match=told):
        write_project(
            graph, tmp_path / "rtl", clock_ns=10, family=Family.ECP5, part="", facing=Facing(Interface.AXIS, width)
        )
    assert not (tmp_path / "rtl").exists()


def relu(source, bits):
    return (activation("y", source, (3,), f"fixed<{min(bits, 9)},{min(bits, 9)}>"),)


def test_a_width_that_no_bus_has():
    with pytest.raises(UsageError, match=r"axis width of 24 bits.*choose 8, 16, 32"):
        Facing(Interface.AXIS, 24)
    with pytest.raises(UsageError, match=r"interface valid_ready has no axis width"):
        Facing(axis_width=32)


def test_ports_are_called_by_no_name_that_verilog_has():
    taken = set()
    assert port_names(["input", "Reg", "x0_a", "ap_start", "image", "IMAGE", "_a"], taken) == [
        "n_input", "n_Reg", "n_x0_a", "n_ap_start", "image", "IMAGE_n2", "n__a",
    ]  # fmt: skip
    assert port_names(["image"], taken, lambda name: [f"{name}_{i}" for i in range(2)]) == ["image"]
    assert port_names(["image"], taken, lambda name: [f"{name}_{i}" for i in range(1, 3)]) == ["image_n2"]
