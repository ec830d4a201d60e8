"""Element-wise functions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codesign.graph.nodes.base import Node, register, same_size


class ActivationFunction(str, Enum):
    """Element-wise functions that need no table."""

    LINEAR = "linear"
    RELU = "relu"


@register("activation")
@dataclass(frozen=True, eq=False, kw_only=True)
class Activation(Node):
    """`result(function(x))`; the function is computed in the input's type."""

    function: ActivationFunction

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        same_size(self, sources)
