"""What a clock depends on: ways from register to register, by what they lead through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Way(str, Enum):
    """What a way leads through."""

    ADDERS = "adders"
    """A pipeline stage of unrolled logic that has nothing but adders."""
    CAST = "cast"
    """A stage with casts that round or saturate; behind folded layers, synthesis finds bits of them constant."""
    CHOOSE = "choose"
    """Another stage: comparisons and choices, sums with casts."""
    TABLE = "table"
    """A stage that has a table or a product of two numbers."""
    PRODUCT = "product"
    """A folded layer's multiplier, with the cast of its product."""
    DSP_PRODUCT = "dsp_product"
    """The same where it is a DSP block."""
    SUM = "sum"
    """A folded layer's adders: its tree, its accumulators, the cast of its results."""
    CHOICE = "choice"
    """A folded layer's multiplexer of numbers, its tables of weights, its counters."""
    CONTROL = "control"
    """Counters of windows, taps, pooling, time steps, FIFOs and of what cuts beats anew."""
    READY = "ready"
    """A ready signal on its way back through the parts, to the registers that it enables."""


@dataclass(frozen=True)
class Ways:
    """What a design's clock depends on.

    Attributes:
        longest_ns: by what it leads through, the longest way; those that there are.
        size: registers and bits of operations: roughly its LUTs.
    """

    longest_ns: Mapping[Way, float]
    size: float
