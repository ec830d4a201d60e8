"""Resolving every `auto` type of a ModelGraph so that nothing overflows and nothing is rounded.

hls4ml's own inference falls back to `fixed<16,6>` wherever it does not know better (unquantized weights, batch
normalization, binary and power-of-two weights, plain relu): there numbers are lost that the model did not give
up. Here each such type follows from the actual weights by interval arithmetic. Types that the model states
(quantizers) or the user states are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from hls4ml.model.types import (
    FixedPrecisionType,
    IntegerPrecisionType,
    NamedType,
    UnspecifiedPrecisionType,
    XnorPrecisionType,
)

from codesign.errors import PrecisionError, UnsupportedLayerError
from codesign.graph import FixedPoint, Overflow, Rounding, narrowest
from codesign.graph.exact import exact_type, holds_exactly
from codesign.graph.reading import read_type, read_weight

_MAX_WIDTH = 1024


@dataclass(frozen=True)
class Interval:
    """All that a tensor can hold: multiples of `2**-fraction` in [low, high]."""

    low: Fraction
    high: Fraction
    fraction: int

    @classmethod
    def of(cls, type_: FixedPoint) -> Interval:
        """Everything that a type can hold."""
        return cls(type_.low, type_.high, type_.fraction)

    def clipped(self, type_: FixedPoint) -> Interval:
        """What is left after a cast into `type_`."""
        if self.fraction <= type_.fraction and type_.low <= self.low and self.high <= type_.high:
            return Interval(self.low, self.high, self.fraction)
        return Interval.of(type_)

    def type(self, layer: str) -> FixedPoint:
        """The narrowest type that holds it all.

        Raises:
            PrecisionError: no ap_fixed is that wide.
        """
        found = narrowest(min(self.low, Fraction(0)), max(self.high, Fraction(0)), self.fraction)
        if found.width > _MAX_WIDTH:
            raise PrecisionError(
                f"layer {layer!r} needs {found.width} bits to lose nothing, ap_fixed holds {_MAX_WIDTH}; "
                "quantize the layers before it"
            )
        return found


def to_hls4ml(type_: FixedPoint) -> FixedPrecisionType:
    """A FixedPoint in hls4ml's own class."""
    return FixedPrecisionType(
        type_.width, type_.integer, type_.signed, f"AP_{type_.rounding.value}", f"AP_{type_.overflow.value}", 0
    )


def _is_open(node: Any, key: str) -> bool:
    named = node.types.get(key)
    return named is not None and isinstance(named.precision, UnspecifiedPrecisionType)


def _set_type(node: Any, key: str, type_: FixedPoint) -> None:
    """Give one of a node's types its precision, under a C++ name of its own."""
    named = node.types.get(key)
    if named is None:
        node.set_attr(key, NamedType(f"{node.name}_{key}", to_hls4ml(type_)))
        return
    if named.name == "model_default_t":
        named.name = f"{node.name}_{key}"
    named.precision = to_hls4ml(type_)


def _resolve(node: Any, key: str, wanted: FixedPoint) -> FixedPoint:
    """The type that the model or the user states; `wanted` where neither does."""
    if _is_open(node, key):
        _set_type(node, key, wanted)
        return wanted
    return read_type(node.types[key].precision, layer=node.name, what=key)


def _resolve_weight(node: Any, key: str, stated: frozenset[str]) -> FixedPoint | None:
    """Make a weight's type hold its numbers exactly; None for binary weights, whose type stays.

    A power-of-two type becomes the fixed-point type of the same numbers: hls4ml 1.3.0 cannot write exponents
    under NumPy 2.
    """
    variable = node.weights[key]
    precision = variable.type.precision
    if isinstance(precision, XnorPrecisionType):
        return None
    values = np.asarray(variable.data, dtype=np.float64)
    known = isinstance(precision, (FixedPrecisionType, IntegerPrecisionType))
    if known and (key in stated or holds_exactly(read_type(precision, layer=node.name, what=key), values)):
        return read_type(precision, layer=node.name, what=key)
    type_ = exact_type(values, name=f"{key} of layer {node.name!r}")
    node.add_weights_variable(
        name=key,
        var_name=variable.name,
        type_name=f"{node.name}_{key}_t",
        precision=to_hls4ml(type_),
        data=values,
        quantizer=None,
    )
    return type_


def _source(node: Any, intervals: Mapping[str, Interval]) -> Interval:
    return intervals[node.get_input_node(node.inputs[0]).name]


_Intervals = Mapping[str, Interval]
_Rule = Callable[[Any, _Intervals, frozenset[str]], Interval]


