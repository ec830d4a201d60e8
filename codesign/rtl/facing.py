"""What is asked of a design's ports."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.errors import UsageError
from codesign.rtl.manifest import Interface

AXIS_WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)


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
