"""Folded convolutions: a matrix-vector unit that goes through a window in several clocks, beat by beat or at once."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from codesign.graph import Convolution, DepthwiseConvolution, Node
from codesign.rtl.folded.choice import Wanted
from codesign.rtl.folded.fold import Fold
from codesign.rtl.stream import Behaviour, Layout, Unit, by_place
from codesign.rtl.taps import TEMPLATE as TAPS
from codesign.rtl.taps import Taps
from codesign.rtl.units.base import Place, Plan, reuse_of
from codesign.rtl.units.matvec import choose_fold, matvec
from codesign.rtl.units.text import module
from codesign.rtl.windows import TEMPLATE as WINDOW
from codesign.rtl.windows import Axis, Windows


def fold_of(node: Convolution | DepthwiseConvolution, place: Place) -> Fold:
    """How a window is folded: pixel by pixel out of a memory where the reuse factor leaves a clock for each of them.

    Raises:
        UnsupportedLayerError: its arithmetic is not folded, or not in so few clocks.
    """
    source, options = place.sources[0].node, place.options
    pixels = Layout(source.shape[-1], prod(node.kernel))
    reuse = reuse_of(node, options)
    # A pixel is read when it is asked for, so that no pace of the source's speaks for gathering the window first.
    return choose_fold(node, source.result, Wanted(pixels, reuse, reuse, options.family, options.multipliers))


def _output(node: Node, fold: Fold) -> Layout:
    return Layout(fold.output.lanes, fold.output.beats * prod(node.shape[:-1]))


def plan_folded(node: Convolution | DepthwiseConvolution, place: Place) -> Plan:
    """The plan of a convolution's folded unit.

    Raises:
        UnsupportedLayerError: as `fold_of`.
    """
    fold = fold_of(node, place)
    spread = max(fold.steps // fold.output.beats, 1)
    return Plan((by_place(place.sources[0].node.shape),), _output(node, fold), fold.steps, spread)


def build_folded(node: Convolution | DepthwiseConvolution, place: Place, axes: tuple[Axis, Axis]) -> Unit:
    """A convolution's folded unit.

    Args:
        node: the operation.
        place: of the unit.
        axes: where its windows are, down and across.

    Raises:
        UnsupportedLayerError: as `fold_of`.
    """
    source, options = place.sources[0].node, place.options
    fold = fold_of(node, place)
    name, bits = place.module, source.shape[-1] * source.result.width
    sums = matvec(
        f"{name}_sums",
        node,
        source.result,
        fold,
        family=options.family,
        multipliers=options.multipliers,
        hold=True,
    )
    steps: list[tuple[bool, bool]]
    ahead = 0
    if fold.input.beats > 1:
        taps = Taps(*axes, bits)
        template, beat = TAPS, bits
        front = taps.instance("taps", tap="beat", valid="full", used="used", ce="ce")
        steps, ahead = [(step.take, step.give) for step in taps.steps], taps.ahead
    else:
        windows = Windows(*axes, bits)
        template, beat = WINDOW, windows.window_bits
        front = windows.instance("windows", window="beat", valid="full", ce="moves")
        known = windows.behaviour(0)
        steps = list(zip(known.takes[:, 0].tolist(), known.gives.tolist(), strict=True))
    body = [
        "wire used;",
        "wire ce = out_ready | ~out_valid;",
        *(["wire full, moves = ce & (used | ~full);"] if template == WINDOW else []),
        *(line for line in front if template != WINDOW or line != "wire full;"),
        f"{sums.module} sums (",
        "    .clk(clk), .rst(rst), .in0_data(beat), .in0_valid(full), .in0_ready(used),",
        "    .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready)",
        ");",
    ]
    if fold.input.lanes * source.result.width != beat:
        raise AssertionError(f"{name}: beats of {fold.input.lanes} numbers")
    text = module(name, [bits], sums.output.lanes * node.result.width, body)
    return Unit(
        name,
        (by_place(source.shape),),
        _output(node, fold),
        _behind(steps, sums.behaviour, ahead),
        {f"{name}.v": text, **sums.files},
        (template, *sums.templates),
        sums.stages,
    )


def _behind(steps: list[tuple[bool, bool]], sums: Behaviour, ahead: int) -> Behaviour:
    """The phases of both together: a beat that is given goes through the phases of what reads it."""
    starts = np.flatnonzero(sums.takes[:, 0]).tolist()
    parts = [slice(a, b) for a, b in zip(starts, [*starts[1:], sums.clocks.size], strict=True)]
    phases = list(_phases(steps, sums, parts))
    takes, gives, clocks = (np.concatenate(each) for each in zip(*phases, strict=True))
    return Behaviour(takes[:, None], gives, clocks, sums.latency, sums.slots, sums.freezes, ahead)


def _phases(
    steps: list[tuple[bool, bool]], sums: Behaviour, parts: list[slice]
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    beat = 0
    for take, give in steps:
        if not give:
            yield np.array([take]), np.array([False]), np.array([1])
            continue
        part = parts[beat]
        beat = (beat + 1) % len(parts)
        takes = np.zeros(part.stop - part.start, dtype=bool)
        takes[0] = take
        yield takes, sums.gives[part], sums.clocks[part]
