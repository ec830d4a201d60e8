"""Verilog names for nodes and designs: short, unlike any keyword, and never twice the same."""

from __future__ import annotations

import re

_LONGEST = 48


def clean(text: str) -> str:
    """Letters, digits and `_` of a name, shortened."""
    return re.sub(r"[^0-9A-Za-z_]", "_", text)[:_LONGEST]


def top_name(graph: str) -> str:
    """The top module of a design."""
    return f"top_{clean(graph)}"


def module_name(index: int, node: str) -> str:
    """The module of the node at a place in the Graph."""
    return f"node{index:03d}_{clean(node)}"


def wire_name(index: int, node: str) -> str:
    """The wire in the top module that carries a node's result."""
    return f"w{index:03d}_{clean(node)}"


def input_port(index: int, node: str) -> str:
    """The port that the samples of an input enter by."""
    return f"x{index}_{clean(node)}"


def output_port(index: int, node: str) -> str:
    """The port that the result of an output node leaves by."""
    return f"y{index}_{clean(node)}"
