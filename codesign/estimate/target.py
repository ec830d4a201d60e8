"""What a design is estimated for: a part, its family, and the board that limits it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codesign.board import Board
from codesign.board.rtl_family import rtl_family
from codesign.errors import EstimateError
from codesign.rtl import Family

# The beginnings of AMD's and others' part numbers, by family; a part's number tells its family.
_PARTS: tuple[tuple[str, Family], ...] = (
    (r"x[ac]7[akvsz]", Family.XILINX_7SERIES),
    (r"xc(ku|vu|zu|au|u)\d+(p|eg|ev|cg|dr|-)", Family.XILINX_ULTRASCALE_PLUS),
    (r"xck26|xck24", Family.XILINX_ULTRASCALE_PLUS),
    (r"lfe5u", Family.ECP5),
    (r"ice40up", Family.ICE40),
    (r"gw1n", Family.GOWIN),
)


@dataclass(frozen=True)
class Target:
    """What a design is estimated for.

    Attributes:
        part: as vendors order it.
        family: whose calibration is used.
        board: that limits the design; None where only the part is known.
        calibrated: the part is of that family; else the family is the nearest one that there is a calibration for,
            and every interval is widened.
    """

    part: str
    family: Family
    board: Board | None = None
    calibrated: bool = True


def family_of_part(part: str) -> Family | None:
    """The family that a part's number tells; None where it tells none that is calibrated."""
    return next((family for start, family in _PARTS if re.match(start, part.lower())), None)


def board_target(board: Board) -> Target:
    """A board's part, with what the board holds as limits."""
    return Target(board.part, rtl_family(board), board)


def part_target(part: str, *, uncalibrated: bool = False) -> Target:
    """A part alone.

    Args:
        part: as vendors order it.
        uncalibrated: a part of a family without calibration is estimated as UltraScale+, with wider intervals.

    Raises:
        EstimateError: there is no calibration for its family, and none was asked for without.
    """
    family = family_of_part(part)
    if family is not None:
        return Target(part, family)
    if uncalibrated:
        return Target(part, Family.XILINX_ULTRASCALE_PLUS, calibrated=False)
    known = ", ".join(family.value for family in Family)
    raise EstimateError(
        f"part {part[:80]!r} is of no family that there is a calibration for ({known}); give such a part, or "
        "--uncalibrated for an estimate by UltraScale+ with wider intervals"
    )
