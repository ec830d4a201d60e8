"""What a design costs on a board: each resource against the part's limit, latency and interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from codesign.board.board import LIMITED, Board, Resource
from codesign.board.utilisation import Utilisation
from codesign.errors import BoardError


@dataclass(frozen=True)
class ResourceUse:
    """One resource, used and available.

    Attributes:
        resource: which.
        used: by the design; None where it is not known.
        limit: of the part.
    """

    resource: Resource
    used: int | None
    limit: int

    @property
    def share(self) -> float | None:
        """Used part of the limit; None where it is not known, or the part has none of this resource."""
        return None if self.used is None or self.limit == 0 else self.used / self.limit

    @property
    def fits(self) -> bool | None:
        """Whether the part has enough; None where that is not known."""
        return None if self.used is None else self.used <= self.limit


def _all(answers: Iterable[bool | None]) -> bool | None:
    """False where one is False, else None where one is not known, else True."""
    known = list(answers)
    return False if False in known else None if None in known else True


@dataclass(frozen=True)
class Cost:
    """What a design costs on a board; what is not known is None.

    Attributes:
        board: name of the board.
        part: of the board.
        uses: each resource that the part has a stated number of.
        latency_cycles: clock cycles from an input to its output.
        interval: clock cycles from one input to the next (initiation interval).
        clock_ns: clock period that the RTL was pipelined for, in ns; synthesis alone does not show that it is met.
        utilisation: that synthesis counted.
        bram_unit_kbits: size of the unit in which block RAM is counted.
    """

    board: str
    part: str
    uses: tuple[ResourceUse, ...]
    latency_cycles: int | None
    interval: int | None
    clock_ns: float | None
    utilisation: Utilisation | None
    bram_unit_kbits: int

    @property
    def latency_ns(self) -> float | None:
        """Latency in ns, at `clock_ns`."""
        return None if self.latency_cycles is None or self.clock_ns is None else self.latency_cycles * self.clock_ns

    @property
    def interval_ns(self) -> float | None:
        """Time from one input to the next in ns, at `clock_ns`."""
        return None if self.interval is None or self.clock_ns is None else self.interval * self.clock_ns

    @property
    def other(self) -> tuple[tuple[str, int], ...]:
        """Cells whose use of the fabric is not known, with their number."""
        return () if self.utilisation is None else self.utilisation.other

    @property
    def fits(self) -> bool | None:
        """Whether every resource fits; None where that is not known, for one of them or for cells in `other`."""
        return _all([*(use.fits for use in self.uses), None if self.other else True])

    def document(self) -> dict[str, Any]:
        """The cost for machines: plain values, as JSON holds them; null where not known."""
        return {
            "board": self.board,
            "part": self.part,
            "fits": self.fits,
            "resources": {
                use.resource.value: {"used": use.used, "limit": use.limit, "share": use.share, "fits": use.fits}
                for use in self.uses
            },
            "bram_unit_kbits": self.bram_unit_kbits,
            "latency_cycles": self.latency_cycles,
            "interval": self.interval,
            "clock_ns": self.clock_ns,
            "latency_ns": self.latency_ns,
            "interval_ns": self.interval_ns,
            "synthesis": None if self.utilisation is None else self.utilisation.document(),
        }


def cost(
    utilisation: Utilisation | None,
    board: Board,
    latency_cycles: int | None = None,
    interval: int | None = None,
    clock_ns: float | None = None,
) -> Cost:
    """Set what a design takes against what a board has.

    Args:
        utilisation: that synthesis counted for the board's family; None where it is not known.
        board: the board.
        latency_cycles: clock cycles from an input to its output.
        interval: clock cycles from one input to the next.
        clock_ns: clock period in ns.

    Raises:
        BoardError: it was synthesised for another family, or a cycle count or the period is not possible.
    """
    if utilisation is not None and utilisation.family is not board.family:
        raise BoardError(
            f"board {board.name} has an FPGA of family {board.family.value}, but the design was synthesised for "
            f"{utilisation.family.value}; synthesise it for this board"
        )
    for name, value, least in (("latency_cycles", latency_cycles, 0), ("interval", interval, 1)):
        if value is not None and value < least:
            raise BoardError(f"board {board.name}: {name} {value} is not possible; give at least {least}")
    if clock_ns is not None and not (math.isfinite(clock_ns) and clock_ns > 0):
        raise BoardError(f"board {board.name}: clock_ns {clock_ns} is not possible; give a period above 0 ns")
    uses = tuple(
        ResourceUse(resource, None if utilisation is None else utilisation.used(resource), board.limit(resource))
        for resource in LIMITED
    )
    return Cost(board.name, board.part, uses, latency_cycles, interval, clock_ns, utilisation, board.bram_unit_kbits)
