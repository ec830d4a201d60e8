"""A flow whose estimates follow from a Graph's types by plain arithmetic, so that tests know the answers."""

from __future__ import annotations

from codesign.board import load_board
from codesign.errors import ToolMissingError, UnsupportedLayerError
from codesign.estimate import Conditions, Estimate, Figure, Flow, board_target
from codesign.graph import Dense
from codesign.rtl.folded.multipliers import Multipliers

WIDEST = 12


def conditions(**changed):
    return Conditions(Flow.VITIS, board_target(load_board("arty-a7-100t")), **changed)


def fake(graph, conditions):
    """LUTs are the products' bits over the reuse factor; what is wider than `WIDEST` bits cannot be built."""
    lut = latency = 0.0
    for node in graph:
        if isinstance(node, Dense):
            reuse = conditions.reuse.get(node.name, 1)
            if node.weight_type.width > WIDEST:
                raise UnsupportedLayerError(f"layer {node.name!r}: weights of {node.weight_type.width} bits; give 12")
            lut += node.weight.size * node.weight_type.width * graph.sources(node)[0].result.width / reuse
            latency += 2 + reuse
    dsp = 0 if conditions.multipliers is Multipliers.LUT else 3
    return Estimate(
        graph=graph.name,
        conditions=conditions,
        lut=Figure.about(lut, 0.25, 0.5),
        ff=None,
        dsp=Figure.exactly(dsp),
        bram=Figure.exactly(0),
        latency_cycles=Figure.exactly(latency),
        interval=Figure.exactly(max(conditions.reuse.values(), default=1)),
        fmax_mhz=None,
        layers=(),
    )


def impossible(graph, conditions):
    raise UnsupportedLayerError("layer 'fc1': no such flow; use --flow rtl")


def uninstalled(graph, conditions):
    raise ToolMissingError("alkaid is not installed")
