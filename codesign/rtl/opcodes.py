"""alkaid's operations by name, as the specification of its programs numbers them."""

from __future__ import annotations

from enum import IntEnum


class Opcode(IntEnum):
    """What an operation of alkaid's logic does."""

    NEGATE = -2
    INPUT = -1
    ADD = 0
    SUBTRACT = 1
    RELU = 2
    SLICE = 3
    """A quantization: some of a number's bits."""
    ADD_CONSTANT = 4
    CONSTANT = 5
    MUX = 6
    """One of two numbers, by the highest bit of a third."""
    PRODUCT = 7
    TABLE = 8
    UNARY = 9
    """NOT, or all bits joined by OR or AND."""
    BINARY = 10
    """AND, OR or XOR, bit by bit."""
    SUM = 11
    """Three numbers and more."""


NOT = 0
"""Of the operations `UNARY`, the one that joins no bits."""

WIRING = frozenset({Opcode.INPUT, Opcode.SLICE, Opcode.CONSTANT})
"""A module of nothing else has no register."""

ADDERS = frozenset({Opcode.ADD, Opcode.SUBTRACT, Opcode.ADD_CONSTANT, Opcode.NEGATE, Opcode.SUM})
