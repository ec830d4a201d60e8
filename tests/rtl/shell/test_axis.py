"""AXI4-Stream ports: every number arrives, whatever the width, and every TLAST has one answer, however wrong."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError, UsageError
from codesign.graph import FixedPoint
from codesign.rtl.facing import Facing
from codesign.rtl.manifest import Interface
from codesign.rtl.stream import Layout
from tests.rtl.shell.rig import Rig
from tests.rtl.shell.stubs import Stub

AXIS = Interface.AXIS
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


def packed(bus, numbers, *, tdata, lanes_beyond=True):
    """A frame's beats: (data, keep, last), every bit that means nothing set at random."""
    rng = np.random.default_rng(int(np.abs(numbers).sum()))
    beats = []
    for beat in range(bus.beats):
        own = numbers[beat * bus.lanes : (beat + 1) * bus.lanes]
        data = int.from_bytes(rng.bytes(tdata // 8), "little")
        for lane, number in enumerate(own):
            mask = ((1 << bus.bits) - 1) << (lane * bus.slot)
            data = (data & ~mask) | ((int(number) & ((1 << bus.bits) - 1)) << (lane * bus.slot))
        keep = (1 << -(-len(own) * bus.slot // 8)) - 1
        beats.append((data, keep, int(beat == bus.beats - 1)))
    return beats


def unpacked(bus, data, lanes):
    numbers = []
    for lane in range(lanes):
        value = (data >> (lane * bus.slot)) & ((1 << bus.bits) - 1)
        numbers.append(value - (1 << bus.bits) if bus.signed and value >> (bus.bits - 1) else value)
    return numbers


def damaged(rng, bus, frames, tdata):
    """Beats of frames of which about half are too short, too long or lack bytes, and what must come of each."""
    beats, answers = [], []
    size = bus.elements
    for numbers in frames:
        good = packed(bus, numbers, tdata=tdata)
        kind = rng.integers(6)
        if kind == 0 and bus.beats > 1:  # TLAST too early
            cut = int(rng.integers(1, bus.beats))
            beats += [*good[: cut - 1], (*good[cut - 1][:2], 1)]
            answers.append((np.concatenate([numbers[: cut * bus.lanes], np.zeros(size, int)])[:size], 1))
        elif kind == 1:  # TLAST too late
            surplus = packed(bus, numbers[::-1], tdata=tdata) * int(rng.integers(1, 3))
            beats += [(*beat[:2], 0) for beat in (*good, *surplus[:-1])] + [(*surplus[-1][:2], 1)]
            answers.append((numbers, 1))
        elif kind == 2 and bus.keep and bus.slot >= 8:  # a byte less than the last number has
            lanes = size - (bus.beats - 1) * bus.lanes
            beats += [*good[:-1], (good[-1][0], (1 << ((lanes - 1) * bus.slot // 8)) - 1, 1)]
            answers.append((np.concatenate([numbers[:-1], [0]]), 1))
        else:
            beats += good
            answers.append((numbers, 0))
    return beats, answers


def attach(rig, stub, name, beats):
    """Drivers and monitors at the ports of a design with one input."""
    into = stub.border.inputs[0]
    tdata = len_of(stub, into.signal)
    words = [data | keep << tdata | last << (tdata + tdata // 8) for data, keep, last in beats]
    rig.source(f"{name}_x", tdata + tdata // 8 + 1, words)
    prefix = into.signal.removesuffix("_tdata")
    connections = [
        ".aclk(clk)",
        ".aresetn(~rst)",
        f".{prefix}_tdata({name}_x_word[{tdata - 1}:0])",
        f".{prefix}_tlast({name}_x_word[{tdata + tdata // 8}])",
        f".{prefix}_tvalid({name}_x_valid)",
        f".{prefix}_tready({name}_x_ready)",
    ]
    if into.keep:
        connections.append(f".{into.keep}({name}_x_word[{tdata + tdata // 8 - 1}:{tdata}])")
    for index, out in enumerate(stub.border.outputs):
        tdata = len_of(stub, out.signal)
        prefix = out.signal.removesuffix("_tdata")
        end = f"{name}_y{index}"
        rig.sink(end, tdata + tdata // 8 + 2)
        top = tdata + tdata // 8
        connections += [
            f".{prefix}_tdata({end}_word[{tdata - 1}:0])",
            f".{prefix}_tlast({end}_word[{top}])",
            f".{prefix}_tuser({end}_word[{top + 1}])",
            f".{prefix}_tvalid({end}_valid)",
            f".{prefix}_tready({end}_ready)",
        ]
        keep = f"{end}_word[{top - 1}:{tdata}]"
        if out.keep:
            connections.append(f".{out.keep}({keep})")
        else:
            rig.lines.append(f"assign {keep} = {{{tdata // 8}{{1'b1}}}};")
    rig.files.update(stub.files)
    rig.lines.append(f"{stub.name} dut_{name} ({', '.join(connections)});")


def len_of(stub, signal):
    (found,) = [p for p in stub.border.ports if p.endswith(f" {signal}")]
    return int(found.split("[")[1].split(":")[0]) + 1


def frames_of(logged, bus, tdata):
    """The answers: (numbers, TUSER) of each; checks TKEEP, TLAST, and the room between numbers on the way."""
    found = []
    for start in range(0, len(logged.words) // bus.beats * bus.beats, bus.beats):
        numbers, user = [], 0
        for beat in range(bus.beats):
            word = logged.words[start + beat]
            last = beat == bus.beats - 1
            lanes = bus.elements - beat * bus.lanes if last else bus.lanes
            data, keep = word & ((1 << tdata) - 1), word >> tdata & ((1 << tdata // 8) - 1)
            assert word >> (tdata + tdata // 8) & 1 == last
            whole = (1 << tdata // 8) - 1
            assert keep == (((1 << lanes * bus.slot // 8) - 1) if last and bus.keep else whole)
            user = word >> (tdata + tdata // 8 + 1)
            assert user == 0 or last
            mine = unpacked(bus, data, lanes)
            numbers += mine
            for lane, number in enumerate(mine):
                slot = data >> (lane * bus.slot) & ((1 << bus.slot) - 1)
                assert slot == number & ((1 << bus.slot) - 1), "a number fills its slot by its sign"
            assert data >> (lanes * bus.slot) == 0, "what holds no number is 0"
        found.append((numbers, user))
    assert len(logged.words) % bus.beats == 0
    return found


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    rig, expected, stubs = Rig(), {}, {}
    rng = np.random.default_rng(5)
    for name, (type_, layout, width) in CASES.items():
        fixed = FixedPoint.parse(type_)
        stub = Stub(name, type_, layout, Facing(AXIS, width), latency=3, twice=name in ("places", "frame"))
        frames = [rng.integers(fixed.min_int, fixed.max_int, size=layout.size, endpoint=True) for _ in range(FRAMES)]
        bus = stub.border.inputs[0]
        beats, expected[name] = damaged(rng, bus, frames, len_of(stub, bus.signal))
        attach(rig, stub, name, beats)
        stubs[name] = stub
    found = rig.run(tmp_path_factory.mktemp("axis"), 6000)
    return found, expected, stubs


@pytest.mark.tools
@pytest.mark.parametrize("name", CASES)
def test_every_tlast_has_its_answer(logs, name):
    found, expected, stubs = logs
    stub = stubs[name]
    for index, bus in enumerate(stub.border.outputs):
        logged = found[f"{name}_y{index}"]
        assert not logged.unstable
        answers = frames_of(logged, bus, len_of(stub, bus.signal))
        assert [(list(map(int, numbers)), user) for numbers, user in expected[name]] == answers
        assert logged.words[: len(logged.first)] == logged.first, "the reset in mid-frame starts afresh"
    assert {user for _, user in expected[name]} == {0, 1}
