"""Classifiers as Graphs made without any model: weights at random, types as the conversion derives them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Node,
    Overflow,
    Rounding,
    frozen,
    narrowest,
)
from codesign.graph.interval import Interval, affine

DIGITS = (64, 16, 10)
"""Numbers that go in, units of the hidden layer, classes."""


def _dense(name: str, source: Node, units: int, bits: int, rng: np.random.Generator) -> Dense:
    """A dense layer whose weights are those of `quantized_bits(bits, 0)`, most of them small."""
    type_ = FixedPoint(True, bits, 1)
    n_in = source.shape[0]
    values = rng.normal(0.0, 0.25, (n_in, units)) * 2.0**type_.fraction
    weight = frozen(np.clip(np.rint(values), type_.min_int, type_.max_int).astype(np.int64))
    bias = frozen(rng.integers(type_.min_int // 4, type_.max_int // 4, units))
    held = affine(Interval.of(source.result), weight, type_.fraction, bias, type_.fraction)
    sums = narrowest(held.low, held.high, held.fraction)
    return Dense(
        name=name,
        inputs=(source.name,),
        shape=(units,),
        result=sums,
        weight=weight,
        weight_type=type_,
        bias=bias,
        bias_type=type_,
        accumulator=sums,
    )


def mlp(widths: tuple[int, ...] = DIGITS, *, weights: int = 6, activations: int = 6, seed: int = 0) -> Graph:
    """Dense layers with quantized rectifiers between them.

    Args:
        widths: numbers that go in, then the units of each layer.
        weights: bits of every weight and bias.
        activations: bits of what every rectifier gives, all of them behind the point.
        seed: of the weights.
    """
    rng = np.random.default_rng(seed)
    nodes: list[Node] = [Input(name="x", inputs=(), shape=widths[:1], result=FixedPoint(False, 5, 1))]
    for index, (_, units) in enumerate(pairwise(widths)):
        nodes.append(_dense(f"fc{index + 1}", nodes[-1], units, weights, rng))
        if index < len(widths) - 2:
            result = FixedPoint(False, activations, 0, Rounding.RND_CONV, Overflow.SAT)
            nodes.append(
                Activation(
                    name=f"relu{index + 1}",
                    inputs=(nodes[-1].name,),
                    shape=nodes[-1].shape,
                    result=result,
                    function=ActivationFunction.RELU,
                )
            )
    return Graph("digits", tuple(nodes), (nodes[-1].name,))
