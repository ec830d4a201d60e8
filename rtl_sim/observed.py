"""What a testbench saw while it carried out a plan: beats, the cycle of each, and what broke the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rtl_sim.packing import Bytes


@dataclass(frozen=True, eq=False)
class Flow:
    """The beats that passed a stream, in order.

    Attributes:
        cycle: (beats,) in which each passed, counted from the start of the run; resets do not set it back.
        segment: (beats,) number of the plan's segment.
        words: by data signal, (beats, bytes) little-endian; empty for inputs, whose words are known.
    """

    cycle: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    words: Mapping[str, Bytes]

    def within(self, segment: int) -> npt.NDArray[np.int64]:
        """Numbers of the beats that passed in a segment."""
        return np.flatnonzero(self.segment == segment)


@dataclass(frozen=True)
class Violation:
    """A place where the design broke the protocol, or gave up.

    Attributes:
        cycle: from the start of the run.
        segment: of the plan.
        stream: whose; '' for the design as a whole.
        text: what, in words.
    """

    cycle: int
    segment: int
    stream: str
    text: str


@dataclass(frozen=True, eq=False)
class Observed:
    """What was seen of a run.

    Attributes:
        starts: (segments begun,) the cycle in which each began, its reset over.
        cycles: that the run took in all.
        flows: by stream: inputs, outputs, and probes if they were looked at.
        violations: in order of time; a run ends at the first one.
    """

    starts: npt.NDArray[np.int64]
    cycles: int
    flows: Mapping[str, Flow]
    violations: tuple[Violation, ...] = ()
