"""An order as the harness reads it, and what it saw as it writes it: a line for each fact, a file for each column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.batch.wires import data_bits
from rtl_sim.beats import keep, masks, width
from rtl_sim.interface import Dut, Stream
from rtl_sim.observed import Flow, Observed, Violation
from rtl_sim.packing import Bytes, word_bytes
from rtl_sim.run_files import Order, Words

_ORDER, _SEEN = "order.txt", "seen.txt"


@dataclass(frozen=True)
class Wrong:
    """How the answers of a stream differ from what was wanted.

    Attributes:
        frames: that differ.
        first: number of the first one; -1 where there is none.
        cycle: in which it was seen.
    """

    frames: int
    first: int
    cycle: int


@dataclass(frozen=True, eq=False)
class Seen:
    """What the harness saw of an order.

    Attributes:
        observed: as any testbench tells it.
        wrong: by stream for which words were wanted.
        seconds: that the clock cycles took, reading and writing of files left out.
    """

    observed: Observed
    wrong: Mapping[str, Wrong]
    seconds: float


def _streams(design: Dut, *, probes: bool) -> list[tuple[str, str, Stream, int]]:
    """(kind, key, stream, bits of a data signal) of all that the harness knows."""
    groups = {"input": design.inputs, "output": design.outputs, "probe": design.probes if probes else ()}
    return [
        (
            kind,
            f"{kind[0]}{index}",
            stream,
            width(stream) if kind == "probe" else data_bits(stream, design.protocol),
        )
        for kind, group in groups.items()
        for index, stream in enumerate(group)
    ]


def _rows(words: list[int], bits: int) -> bytes:
    return b"".join(word.to_bytes(word_bytes(bits), "little") for word in words)


def _write(path: Path, array: npt.NDArray[Any], kind: str) -> None:
    np.ascontiguousarray(array, dtype=kind).tofile(path)


def _write_marks(folder: Path, key: str, stream: Stream, bits: int) -> None:
    """What holds for a full beat, and for the last of a frame."""
    ends = (0, stream.beats - 1) if stream.beats > 1 else (0, 0)
    columns = list(zip(*(masks(stream, beat) for beat in ends), strict=True))
    for index, column in enumerate(columns):
        (folder / f"{key}_d{index}.mask").write_bytes(_rows(list(column), bits))
    if stream.keep:
        (folder / f"{key}_keep.bin").write_bytes(_rows([keep(stream, beat) for beat in ends], word_bytes(bits)))


def _line(text: str) -> str:
    return " ".join(text.split()) or "?"


def save_order(
    order: Order,
    folder: Path,
    *,
    wanted: Words | None = None,
    stop_after: int = 0,
    trace: tuple[int, int] | None = None,
) -> None:
    """Write an order into its folder.

    Args:
        order: what to do.
        folder: exists.
        wanted: by output or probe and data signal, the words of each beat of all frames; others are not compared.
        stop_after: wrong frames after which the run ends; 0 to run to its end.
        trace: first and last cycle of the waveform.
    """
    plan, design = order.plan, order.design
    lines = [
        f"seed {order.seed}",
        f"patience {order.patience}",
        f"quiet {order.quiet}",
        f"reset_cycles {plan.reset_cycles}",
        f"reset_low {int(design.reset_low)}",
        f"stop_after {stop_after}",
        *([f"trace {trace[0]} {trace[1]}"] if trace else []),
        f"misframed {int(plan.misframed)}",
        f"after_valid {int(plan.after_valid)}",
        *(f"segment {s.first} {s.frames} {s.abort} {s.answered}" for s in plan.segments),
    ]
    for kind, key, stream, bits in _streams(design, probes=order.probes):
        lines.append(f"{kind} {key} {stream.beats} {_line(stream.name)}")
        _write_marks(folder, key, stream, bits)
        if kind == "input":
            for index, signal in enumerate(stream.data):
                _write(folder / f"{key}_d{index}.bin", order.words[stream.name][signal], "u1")
            _write(folder / f"{key}_gaps.bin", plan.gaps[stream.name], "<i4")
            last = plan.last.get(stream.name, np.arange(plan.frames * stream.beats) % stream.beats == stream.beats - 1)
            _write(folder / f"{key}_last.bin", last, "u1")
        elif kind == "output" and stream.ready:
            _write(folder / f"{key}_ready.bin", plan.ready.get(stream.name, np.ones(1, dtype=bool)), "u1")
        if wanted is not None and stream.name in wanted and kind != "input":
            for index, signal in enumerate(stream.data):
                _write(folder / f"{key}_d{index}.want", wanted[stream.name][signal], "u1")
    (folder / _ORDER).write_text("\n".join(lines) + "\n")


def load_seen(order: Order, folder: Path) -> Seen:
    """Read what the harness saw.

    Raises:
        OSError: it wrote nothing.
        ValueError: what it wrote is cut off.
    """
    text = (folder / _SEEN).read_text()
    head, _, violation = text.partition("violation ")
    facts = [line.split() for line in head.splitlines()]
    known = {words[0]: words[1:] for words in facts if words[0] != "wrong"}
    violations: tuple[Violation, ...] = ()
    if violation:
        place, whose, what = violation.split("\n")[:3]
        cycle, segment = place.split()
        violations = (Violation(int(cycle), int(segment), whose, what),)
    flows: dict[str, Flow] = {}
    names: dict[str, str] = {}
    for kind, key, stream, bits in _streams(order.design, probes=order.probes):
        names[key] = stream.name
        words: dict[str, Bytes] = {}
        if kind != "input":
            size = word_bytes(bits)
            for index, signal in enumerate(stream.data):
                words[signal] = np.fromfile(folder / f"{key}_d{index}.seen", dtype=np.uint8).reshape(-1, size)
        cycles = np.fromfile(folder / f"{key}.cycle", dtype="<i8").astype(np.int64)
        flows[stream.name] = Flow(cycles, np.fromfile(folder / f"{key}.segment", dtype="<i4").astype(np.int64), words)
    wrong = {
        names[words[1]]: Wrong(int(words[2]), int(words[3]), int(words[4])) for words in facts if words[0] == "wrong"
    }
    starts = np.array([int(word) for word in known["starts"]], dtype=np.int64)
    observed = Observed(starts, int(known["cycles"][0]), flows, violations)
    return Seen(observed, wrong, float(known["seconds"][0]))
