"""As many bits for all weights, and as many for all activations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from codesign.graph import Graph
from codesign.precision.bits import Bits
from codesign.precision.requantizer import Requantizer

G = TypeVar("G", bound=Graph)


def uniform(
    graph: G, weights: int | None = None, activations: int | None = None, layers: Mapping[str, Bits] | None = None
) -> G:
    """A Graph whose weights have as many bits each, and whose activations have.

    Weights and biases keep their sign; their integer bits follow from the largest of them, and what lies between is
    rounded to the nearest, ties to even. Results of element-wise functions keep their sign, integer bits and modes.
    Sums and other results with types that lost nothing lose nothing again; those that were narrower, truncating and
    wrapping, lose the bits at either end that are no longer needed. Other types stay.

    Args:
        graph: the design; left as it was.
        weights: bits of every weight and bias; None leaves them.
        activations: bits of every activation's result; None leaves them.
        layers: bits of single layers, by the name of a node or of a layer of the user's model.

    Returns:
        A Graph of the same class.

    Raises:
        PrecisionError: a layer is unknown or has nothing to choose, a type is none that its node can have, or one would
            have to be too wide.
        GraphError: the types contradict each other.
    """
    return Requantizer(graph).uniform(Bits(weights, activations), layers)
