"""What a design takes, roughly, in LUTs: where a search for reuse factors begins. Synthesis counts what it takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codesign.graph import Convolution, Dense, DepthwiseConvolution, Graph
from codesign.rtl.folded.choice import Wanted
from codesign.rtl.folded.matrix import Weighted, matrix
from codesign.rtl.folded.price import FABRICS, price
from codesign.rtl.folded.sums import sums
from codesign.rtl.network import Planned, plan_units
from codesign.rtl.stream import Layout
from codesign.rtl.units import Options
from codesign.rtl.units.matvec import choose_fold

# LUTs of six inputs that an unrolled layer takes for each bit of a number and each weight that is not 0: alkaid's own
# figure for a 16-64-32-32-5 network of 8 bits is 37.9k for 2,696 weights.
_UNROLLED = 1.75


def _vector(node: Weighted) -> int:
    """Numbers that one of its sums reads, all channels together."""
    outputs = node.weight.shape[-1]
    return node.weight.size if isinstance(node, DepthwiseConvolution) else node.weight.size // outputs


def _layer(item: Planned, options: Options) -> float:
    node = item.node
    if not isinstance(node, (Dense, Convolution, DepthwiseConvolution)):
        return 0.0
    source = item.place.sources[0].node.result
    fabric = FABRICS[options.family]
    if item.plan.reuse == 1:
        return _UNROLLED * np.count_nonzero(node.weight) * source.width * (1.0 if fabric.inputs == 6 else 1.3)
    products = matrix(node, source)
    layout = item.plan.inputs[0] if isinstance(node, Dense) else Layout(_vector(node), 1)
    wanted = Wanted(layout, 1 << 30, item.plan.reuse, options.family, options.multipliers)
    return price(choose_fold(node, source, wanted), products, sums(products), options.family, options.multipliers)


def rough_luts(graph: Graph, options: Options) -> float:
    """LUTs of the layers with weights, with a price in LUTs for DSP blocks, block RAM and registers.

    Raises:
        UnsupportedLayerError: a layer cannot be built with these options.
    """
    return sum(_layer(item, options) for item in plan_units(graph, options))


def weighted(graph: Graph) -> list[Weighted]:
    """The layers that have reuse factors."""
    return [node for node in graph if isinstance(node, (Dense, Convolution, DepthwiseConvolution))]


def most_reuse(node: Weighted) -> int:
    """The reuse factor beyond which a layer takes no less: one multiplier."""
    return int(node.weight.size)


def uniform(graph: Graph, options: Options, reuse: int) -> Options:
    """The options with one reuse factor for every layer with weights, or the most that means anything to it."""
    return replace(options, reuse={node.name: min(reuse, most_reuse(node)) for node in weighted(graph)})
