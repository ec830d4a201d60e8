"""Each operation of a Graph as combinational logic that alkaid traces, exact for any input; one module a family."""

from codesign.rtl.logic import (
    contraction,
    convolution,
    dense,
    elementwise,
    embedding,
    garnet,
    hard,
    layer_normalization,
    lookup,
    merge,
    movement,
    pooling,
    quantizer,
    rectifier,
    softmax,
    threshold,
)
from codesign.rtl.logic.base import Wires, precast
from codesign.rtl.logic.beatwise import Beat, beat_node
from codesign.rtl.logic.self_check import check_logic
from codesign.rtl.logic.tracing import node_logic
from codesign.rtl.logic.widths import WIDEST, check_logic_exists, widest_number

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
FAMILIES = (
    contraction,
    convolution,
    dense,
    elementwise,
    embedding,
    garnet,
    hard,
    layer_normalization,
    lookup,
    merge,
    movement,
    pooling,
    quantizer,
    rectifier,
    softmax,
    threshold,
)
