"""What was found of others' RTL, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from codesign.road.foreign_rtl import Checked
from codesign.verify.vendor.wrapper import Piece


def _grouped(pieces: Sequence[Piece]) -> dict[str, list[Piece]]:
    nodes: dict[str, list[Piece]] = {}
    for piece in pieces:
        nodes.setdefault(piece.node, []).append(piece)
    return nodes


def ports_table(checked: Checked) -> Table:
    """Which port of the design carries which port of the Graph."""
    shown = Table(title=f"ports of {checked.design.top}", title_justify="left")
    for name in ("Graph", "design", "bits of a port", "numbers a beat", "beats a sample"):
        shown.add_column(name, justify="left" if name in ("Graph", "design") else "right", overflow="fold")
    for arrow, pieces in (("→", checked.design.wrapped.inputs), ("←", checked.design.wrapped.outputs)):
        for node, items in _grouped(pieces).items():
            names = items[0].stream + (f" … {items[-1].stream}" if len(items) > 1 else "")
            counts = (str(items[0].width), str(items[0].lanes), str(items[0].beats))
            shown.add_row(node, f"{arrow} {names}", *counts)
    return shown
