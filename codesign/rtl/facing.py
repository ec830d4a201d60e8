"""What is asked of a design's ports."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import UnsupportedLayerError, UsageError
from codesign.graph import Graph
from codesign.rtl.manifest import Interface

AXIS_WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
_SLOTS = (8, 16, 32, 64)


def slot_of(bits: int) -> int:
    """Bits of the smallest C integer that holds a number of `bits`; 0 where none does."""
    return next((slot for slot in _SLOTS if slot >= bits), 0)


@dataclass(frozen=True)
class Facing:
    """The ports of a design.

    Attributes:
        interface: the protocol.
        axis_width: bits of TDATA; None for beats as the design works on them, filled up to bytes.
        axi_lite: whether the design tells what it is and does by AXI4-Lite.

    Raises:
        UsageError: the width is none that a bus has, or the interface has no width.
    """

    interface: Interface = Interface.VALID_READY
    axis_width: int | None = None
    axi_lite: bool = False

    def __post_init__(self) -> None:
        if self.axis_width is None:
            return
        if self.interface is not Interface.AXIS:
            raise UsageError(
                f"interface {self.interface.value} has no axis width; leave it out, or choose interface axis"
            )
        if self.axis_width not in AXIS_WIDTHS:
            raise UsageError(
                f"an axis width of {self.axis_width} bits is none that a bus has; choose "
                + ", ".join(str(width) for width in AXIS_WIDTHS)
            )

    def check(self, graph: Graph) -> None:
        """Refuse a design whose numbers do not fit the ports.

        Raises:
            UnsupportedLayerError: naming the layer and a width that does.
        """
        if self.axis_width is None:
            return
        for node in (*graph.input_nodes, *graph.output_nodes):
            slot = slot_of(node.result.width)
            if not 0 < slot <= self.axis_width:
                raise UnsupportedLayerError(
                    f"layer {node.name!r} has numbers of {node.result.width} bits, which AXI4-Stream ports of "
                    f"{self.axis_width} bits do not hold; "
                    + (f"choose --axis-width {slot} or more" if slot else "leave --axis-width out")
                )
