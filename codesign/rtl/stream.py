"""What flows between the units of an RTL design: beats of a tensor's numbers under valid and ready.

A beat moves at a rising clock edge where valid and ready are both high. Valid never waits for ready, in no unit;
ready may depend on valid. Data stays as it is while valid waits. Frames follow one another without a mark: every unit
counts its beats from reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.graph import Node


@dataclass(frozen=True)
class Layout:
    """How the numbers of one sample, flattened in row-major order, are cut into beats.

    Number i of the sample is lane `i % lanes` of beat `i // lanes`; lane l of W bits is at bits
    `[l*W + W - 1 : l*W]` of the data.

    Attributes:
        lanes: numbers in a beat.
        beats: in a sample.
    """

    lanes: int
    beats: int

    @property
    def size(self) -> int:
        """Numbers in a sample."""
        return self.lanes * self.beats


def whole(shape: tuple[int, ...]) -> Layout:
    """A whole sample in one beat."""
    return Layout(prod(shape), 1)


def by_place(shape: tuple[int, ...]) -> Layout:
    """One beat for each place (pixel, time step): all numbers along the last axis."""
    return Layout(shape[-1], prod(shape[:-1]))


@dataclass(frozen=True, eq=False)
class Behaviour:
    """When a unit takes and gives beats: phases that it goes through for each sample, over and over.

    A phase *fires* at a clock edge where all the beats that it takes are valid, nothing stalls it, and `clocks` of the
    phase before have passed since that one fired. Its beats are taken at that edge. What it gives is valid `latency`
    clocks later: fired in cycle t, found at the end of cycle t + latency.

    Attributes:
        takes: (phases, inputs) bool: the inputs of which a beat is taken.
        gives: (phases,) bool: whether it gives a beat.
        clocks: (phases,) from this firing to the earliest one of the next phase; at least 1.
        latency: registers between a firing and its beat; 0 for wires.
        slots: beats that it can hold, given and not yet taken, before it stalls.
        freezes: the whole pipeline stands still while a beat waits at its end; else it works on until `slots` are full.
        ahead: beats of the only input that wait in front of the phases. One is taken whenever there is room; a phase
            has it a clock later at the earliest; 0 where phases take beats themselves.
    """

    takes: npt.NDArray[np.bool_]
    gives: npt.NDArray[np.bool_]
    clocks: npt.NDArray[np.int64]
    latency: int
    slots: int = 1
    freezes: bool = True
    ahead: int = 0


def every_beat(inputs: int, beats: int, latency: int) -> Behaviour:
    """A pipeline that takes one beat of each input at every clock and gives one for it."""
    return Behaviour(
        takes=np.ones((beats, inputs), dtype=bool),
        gives=np.ones(beats, dtype=bool),
        clocks=np.ones(beats, dtype=np.int64),
        latency=latency,
        slots=max(latency, 1),
    )


@dataclass(frozen=True, eq=False)
class Unit:
    """A node as one Verilog module with streams in and out.

    Its ports: `clk`, `rst` (synchronous, active high), `in<k>_data`, `in<k>_valid`, `in<k>_ready` for each input k,
    `out_data`, `out_valid`, `out_ready`.

    Attributes:
        module: its name.
        inputs: the layouts that it reads; where the source gives another one, the beats are cut anew on the way.
        output: the layout that it gives.
        behaviour: when it takes and gives beats.
        files: by file name, the generated Verilog: the module and what only it instantiates.
        templates: names of the files under `hls_templates/rtl` that it instantiates.
        stages: alkaid's logic of its pipeline stages; the tables that they look up are written once for the design.
        lengths: how many of the stages each of its pipelines has, in their order; empty where all are of one.
        traced: the node that it computes on each beat, and those that this one reads, where it is a pipeline of that
            logic and nothing else.
        passes: it hands its beats on as they are, through as many registers as its latency says.
    """

    module: str
    inputs: tuple[Layout, ...]
    output: Layout
    behaviour: Behaviour
    files: Mapping[str, str] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    stages: tuple[Any, ...] = ()
    lengths: tuple[int, ...] = ()
    traced: tuple[Node, tuple[Node, ...]] | None = None
    passes: bool = False

    @property
    def pipelines(self) -> tuple[tuple[Any, ...], ...]:
        """The stages of each of its pipelines."""
        ends = np.cumsum([0, *(self.lengths or (len(self.stages),))]).tolist()
        return tuple(self.stages[start:end] for start, end in pairwise(ends))
