"""`convert --fit`: the smallest reuse factor at which a design fits a board, by Yosys' own counts."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from codesign import rtl
from codesign.artifact import make_folder
from codesign.board import Board, Cost, Family, Resource, ResourceUse, cost, synthesise
from codesign.board.rtl_family import rtl_family
from codesign.board.sources import read_sources
from codesign.errors import BoardError, UnsupportedLayerError
from codesign.graph import Graph

Progress = Callable[[str], None]

# Synthesis of something three times too large takes long, and would only say so.
_HOPELESS = 3.0
# Layers with weights are not all of a design.
_HOPEFUL = 0.7
_RUNS = 8
# On iCE40 a flip-flop or carry without a LUT takes a cell of its own: 15 % of the LUTs of a 64-32-10 network (nextpnr).
# On Gowin a flip-flop without logic before it takes the LUT that stands there: 11 % of the LUTs of an unrolled network,
# 26 to 83 % of those of folded layers, less the larger these are.
_SPARE = {Family.ICE40: 0.2, Family.GOWIN: 0.4}


@dataclass(frozen=True)
class Fitting:
    """How a design fits a board.

    Attributes:
        board: that it fits.
        reuse: by node name, the reuse factor of its RTL; its sums keep the Graph's order.
        multipliers: what those of folded layers are made of.
        counts: by resource, what Yosys counted.
        runs: of Yosys, and whether what it counted fits: the uniform reuse factor of each, in their order.
    """

    board: Board
    reuse: Mapping[str, int]
    multipliers: rtl.Multipliers
    counts: Mapping[str, int]
    runs: tuple[tuple[int, bool], ...]


@dataclass(frozen=True)
class _Tried:
    """One synthesis."""

    board: Board
    reuse: Mapping[str, int]
    multipliers: rtl.Multipliers
    cost: Cost

    @property
    def fits(self) -> bool:
        """Whether everything is known to fit, with what synthesis does not show left free."""
        return self.cost.fits is True and not self.over

    @property
    def over(self) -> tuple[Resource, ...]:
        """Resources of which the part has too little."""
        return tuple(use.resource for use in self.cost.uses if use.used is None or use.used > self.limit(use))

    def limit(self, use: ResourceUse) -> int:
        """How much of a resource may be taken."""
        spare = _SPARE.get(self.board.family, 0.0) if use.resource is Resource.LUT else 0.0
        return int(use.limit * (1 - spare))


def _choices(most: int) -> list[int]:
    """Reuse factors, about three for each doubling."""
    steps = int(3 * math.log2(max(most, 2))) + 2
    return sorted({min(round(2 ** (step / 3)), most) for step in range(steps)} | {most})


class _Search:
    """Tries reuse factors on a board."""

    def __init__(
        self,
        graph: Graph,
        board: Board,
        clock_ns: float,
        facing: rtl.Facing,
        multipliers: rtl.Multipliers,
        work: Path,
        progress: Progress,
    ) -> None:
        from codesign.rtl.family import cut_for
        from codesign.rtl.units import Options

        family = rtl_family(board)
        self._graph, self._board, self._facing = graph, board, facing
        self._work, self._progress = work, progress
        self._options = Options(family, clock_ns, cut_for(family, clock_ns))
        self.multipliers = multipliers
        self.runs: list[tuple[int, bool]] = []

    def rough(self, reuse: int) -> float | None:
        """LUTs, roughly; None where a layer cannot be built so."""
        from codesign.rtl.rough import rough_luts, uniform

        try:
            return rough_luts(self._graph, uniform(self._graph, self._options, reuse))
        except UnsupportedLayerError:
            return None

    def attempt(self, reuse: int) -> _Tried:
        """Write the RTL, synthesise and count it; with multipliers of LUTs where DSP blocks alone do not suffice."""
        tried = self._synthesised(reuse)
        if tried.over == (Resource.DSP,) and self.multipliers is rtl.Multipliers.AUTO:
            self.multipliers = rtl.Multipliers.LUT
            tried = self._synthesised(reuse)
        self.runs.append((reuse, tried.fits))
        return tried

    def _synthesised(self, reuse: int) -> _Tried:
        from codesign.rtl.rough import uniform

        self._progress(f"trying reuse factor {reuse} on {self._board.title}")
        factors = uniform(self._graph, self._options, reuse).reuse
        make_folder(self._work)
        with tempfile.TemporaryDirectory(prefix="fit-", dir=self._work) as name:
            project = Path(name) / "rtl"
            manifest = rtl.write_project(
                self._graph,
                project,
                clock_ns=self._options.clock_ns,
                family=self._options.family,
                part=self._board.part,
                reuse=factors,
                multipliers=self.multipliers,
                facing=self._facing,
            )
            utilisation = synthesise(read_sources(project), self._board, self._work)
        found = cost(utilisation, self._board, manifest.latency_cycles, manifest.interval, manifest.clock_ns)
        return _Tried(self._board, factors, self.multipliers, found)


def fit(
    graph: Graph,
    board: Board,
    *,
    clock_ns: float,
    work: Path,
    facing: rtl.Facing | None = None,
    multipliers: rtl.Multipliers = rtl.Multipliers.AUTO,
    progress: Progress = lambda text: None,
) -> Fitting:
    """The smallest reuse factor, the same for every layer with weights, at which a design fits a board.

    It is sought among about three for each doubling: from where a rough estimate says that it may fit, Yosys counts at
    most eight times, and halves what is left.

    Args:
        graph: the design.
        board: the board.
        clock_ns: clock period that the RTL is pipelined for.
        work: where logs go, and what is tried stands meanwhile.
        facing: what is asked of the RTL's ports.
        multipliers: what those of folded layers are made of; `auto` gives way to `lut` where DSP blocks do not suffice.
        progress: told what is being tried.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer.
        BoardError: it fits at no reuse factor; tells what lacks.
        ToolMissingError: Yosys or alkaid is not installed.
        ToolFailedError: Yosys failed.
    """
    rtl.check_supported(graph)
    from codesign.rtl.rough import most_reuse, weighted

    search = _Search(graph, board, clock_ns, facing or rtl.Facing(), multipliers, work, progress)
    choices = _choices(max((most_reuse(node) for node in weighted(graph)), default=1))
    rough = [search.rough(reuse) for reuse in choices]
    hopeless = [k for k, luts in enumerate(rough) if luts is None or luts > _HOPELESS * board.lut]
    small = [k for k, luts in enumerate(rough) if luts is not None and luts <= _HOPEFUL * board.lut]
    last = len(choices) - 1
    low, high, best = min(max(hopeless, default=-1), last - 1), last + 1, None
    at = min((k for k in small if k > low), default=last)
    while high - low > 1 and (best is None or len(search.runs) < _RUNS):
        tried = search.attempt(choices[at])
        if tried.fits:
            best, high = tried, at
            at = (low + high) // 2 if low >= 0 else max(high - 2, (low + high + 1) // 2)
        else:
            low = at
            if best is None and at == last:
                raise _too_large(board, tried)
            at = (low + high) // 2 if best is not None else min(low + 3, last)
    assert best is not None
    counts = {use.resource.value: use.used for use in best.cost.uses if use.used is not None}
    return Fitting(board, best.reuse, best.multipliers, counts, tuple(search.runs))


def _too_large(board: Board, tried: _Tried) -> BoardError:
    lacks = ", ".join(
        f"{use.resource.value} {use.used} of {tried.limit(use)}"
        for use in tried.cost.uses
        if use.resource in tried.over
    )
    unknown = "cells whose use is unknown: " + ", ".join(name for name, _ in tried.cost.other)
    return BoardError(
        f"board {board.name}: the design does not fit even with one multiplier for each layer: it takes "
        f"{lacks or unknown}; make the model smaller, its numbers narrower, or name a larger board"
    )