def _input(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    if _is_open(node, "result_t"):
        raise PrecisionError(f"input {node.name!r} has no type; state one with --input-precision")
    return Interval.of(read_type(node.types["result_t"].precision, layer=node.name, what="result"))


def _affine(x: Interval, weight: Any, weight_fraction: int, bias: Any, bias_fraction: int) -> Interval:
    """The range of `x @ weight + bias` over all x in its interval, for integer weight (n_in, n_out) and bias."""
    positive = np.maximum(weight, 0).astype(object).sum(axis=0)
    negative = np.minimum(weight, 0).astype(object).sum(axis=0)
    scale, offset = Fraction(1, 2**weight_fraction), Fraction(1, 2**bias_fraction)
    lows = [p * x.low * scale + n * x.high * scale for p, n in zip(positive, negative, strict=True)]
    highs = [p * x.high * scale + n * x.low * scale for p, n in zip(positive, negative, strict=True)]
    biases = [int(b) * offset for b in bias]
    low = min(a + b for a, b in zip(lows, biases, strict=True))
    high = max(a + b for a, b in zip(highs, biases, strict=True))
    # The bias alone, and any partial sum, must fit as well.
    return Interval(min(low, *biases), max(high, *biases), max(x.fraction + weight_fraction, bias_fraction))


def _dense(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    for key in ("weight", "bias"):
        _resolve_weight(node, key, stated)
    weight, weight_type = read_weight(node, "weight")
    bias, bias_type = read_weight(node, "bias")
    n_out = int(node.get_attr("n_out"))
    sums = _affine(
        _source(node, intervals), weight.reshape(-1, n_out), weight_type.fraction, bias.ravel(), bias_type.fraction
    )
    accumulator = _resolve(node, "accum_t", sums.type(node.name))
    held = sums.clipped(accumulator)
    return held.clipped(_resolve(node, "result_t", held.type(node.name)))


def _normalize(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    for key in ("scale", "bias"):
        _resolve_weight(node, key, stated)
    scale, scale_type = read_weight(node, "scale")
    bias, bias_type = read_weight(node, "bias")
    size = max(scale.size, bias.size)
    scales, biases = np.broadcast_to(scale.ravel(), (size,)), np.broadcast_to(bias.ravel(), (size,))
    held = _affine(_source(node, intervals), scales.reshape(1, size), scale_type.fraction, biases, bias_type.fraction)
    return held.clipped(_resolve(node, "result_t", held.type(node.name)))


def _activation(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    held = _source(node, intervals)
    if str(node.get_attr("activation")).lower() == "linear":
        # Of the very type that it reads, a linear layer (dropout, say) is no cast, and hls4ml takes it out.
        source = read_type(node.get_input_variable().type.precision, layer=node.name, what="input")
        return held.clipped(_resolve(node, "result_t", source))
    held = Interval(max(held.low, Fraction(0)), max(held.high, Fraction(0)), held.fraction)
    return held.clipped(_resolve(node, "result_t", held.type(node.name)))


def _reshape(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    held = _source(node, intervals)
    source = node.get_input_variable().type.precision
    _resolve(node, "result_t", read_type(source, layer=node.name, what="input"))
    return held


def _softmax(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    implementation = str(node.get_attr("implementation")).lower()
    if implementation == "argmax":
        return Interval.of(_resolve(node, "result_t", FixedPoint(False, 1, 1)))
    unit = FixedPoint(False, 18, 1, Rounding.RND, Overflow.SAT)  # holds [0, 1], both ends included
    if implementation == "stable":
        _stable_types(node, stated, unit)
    return Interval.of(_resolve(node, "result_t", unit))


def _stable_types(node: Any, stated: frozenset[str], unit: FixedPoint) -> None:
    """Types in which a stable softmax neither wraps its argument nor its sum.

    hls4ml's defaults lose one bit of `max - x`, so that distant classes come back as winners.
    """
    source = read_type(node.get_input_variable().type.precision, layer=node.name, what="input")
    bits = int(node.get_attr("table_size")).bit_length() - 1
    distance = FixedPoint(False, source.width, source.integer)
    if distance.width > bits:
        integer = min(distance.integer, 4)  # exp(-16) is below one step of the table
        distance = FixedPoint(False, bits, integer, Rounding.RND, Overflow.SAT)
    terms = int(node.get_output_variable().shape[-1])
    growth = (terms - 1).bit_length()
    total = FixedPoint(False, unit.width + growth, unit.integer + growth)
    for key, type_ in (
        ("inp_norm_t", distance),
        ("exp_table_t", unit),
        ("accum_t", total),
        ("inv_inp_t", total),
        ("inv_table_t", unit),
    ):
        if key.removesuffix("_t") not in stated:
            _set_type(node, key, type_)


_RULES: Mapping[str, _Rule] = {
    "Input": _input,
    "InputLayer": _input,
    "Dense": _dense,
    "BatchNormalization": _normalize,
    "ApplyAlpha": _normalize,
    "Activation": _activation,
    "Reshape": _reshape,
    "Softmax": _softmax,
}


def resolve_types(model_graph: Any, stated: Mapping[str, frozenset[str]]) -> None:
    """Resolve every open type of a ModelGraph, in place, before the backend's flows run.

    Args:
        model_graph: an hls4ml ModelGraph on which the front-end passes have run, but no type inference.
        stated: for each layer, the hls4ml type names (weight, bias, accum, result, …) that the user stated.

    Raises:
        UnsupportedLayerError: a layer has no rule here.
        WeightError: a weight is not finite, or too fine to be held exactly.
        PrecisionError: a type would be wider than ap_fixed allows.
    """
    intervals: dict[str, Interval] = {}
    for node in model_graph.get_layers():
        rule = _RULES.get(node.class_name)
        if rule is None:
            raise UnsupportedLayerError(f"layer {node.name!r} ({node.class_name}): no exact type is known for it")
        intervals[node.name] = rule(node, intervals, stated.get(node.name, frozenset()))
