"""Layers whose logic is plain sums, as `quick_sums` takes them; the others are traced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from codesign.estimate.rtl.quick_sums import Problem
from codesign.estimate.rtl.spans import Span
from codesign.graph import Activation, Convolution, Dense, FixedPoint, Node, Overflow, Product, Rounding


@dataclass(frozen=True)
class Reader:
    """What is known of what reads a layer.

    Attributes:
        fraction: fraction bits beyond which it drops what it reads without a look at it; None where it looks at all.
    """

    fraction: int | None = None


def reader_of(readers: Sequence[Node]) -> Reader:
    """What counts of the nodes that read one: a quantizer that rounds down never looks at what it drops."""
    if not readers:
        return Reader()
    kept = [
        node.result.fraction if isinstance(node, Activation) and node.result.rounding is Rounding.TRN else None
        for node in readers
    ]
    known = [fraction for fraction in kept if fraction is not None]
    return Reader(max(known) if len(known) == len(kept) else None)


@singledispatch
def problem(node: Node, source: FixedPoint, reader: Reader) -> Problem | None:
    """The sums of a layer; None where its logic is not one of plain sums.

    Args:
        node: the layer, or one window of it.
        source: type of the numbers that it reads.
        reader: what reads it.
    """
    return None


@problem.register(Dense)
@problem.register(Convolution)
def _(node: Dense | Convolution, source: FixedPoint, reader: Reader) -> Problem | None:
    agreement = node.counts_agreement if isinstance(node, Dense) else node.agreement
    if node.product is not Product.MULT or agreement:
        return None
    accumulator, result = node.accumulator, node.result
    fraction = source.fraction + node.weight_type.fraction
    # Elsewhere every sum is cast on its own, or rounding and saturation stand behind the sums.
    if accumulator.overflow is not Overflow.WRAP or accumulator.fraction < max(fraction, node.bias_type.fraction):
        return None
    rounds = result.fraction < accumulator.fraction and result.rounding is not Rounding.TRN
    if rounds or (result.overflow is not Overflow.WRAP and result.integer < accumulator.integer):
        return None
    if result.signed is not accumulator.signed:
        return None
    kept = result.fraction if reader.fraction is None else min(result.fraction, reader.fraction)
    return Problem(
        weight=node.weight.reshape(-1, node.weight.shape[-1]),
        bias=node.bias,
        shift=fraction - node.bias_type.fraction,
        source=source,
        bottom=fraction - kept,
        top=fraction + min(result.integer, accumulator.integer),
    )


def word_span(span: Span, lowest: int, width: int) -> Span:
    """The bits of a word that vary.

    Args:
        span: counted from the products' lowest bit.
        lowest: where the word's lowest bit stands, counted likewise.
        width: of the word.
    """
    return span if span.is_constant else span.moved(-lowest).within(width)
