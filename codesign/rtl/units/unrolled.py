"""Unrolled units: a node's arithmetic over constant weights as adder graphs, one result a clock.

A node that treats every beat alike is built for one beat; for any other the whole tensor is gathered into one.
"""

from __future__ import annotations

from collections.abc import Sequence

from codesign.errors import UnsupportedLayerError
from codesign.graph import Node
from codesign.rtl.family import TIMING
from codesign.rtl.logic import check_logic, check_logic_exists, node_logic
from codesign.rtl.logic.beatwise import beat_node
from codesign.rtl.node_module import NodeModule, node_module
from codesign.rtl.stream import Unit, every_beat, whole
from codesign.rtl.units.base import Options, Place, Plan, build, plan
from codesign.rtl.units.text import module, pipeline

# Beyond, tracing takes hours and no FPGA has room for it.
LARGEST_TENSOR = 1 << 14


def logic_module(name: str, node: Node, sources: Sequence[Node], options: Options) -> NodeModule:
    """The module of a node's logic, with ports clk, ce, x0, x1, … and y, checked against the Graph.

    Args:
        name: of the module.
        node: the operation.
        sources: the nodes that it reads.
        options: of the design.

    Raises:
        UnsupportedLayerError: something inside is too wide to be held exactly.
    """
    logic = node_logic(node, sources, ternary_adders=TIMING[options.family].ternary_adders)
    check_logic(node, sources, logic)
    return node_module(name, node, sources, logic, options.cut)


def _beatwise(node: Node, place: Place) -> tuple[Node, tuple[Node, ...], Plan]:
    """What is traced, what it reads, and the plan that follows from it."""
    layouts = tuple(source.layout for source in place.sources)
    sources = tuple(source.node for source in place.sources)
    alike = beat_node(node, sources, layouts)
    if alike is not None:
        return alike.node, alike.sources, Plan(alike.inputs, alike.output)
    largest = max(node.size, *(source.size for source in sources))
    if largest > LARGEST_TENSOR:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {type(node).__name__} reads a whole tensor of {largest} numbers at once, the RTL "
            f"flow unrolls at most {LARGEST_TENSOR}; make the tensor smaller, for example by pooling before it"
        )
    return node, sources, Plan(tuple(whole(source.shape) for source in sources), whole(node.shape))


def plan_unrolled(node: Node, place: Place) -> Plan:
    """The plan of a node's unrolled unit.

    Raises:
        UnsupportedLayerError: it has no exact logic, or is too large.
    """
    traced, sources, planned = _beatwise(node, place)
    check_logic_exists(traced, sources)
    return planned


def build_unrolled(node: Node, place: Place) -> Unit:
    """A node's unrolled unit.

    Raises:
        UnsupportedLayerError: something inside is too wide to be held exactly.
    """
    traced, sources, planned = _beatwise(node, place)
    made = logic_module(f"{place.module}_logic", traced, sources, place.options)
    widths = [layout.lanes * source.result.width for layout, source in zip(planned.inputs, sources, strict=True)]
    words = "".join(f", .x{index}(in{index}_data)" for index in range(len(widths)))
    body = [
        *pipeline(len(widths), made.latency),
        f"{made.name} arithmetic (.clk(clk), .ce(ce){words}, .y(out_data));",
    ]
    text = module(place.module, widths, planned.output.lanes * node.result.width, body)
    behaviour = every_beat(len(widths), planned.output.beats, made.latency)
    files = {f"{place.module}.v": text + "\n" + made.text}
    return Unit(
        place.module,
        planned.inputs,
        planned.output,
        behaviour,
        files,
        stages=made.stages,
        traced=(traced, tuple(sources)),
    )


@plan.register(Node)
def _(node: Node, place: Place) -> Plan:
    return plan_unrolled(node, place)


@build.register(Node)
def _(node: Node, place: Place) -> Unit:
    return build_unrolled(node, place)
