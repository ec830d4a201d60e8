"""A node as combinational logic: from the integers that it reads to the integers of its result."""

from __future__ import annotations

from collections.abc import Sequence

from alkaid.trace import trace
from alkaid.trace.passes import add_surrogate, dead_code_elimin, fuse_ternary_adders, optimize
from alkaid.types import CombLogic

from codesign.errors import UnsupportedLayerError
from codesign.graph import Node
from codesign.rtl.arithmetic import MAX_BITS, inputs
from codesign.rtl.casting import cast
from codesign.rtl.exact_lsb import exact_lowest_bits
from codesign.rtl.logic.base import Wires, precast
from codesign.simulate.kernels import before_result


def optimized(logic: CombLogic) -> CombLogic:
    """The same with what is computed twice computed once, and what nothing reads left out."""
    try:
        return optimize(logic, surrogate=False)
    except RuntimeError:  # alkaid's search for a fixed point did not end; what it starts from is as right
        return optimize(logic, surrogate=False, retrace=False)


def node_logic(node: Node, sources: Sequence[Node], *, ternary_adders: bool) -> CombLogic:
    """A node as combinational logic from the integers of its sources, one after the other, to its own.

    All are flattened in row-major order.

    Args:
        node: the operation.
        sources: the nodes that it reads, in order; for a port, the port itself.
        ternary_adders: join adders in threes, as one LUT6 carry chain holds them.

    Raises:
        UnsupportedLayerError: the node's class has no logic, or something inside is too wide to be held exactly.
    """
    types = [source.result for source in sources]
    with exact_lowest_bits():
        operands = [Wires(inputs(source.result, source.size), source.result, source.shape) for source in sources]
        values, fraction = precast(node, operands)
        before = before_result(node, types)
        outputs = [cast(v, fraction, node.result, source=before) for v in values]
        logic = optimized(trace([v for wires in operands for v in wires.values], outputs, optimize=False))
        if ternary_adders:
            logic = dead_code_elimin(fuse_ternary_adders(logic))
        logic = add_surrogate(logic, _skip_op8_cost=True)
    widest = max((sum(op.qint.kif) for op in logic.ops), default=0)
    if widest > MAX_BITS:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: its logic holds numbers of {widest} bits, the RTL flow is exact up to {MAX_BITS}; "
            "give its inputs, weights or accumulator narrower types"
        )
    return logic
