"""Each operation of a Graph as combinational logic that alkaid traces, exact for any input; one module a family."""

from codesign.rtl.logic import dense, elementwise, softmax
from codesign.rtl.logic.base import WIDEST, Wires, check_logic_exists, precast, widest_number
from codesign.rtl.logic.beatwise import Beat, beat_node
from codesign.rtl.logic.self_check import check_logic
from codesign.rtl.logic.tracing import node_logic

__all__ = [
    "WIDEST",
    "Beat",
    "Wires",
    "beat_node",
    "check_logic",
    "check_logic_exists",
    "node_logic",
    "precast",
    "widest_number",
]

# Imported for what they register.
FAMILIES = (dense, elementwise, softmax)
