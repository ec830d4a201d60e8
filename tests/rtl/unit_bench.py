"""Units on their own in one Verilator build: driven with random gaps and stalls, and logged clock by clock."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from codesign.resources import resource
from codesign.rtl.stream import Behaviour, Layout, Unit
from codesign.toolchain.verilator import find_verilator

_MAIN = """
#include "Vbench.h"
#include "verilated.h"
#include <cstdlib>
int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    Vbench top(&context);
    long limit = atol(argv[1]), reset = atol(argv[2]);
    top.clk = 0; top.rst = 1; top.gaps = atoi(argv[3]); top.stalls = atoi(argv[4]); top.seed = atoi(argv[5]);
    for (long cycle = -3; cycle < limit && !(top.done && cycle > reset); ++cycle) {
        top.rst = cycle < 0 || cycle == reset;
        top.eval(); top.clk = 1; top.eval(); top.clk = 0; top.eval();
    }
    top.final();
    return top.done ? 0 : 1;
}
"""

_SOURCE = """
module bench_source #(parameter integer BITS = 1, BEATS = 1, ID = 0, parameter FILE = "") (
    input wire clk, input wire rst, input wire gaps, input wire [31:0] seed,
    output wire [BITS-1:0] data, output reg valid, input wire ready
);
    reg [BITS-1:0] beats [0:BEATS-1];
    initial $readmemh(FILE, beats);
    reg [31:0] at, noise;
    wire [31:0] next = at + {31'd0, valid & ready};
    wire offer = ~gaps | noise[3] & (noise[9] | noise[17]);
    assign data = valid ? beats[at] : ~beats[0];
    always @(posedge clk) begin
        noise <= rst ? seed * 32'd2654435761 + ID + 32'd99 : noise * 32'd1664525 + 32'd1013904223;
        at <= rst ? 0 : next;
        valid <= ~rst & next < BEATS & (valid & ~ready | offer);
    end
endmodule
module bench_sink #(parameter integer BITS = 1, BEATS = 1, ID = 0) (
    input wire clk, input wire rst, input wire stalls, input wire [31:0] seed, input wire [31:0] cycle,
    input wire [BITS-1:0] data, input wire valid, output wire ready, output wire done
);
    reg [31:0] at, noise;
    reg waited;
    reg [BITS-1:0] held;
    assign ready = ~stalls | noise[5] & noise[12];
    assign done = at == BEATS;
    always @(posedge clk) begin
        noise <= rst ? seed * 32'd2654435769 + ID + 32'd7 : noise * 32'd1664525 + 32'd1013904223;
        at <= rst ? 0 : at + {31'd0, valid & ready};
        waited <= ~rst & valid & ~ready;
        held <= data;
        if (rst) $display("R %0d", ID);
        else begin
            if (valid & ready) $display("G %0d %0d %h", ID, cycle, data);
            if (waited & (~valid | held != data)) $display("E %0d %0d", ID, cycle);
        end
    end
endmodule
"""


@dataclass(frozen=True)
class Trial:
    """A unit and its beats.

    Attributes:
        unit: to be tried.
        inputs: for each input (frames, beats, lanes) integers, and the width of one.
        expected: (frames, beats, lanes) integers that it shall give, and the width of one.
    """

    unit: Unit
    inputs: tuple[tuple[np.ndarray, int], ...]
    expected: tuple[np.ndarray, int]


@dataclass
class Answer:
    """What a unit did since the last reset.

    Attributes:
        words: of each beat that it gave, as an integer.
        gives: the cycles at which they were taken.
        takes: by input, the cycles at which it took beats.
        broken: cycles at which a waiting beat changed or went away.
    """

    words: list[int] = field(default_factory=list)
    gives: list[int] = field(default_factory=list)
    takes: dict[int, list[int]] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)


def beats(values: np.ndarray, layout: Layout) -> np.ndarray:
    """(samples, *shape) integers as (samples, beats, lanes)."""
    return values.reshape(values.shape[0], layout.beats, layout.lanes)


def words(values: np.ndarray, width: int) -> list[int]:
    """Each beat of (frames, beats, lanes) as one integer."""
    found = []
    for beat in values.reshape(-1, values.shape[-1]).tolist():
        word = 0
        for lane, value in enumerate(beat):
            word |= (int(value) & ((1 << width) - 1)) << (lane * width)
        found.append(word)
    return found


def _unit(index: int, trial: Trial) -> tuple[list[str], list[str]]:
    """(lines of the bench, names of its memory files' contents)."""
    unit, lines, connected = trial.unit, [], [".clk(clk)", ".rst(rst)"]
    for k, (values, width) in enumerate(trial.inputs):
        name, bits, count = f"u{index}_in{k}", values.shape[-1] * width, values.shape[0] * values.shape[1]
        lines += [
            f"wire [{bits - 1}:0] {name}_data; wire {name}_valid, {name}_ready;",
            f'bench_source #(.BITS({bits}), .BEATS({count}), .ID({index * 8 + k}), .FILE("{name}.hex")) {name}_source '
            f"(.clk(clk), .rst(rst), .gaps(gaps), .seed(seed), .data({name}_data), .valid({name}_valid), "
            f".ready({name}_ready));",
            f'always @(posedge clk) if (~rst & {name}_valid & {name}_ready) $display("T {index} {k} %0d", cycle);',
        ]
        connected += [f".in{k}_{end}({name}_{end})" for end in ("data", "valid", "ready")]
    values, width = trial.expected
    bits, count = values.shape[-1] * width, values.shape[0] * values.shape[1]
    lines += [
        f"wire [{bits - 1}:0] u{index}_data; wire u{index}_valid, u{index}_ready;",
        f"bench_sink #(.BITS({bits}), .BEATS({count}), .ID({index})) u{index}_sink (.clk(clk), .rst(rst), "
        f".stalls(stalls), .seed(seed), .cycle(cycle), .data(u{index}_data), .valid(u{index}_valid), "
        f".ready(u{index}_ready), .done(dones[{index}]));",
    ]
    connected += [f".out_{end}(u{index}_{end})" for end in ("data", "valid", "ready")]
    lines.append(f"{unit.module} u{index} ({', '.join(connected)});")
    return lines, [f"u{index}_in{k}.hex" for k in range(len(trial.inputs))]


class Bench:
    """Several units side by side."""

    def __init__(self, trials: Sequence[Trial], folder: Path, more: Sequence[str] = ()) -> None:
        """Build it.

        Args:
            trials: the units and what they are given.
            folder: where everything is written.
            more: Verilog of modules that the units share.
        """
        self.trials = tuple(trials)
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        texts: dict[str, str] = {}
        lines: list[str] = []
        for index, trial in enumerate(self.trials):
            texts.update(trial.unit.files)
            texts.update(
                {name: (resource("hls_templates") / "rtl" / name).read_text() for name in trial.unit.templates}
            )
            mine, _ = _unit(index, trial)
            lines += mine
            for k, (values, width) in enumerate(trial.inputs):
                content = "\n".join(f"{word:x}" for word in words(values, width))
                (folder / f"u{index}_in{k}.hex").write_text(content + "\n")
        body = "".join(f"    {line}\n" for line in lines)
        last = len(self.trials) - 1
        texts["bench.sv"] = (
            f"{_SOURCE}\nmodule bench (input wire clk, input wire rst, input wire gaps, input wire stalls,\n"
            f"    input wire [31:0] seed, output wire done);\n    wire [{last}:0] dones;\n    assign done = &dones;\n"
            "    reg [31:0] cycle;\n    always @(posedge clk) cycle <= rst ? 0 : cycle + 1;\n" + body + "endmodule\n"
        )
        for number, text in enumerate(more):
            texts[f"more{number}.v"] = text
        for name, text in texts.items():
            (folder / name).write_text(text)
        (folder / "main.cpp").write_text(_MAIN)
        self.texts = texts
        self._build(sorted(texts))

    def _build(self, names: list[str]) -> None:
        verilator = find_verilator()
        environment = {**os.environ, **verilator.environment()}
        command = [
            str(verilator.binary),
            "--cc",
            "--exe",
            "main.cpp",
            "--top-module",
            "bench",
            "-O3",
            "--x-initial",
            "unique",
        ]
        quiet = ["-Wno-fatal", "-Wno-DECLFILENAME", "-Wno-WIDTHTRUNC", "-Wno-WIDTHEXPAND", "-Wno-CASEINCOMPLETE"]
        self._call([*command, *quiet, *names], environment)
        make = [
            "make",
            "-s",
            "-j2",
            "-C",
            "obj_dir",
            "-f",
            "Vbench.mk",
            "Vbench",
            *verilator.make_arguments(),
            "OPT=-O1",
        ]
        self._call(make, environment)

    def _call(self, command: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]

    def run(self, *, gaps: bool, stalls: bool, seed: int = 1, reset: int = -9, limit: int = 200_000) -> list[Answer]:
        """What each unit did.

        Args:
            gaps: offer beats at random.
            stalls: take beats at random.
            seed: of both.
            reset: the cycle in which everything is reset, and begins again.
            limit: cycles before it is given up.
        """
        arguments = [str(limit), str(reset), str(int(gaps)), str(int(stalls)), str(seed)]
        done = subprocess.run(
            [str(self.folder / "obj_dir" / "Vbench"), *arguments], cwd=self.folder, capture_output=True, text=True
        )
        answers = [Answer() for _ in self.trials]
        for line in done.stdout.splitlines():
            kind, unit, *rest = line.split()
            answer = answers[int(unit)]
            if kind == "R":
                answers[int(unit)] = Answer()
            elif kind == "G":
                answer.gives.append(int(rest[0]))
                answer.words.append(int(rest[1], 16))
            elif kind == "T":
                answer.takes.setdefault(int(rest[0]), []).append(int(rest[1]))
            elif kind == "E":
                answer.broken.append(int(rest[0]))
        if done.returncode:
            slow = [
                t.unit.module
                for t, a in zip(self.trials, answers, strict=True)
                if len(a.words) < len(words(*t.expected))
            ]
            raise AssertionError(f"never answered in {limit} cycles: {slow}")
        return answers


def played(behaviour: Behaviour, frames: int, start: int) -> tuple[list[list[int]], list[int]]:
    """(by input, the cycles of takes; the cycles of gives) when every beat is offered and taken at once.

    Args:
        behaviour: to be played.
        frames: how many times.
        start: the cycle at which the first beats are offered.
    """
    takes: list[list[int]] = [[] for _ in range(behaviour.takes.shape[1])]
    total = frames * behaviour.takes.sum(axis=0)
    queue: list[int] = []  # the cycles from which the beats that wait in front can be used
    gives, cycle, free, phase, phases = [], 0, 0, 0, frames * behaviour.clocks.size
    while phase < phases or any(len(mine) < count for mine, count in zip(takes, total, strict=True)):
        at = phase % behaviour.clocks.size
        room = len(queue) < behaviour.ahead
        wants = [int(k) for k in np.flatnonzero(behaviour.takes[at])]
        there = queue[:1] <= [cycle] and bool(queue) if behaviour.ahead else cycle >= start
        if phase < phases and cycle >= free and (there or not wants):
            for k in wants:
                if behaviour.ahead:
                    queue.pop(0)
                else:
                    takes[k].append(cycle)
            if behaviour.gives[at]:
                gives.append(cycle + behaviour.latency)
            free, phase = cycle + int(behaviour.clocks[at]), phase + 1
        if behaviour.ahead and room and cycle >= start and len(takes[0]) < total[0]:
            takes[0].append(cycle)
            queue.append(cycle + 1)
        cycle += 1
    return takes, gives


def check(bench: Bench, *, seeds: Sequence[int] = (1, 2), resets: Sequence[int] = (17, 40)) -> None:
    """Values under every kind of traffic, and the cycles against the behaviour where nothing holds a unit back."""
    free = bench.run(gaps=False, stalls=False)
    for trial, answer in zip(bench.trials, free, strict=True):
        name = trial.unit.module
        assert answer.words == words(*trial.expected), (name, first_difference(trial, answer))
        takes, gives = played(trial.unit.behaviour, trial.expected[0].shape[0], 1)
        assert [answer.takes.get(k, []) for k in range(len(takes))] == takes, f"{name}: taken at other cycles"
        assert answer.gives == gives, (name, "given at other cycles", answer.gives[:20], gives[:20])
    for seed in seeds:
        for gaps, stalls, reset in (
            (True, False, -9),
            (False, True, -9),
            (True, True, -9),
            *((True, True, r) for r in resets),
        ):
            for trial, answer in zip(
                bench.trials, bench.run(gaps=gaps, stalls=stalls, seed=seed, reset=reset), strict=True
            ):
                where = (trial.unit.module, gaps, stalls, seed, reset)
                assert not answer.broken, (where, answer.broken)
                assert answer.words == words(*trial.expected), (where, first_difference(trial, answer))


def first_difference(trial: Trial, answer: Answer) -> str:
    """Where the first wrong beat is."""
    expected = words(*trial.expected)
    for at, (mine, right) in enumerate(zip(answer.words, expected, strict=False)):
        if mine != right:
            return f"beat {at}: {mine:x}, expected {right:x}"
    return f"{len(answer.words)} beats, expected {len(expected)}"


def digest(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
