"""Frames as beats of AXI4-Stream, whole and damaged, and back."""

from __future__ import annotations

import numpy as np


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
    for numbers, kind in zip(frames, rng.permutation(len(frames)) % 6, strict=True):
        good = packed(bus, numbers, tdata=tdata)
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


def attach(rig, stub, name, beats, more=()):
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
    rig.lines.append(f"{stub.name} dut_{name} ({', '.join([*connections, *more])});")


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
