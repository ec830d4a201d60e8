"""What a design shows outside: its core's streams behind the ports of a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from codesign.rtl.manifest import Bus, Register

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Network


@dataclass(frozen=True)
class Events:
    """Flags of the top module, high for one clock each time; expressions.

    Attributes:
        frame_in: a sample was taken whole.
        frame_out: its answer was given whole.
        stalled: the design had to wait for its reader, or its writer for the design.
        errors: one for each input: a frame of it was faulty.
    """

    frame_in: str
    frame_out: str
    stalled: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shell:
    """The top module's ports, and what stands between them and the core.

    Attributes:
        network: the core's, with the parts that stand before and behind it.
        ports: declarations, as in a module's head.
        before: lines that come before the parts.
        behind: lines that come behind them.
        inputs: the ports of samples, in order of the Graph.
        outputs: those of answers.
        clock: port.
        reset: port.
        reset_low: the reset is active low.
        templates: names of the files under `hls_templates/rtl` that the lines instantiate.
        registers: that can be read by AXI4-Lite.
    """

    network: Network
    ports: tuple[str, ...]
    before: tuple[str, ...]
    behind: tuple[str, ...]
    inputs: tuple[Bus, ...]
    outputs: tuple[Bus, ...]
    clock: str
    reset: str
    reset_low: bool = False
    templates: tuple[str, ...] = ()
    registers: tuple[Register, ...] = ()
