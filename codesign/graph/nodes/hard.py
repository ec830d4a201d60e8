"""Sigmoid and tanh as a straight line between two limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, register, same_size


class HardFunction(str, Enum):
    """What becomes of the line between 0 and 1."""

    HARD_SIGMOID = "hard_sigmoid"
    HARD_TANH = "hard_tanh"


@register("hard_activation")
@dataclass(frozen=True, eq=False, kw_only=True)
class HardActivation(Node):
    """s = slope * x + shift, moved into 0 to 1; `result(s)`, or for tanh `result(2 * s - 1)`.

    Attributes:
        slope: (1,) integer of `slope_type`.
        shift: (1,) integer of `shift_type`.
    """

    function: HardFunction
    slope: IntArray
    slope_type: FixedPoint
    shift: IntArray
    shift_type: FixedPoint

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
        check_array(self, "slope", self.slope, self.slope_type, (1,))
        check_array(self, "shift", self.shift, self.shift_type, (1,))
