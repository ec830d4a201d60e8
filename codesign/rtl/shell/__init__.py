"""The design's border: its core's streams behind the ports of a protocol that other hardware speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from codesign.graph import Graph, digest
from codesign.rtl.facing import Facing
from codesign.rtl.manifest import Interface
from codesign.rtl.shell.ap_ctrl_hs import ap_ctrl_hs
from codesign.rtl.shell.axi_lite import with_axi_lite
from codesign.rtl.shell.axis import axis
from codesign.rtl.shell.base import Events, Shell
from codesign.rtl.shell.valid_ready import valid_ready

if TYPE_CHECKING:  # it needs alkaid
    from codesign.rtl.network import Network

__all__ = ["Facing", "Shell", "shell"]


def _plain(graph: Graph, core: Network, facing: Facing, fifos: Mapping[str, int], frames: int) -> tuple[Shell, Events]:
    if facing.interface is Interface.AXIS:
        return axis(graph, core, facing, frames)
    if facing.interface is Interface.AP_CTRL_HS:
        return ap_ctrl_hs(graph, core, fifos)
    return valid_ready(graph, core, facing)


def shell(graph: Graph, core: Network, facing: Facing, fifos: Mapping[str, int], frames: int = 1) -> Shell:
    """The border of a design.

    Args:
        graph: the design.
        core: what it computes with.
        facing: what is asked of the ports.
        fifos: by name of the channel that is buffered, the depth.
        frames: that the design holds by its latency.
    """
    made, events = _plain(graph, core, facing, fifos, frames)
    return with_axi_lite(made, events, digest(graph)) if facing.axi_lite else made
