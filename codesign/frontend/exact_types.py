"""Resolving every `auto` type of a ModelGraph so that nothing overflows and nothing is rounded.

hls4ml's own inference falls back to `fixed<16,6>` wherever it does not know better (unquantized weights, batch
normalization, binary and power-of-two weights, plain relu): there numbers are lost that the model did not give
up. Here each such type follows from the actual weights by interval arithmetic. Types that the model states
(quantizers) or the user states are kept.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from hls4ml.model.optimizer.passes.infer_precision import InferPrecisionTypes
from hls4ml.model.types import (
    FixedPrecisionType,
    IntegerPrecisionType,
    NamedType,
    StandardFloatPrecisionType,
    UnspecifiedPrecisionType,
    XnorPrecisionType,
)

from codesign.errors import PrecisionError
from codesign.graph import FLOAT, FixedPoint, MergeOperation, Overflow, Product, Rounding
from codesign.graph.exact import exact_type, holds_exactly
from codesign.graph.floating import from_bits
from codesign.graph.interval import MERGED, Interval, affine, averaged
from codesign.graph.reading import read_type, read_weight
from codesign.graph.reading.products import counts_agreement, read_products
from codesign.graph.reading.softmax import slices
from codesign.graph.softmax_tables import UNIT, stable_types


def to_hls4ml(type_: FixedPoint) -> FixedPrecisionType | StandardFloatPrecisionType:
    """A FixedPoint in hls4ml's own class."""
    if type_.significant is not None:
        return StandardFloatPrecisionType(32, 8) if type_ == FLOAT else StandardFloatPrecisionType(64, 11)
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
    if named.name in ("model_default_t", key):  # names that several layers share
        named.name = f"{node.name}_{key}"
    named.precision = to_hls4ml(type_)


def _resolve(node: Any, key: str, wanted: FixedPoint) -> FixedPoint:
    """The type that the model or the user states; `wanted` where neither does."""
    if _is_open(node, key):
        _set_type(node, key, wanted)
        return wanted
    return read_type(node.types[key].precision, layer=node.name, what=key)


def _for_each(node: Any, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """One scale of QKeras' alpha for each output: of a single one, hls4ml's C++ would read past the end."""
    if node.class_name != "ApplyAlpha" or values.size != 1:
        return values
    channels = int(node.get_attr("n_filt") or -1)
    return np.full(int(node.get_attr("n_in")) if channels == -1 else channels, values.item())


def _stated_type(node: Any, key: str) -> FixedPoint:
    """The type that the user states, which hls4ml keeps in its config even where it goes by another one."""
    return read_type(node.model.config.get_precision(node, key)[0], layer=node.name, what=key)


def _state_over_quantizer(node: Any, key: str) -> FixedPoint:
    """Give a quantized weight the type that the user states; hls4ml would go by the quantizer's."""
    variable = node.weights[key]
    if isinstance(variable.type.precision, XnorPrecisionType):
        raise PrecisionError(
            f"layer {node.name!r}: {key} is binary, which hls4ml writes as single bits; it can have no other type: "
            f"leave {key} out of the precision config"
        )
    type_ = _stated_type(node, key)
    _add_weight(node, key, type_, np.asarray(variable.data, dtype=np.float64))
    return type_


def _add_weight(node: Any, key: str, type_: FixedPoint, values: npt.NDArray[np.float64]) -> None:
    node.add_weights_variable(
        name=key,
        var_name=node.weights[key].name,
        type_name=f"{node.name}_{key}_t",
        precision=to_hls4ml(type_),
        data=values,
        quantizer=None,
    )


def _resolve_weight(node: Any, key: str, stated: frozenset[str]) -> FixedPoint | None:
    """Make a weight's type hold its numbers exactly; None for binary weights, whose type stays.

    A power-of-two type becomes the fixed-point type of the same numbers: hls4ml 1.3.0 cannot write exponents
    under NumPy 2.
    """
    variable = node.weights[key]
    if key in stated and variable.quantizer is not None:
        return _state_over_quantizer(node, key)
    precision = variable.type.precision
    # hls4ml cuts the scales of QKeras' alpha to power-of-two types that do not hold those above 1.
    data = variable.data_unquantized if node.class_name == "ApplyAlpha" else variable.data
    values = _for_each(node, np.asarray(data, dtype=np.float64))
    if isinstance(precision, XnorPrecisionType) and np.all((values == 0) | (values == 1)):
        return None  # bits; hls4ml gives quantized_bits(1, 1) this type too, but leaves its numbers -1 and 1
    known = isinstance(precision, (FixedPrecisionType, IntegerPrecisionType, StandardFloatPrecisionType))
    stays = known and (key in stated or holds_exactly(read_type(precision, layer=node.name, what=key), values))
    if stays and values.size == data.size:
        return read_type(precision, layer=node.name, what=key)
    name = f"{key} of layer {node.name!r}"
    type_ = read_type(precision, layer=node.name, what=key) if stays else exact_type(values, name=name)
    _add_weight(node, key, type_, values)
    return type_


def _input_type(node: Any) -> FixedPoint:
    return read_type(node.get_input_variable().type.precision, layer=node.name, what="input")


def _source(node: Any, intervals: Mapping[str, Interval]) -> Interval:
    return intervals[node.get_input_node(node.inputs[0]).name]


_Intervals = Mapping[str, Interval]
_Rule = Callable[[Any, _Intervals, frozenset[str]], Interval]


def _input(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    if _is_open(node, "result_t"):
        raise PrecisionError(f"input {node.name!r} has no type; state one with --input-precision")
    return Interval.of(read_type(node.types["result_t"].precision, layer=node.name, what="result"))


def _dense(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    return _weighted_sum(node, intervals, stated, int(node.get_attr("n_out")), _source(node, intervals))


def _weighted_sum(node: Any, intervals: _Intervals, stated: frozenset[str], columns: int, x: Interval) -> Interval:
    """The rule of every layer that adds up products with its weights: `columns` sums of as many terms each."""
    for key in ("weight", "bias"):
        _resolve_weight(node, key, stated)
    found = read_products(node)
    weight, fraction = from_bits(found.values, found.type).reshape(-1, columns), found.type.fraction
    if found.product is Product.DATA_BINARY:
        x = Interval(Fraction(-1), Fraction(1), 0)
    if found.product is Product.BOTH_BINARY:
        x, weight = Interval(Fraction(0), Fraction(1), 0), np.ones_like(weight)
    bias, bias_type = read_weight(node, "bias")
    biases = np.resize(from_bits(bias, bias_type).ravel(), columns)
    sums = affine(x, weight, fraction, biases, bias_type.fraction)
    wanted = sums.type(node.name) if found.type.significant is None else found.type
    accumulator = _resolve(node, "accum_t", wanted)
    held = sums.clipped(accumulator)
    if counts_agreement(node):
        terms = len(weight)
        held = Interval(2 * held.low - terms, 2 * held.high - terms, 0)
    wanted = held.type(node.name) if accumulator.significant is None else accumulator
    return held.clipped(_resolve(node, "result_t", wanted))


def _convolution(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    x = _source(node, intervals)
    padded = any(int(node.get_attr(f"pad_{side}", 0) or 0) for side in ("left", "right", "top", "bottom"))
    return _weighted_sum(node, intervals, stated, int(node.get_attr("n_filt")), x.with_zero() if padded else x)


def _normalize(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    for key in ("scale", "bias"):
        _resolve_weight(node, key, stated)
    scale, scale_type = read_weight(node, "scale")
    bias, bias_type = read_weight(node, "bias")
    size = max(scale.size, bias.size)
    scales, biases = (
        np.broadcast_to(from_bits(values, type_).ravel(), (size,))
        for values, type_ in ((scale, scale_type), (bias, bias_type))
    )
    held = affine(_source(node, intervals), scales.reshape(1, size), scale_type.fraction, biases, bias_type.fraction)
    wanted = held.type(node.name) if scale_type.significant is None else scale_type
    return held.clipped(_resolve(node, "result_t", wanted))


# The upper ends of rectifiers; the lower one is 0.
_ENDS: Mapping[str, Fraction | None] = {"relu": None, "relu6": Fraction(6)}


def _activation(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    held = _source(node, intervals)
    function = str(node.get_attr("activation")).lower()
    if function == "linear":
        # Of the very type that it reads, a linear layer (dropout, say) is no cast, and hls4ml takes it out.
        return held.clipped(_resolve(node, "result_t", _input_type(node)))
    if function in _ENDS:
        held = held.between(Fraction(0), _ENDS[function])
        return held.clipped(_resolve(node, "result_t", held.type(node.name)))
    return _inferred(node, intervals, stated)


def _parametrized(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    """Rectifiers with a parameter, which hls4ml's own inference would round; and others as it has them."""
    x, function = _source(node, intervals), str(node.get_attr("activation")).lower()
    if function not in ("prelu", "leakyrelu", "leaky_relu", "thresholdedrelu", "thresholded_relu"):
        return _inferred(node, intervals, stated)
    if node.class_name == "PReLU":
        _resolve_weight(node, "param", stated)
        values, type_ = read_weight(node, "param")
        low, high = (int(end) * Fraction(2) ** -type_.fraction for end in (values.min(), values.max()))
        slope = Interval(low, high, type_.fraction)
    else:
        value = float(np.float32(node.get_attr("activ_param", 1.0)))
        node.set_attr("activ_param", value)  # of more digits, C++ would cut off what Keras rounds
        type_ = _resolve(node, "param_t", exact_type([value], name=f"parameter of layer {node.name!r}"))
        slope = Interval(Fraction(value), Fraction(value), type_.fraction).clipped(type_)
    positive = x.between(Fraction(0), None)
    held = positive if function.startswith("threshold") else positive.joined(x.between(None, Fraction(0)) * slope)
    return held.clipped(_resolve(node, "result_t", held.type(node.name)))


def _embedding(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    _resolve_weight(node, "embeddings", stated)
    type_ = read_weight(node, "embeddings")[1]
    return Interval.of(type_).clipped(_resolve(node, "result_t", type_))


def _inferred(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    """hls4ml's own inference, for layers whose exact results no type holds or for which none is known here."""
    for key in list(node.weights):
        if key not in stated and node.weights[key].type.precision.__class__ is UnspecifiedPrecisionType:
            _resolve_weight(node, key, stated)
    inference = InferPrecisionTypes()
    if any(_is_open(node, key) for key in node.types):
        inference.transform(node.model, node)
    return Interval.of(_result_type(node))


def _result_type(node: Any) -> FixedPoint:
    return read_type(node.get_output_variable().type.precision, layer=node.name, what="result")


def _moved(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    """Layers that move numbers and compute none."""
    return _source(node, intervals).clipped(_resolve(node, "result_t", _input_type(node)))


def _padded(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    return _source(node, intervals).with_zero().clipped(_resolve(node, "result_t", _input_type(node)))


def _pooling(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    if str(node.get_attr("pool_op")).lower() != "max":
        return _average(node, intervals, stated)
    if _is_open(node, "accum_t"):
        _set_type(node, "accum_t", _input_type(node))
    return _moved(node, intervals, stated)


def _average(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    """A sum that loses nothing, and its quotient with as many more fraction bits as the pool has."""
    held = _source(node, intervals).with_zero()
    terms = math.prod(int(node.get_attr(f"pool_{side}", 0) or 1) for side in ("height", "width"))
    if node.class_name.startswith("Global"):
        terms = math.prod(int(axis) for axis in node.get_input_variable().shape[:-1])
    total, mean = averaged(held, terms)
    _resolve(node, "accum_t", total.type(node.name))
    return mean.clipped(_resolve(node, "result_t", mean.type(node.name)))


def _merge(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    first, second = (intervals[node.get_input_node(name).name] for name in node.inputs[:2])
    held = MERGED[MergeOperation(str(node.get_attr("op")).lower())](first, second)
    return held.clipped(_resolve(node, "result_t", held.type(node.name)))


def _concatenate(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    parts = [intervals[node.get_input_node(name).name] for name in node.inputs]
    held = functools.reduce(Interval.joined, parts)
    return held.clipped(_resolve(node, "result_t", held.type(node.name)))


def _softmax(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    implementation = str(node.get_attr("implementation")).lower()
    if implementation == "argmax":
        return Interval.of(_resolve(node, "result_t", FixedPoint(False, 1, 1)))
    if implementation == "stable":
        _stable_types(node, stated)
    for key in stated - {"result"}:  # hls4ml takes them for settings, and overlooks them among the types
        _set_type(node, f"{key}_t", _stated_type(node, key))
    return Interval.of(_resolve(node, "result_t", UNIT))


def _stable_types(node: Any, stated: frozenset[str]) -> None:
    terms = slices(node, tuple(int(axis) for axis in node.get_output_variable().shape))["n_slice"]
    types = stable_types(_input_type(node), int(node.get_attr("table_size")), terms)
    for key, type_ in (
        ("inp_norm_t", types.norm),
        ("exp_table_t", types.exp),
        ("accum_t", types.accumulator),
        ("inv_inp_t", types.inv_input),
        ("inv_table_t", types.inv),
    ):
        if key.removesuffix("_t") not in stated:
            _set_type(node, key, type_)


# Of numbers that go round in circles, which no type holds exactly, what is below 2**-_RECURRENT_FRACTION is rounded.
_RECURRENT_FRACTION = 14
_UNIT = Interval(Fraction(-1), Fraction(1), _RECURRENT_FRACTION)


def _saturating(held: Interval, layer: str) -> FixedPoint:
    type_ = Interval(held.low, held.high, _RECURRENT_FRACTION).type(layer)
    return FixedPoint(type_.signed, type_.width, type_.integer, Rounding.RND, Overflow.SAT)


def _recurrent(node: Any, intervals: _Intervals, stated: frozenset[str]) -> Interval:
    """Types in which no sum of a recurrent layer overflows while its state is what its functions allow."""
    prefixes = ("forward_", "backward_") if node.class_name == "Bidirectional" else ("",)
    x = _source(node, intervals)
    bounded = all(str(node.get_attr(f"{prefix}activation")) == "tanh" for prefix in prefixes)
    given = [_gate_sums(node, prefix, x, stated) for prefix in prefixes]
    h = _UNIT if bounded else functools.reduce(Interval.joined, given, _UNIT)
    sums = [
        first + _gate_sums(node, f"{prefix}recurrent_", h, stated)
        for prefix, first in zip(prefixes, given, strict=True)
    ]
    held = functools.reduce(Interval.joined, sums)
    cells = [str(node.get_attr(f"{prefix}class_name") or node.class_name) for prefix in prefixes]
    if "LSTM" in cells:
        steps = int(node.get_input_variable().shape[0])  # each adds at most 1 to the cell's state
        h = h.joined(Interval(Fraction(-steps), Fraction(steps), _RECURRENT_FRACTION))
    if node.class_name == "LSTM":
        return _one_type(node, _saturating(held.joined(h).joined(x), node.name))
    _resolve(node, "accum_t", _saturating(held.joined(h), node.name))
    return Interval.of(_resolve(node, "result_t", _saturating(h, node.name)))


def _gate_sums(node: Any, prefix: str, read: Interval, stated: frozenset[str]) -> Interval:
    keys = (f"{prefix}weight", f"{prefix}bias")
    for key in keys:
        _resolve_weight(node, key, stated)
    (weight, weight_type), (bias, bias_type) = (read_weight(node, key) for key in keys)
    return affine(read, weight.reshape(-1, bias.size), weight_type.fraction, bias.ravel(), bias_type.fraction)


def _one_type(node: Any, wanted: FixedPoint) -> Interval:
    """One type for what an LSTM reads, its accumulator and its result: hls4ml's C++ compiles with nothing else."""
    first, second = ("accum_t", "result_t") if _is_open(node, "result_t") else ("result_t", "accum_t")
    one = _resolve(node, first, wanted)
    _resolve(node, second, one)
    if _input_type(node) != one:
        name = f"{node.name}_cast"
        attributes = {"activation": "linear", "n_in": int(node.get_input_variable().size())}
        cast = node.model.make_node("Activation", name, attributes, node.inputs[:1])
        _set_type(cast, "result_t", one)
        node.model.insert_node(cast, before=node)
    return Interval.of(one)


_RULES: Mapping[str, _Rule] = {
    "Input": _input,
    "InputLayer": _input,
    "Dense": _dense,
    "BatchNormalization": _normalize,
    "ApplyAlpha": _normalize,
    "Activation": _activation,
    "ParametrizedActivation": _parametrized,
    "PReLU": _parametrized,
    "Embedding": _embedding,
    "Softmax": _softmax,
    "Merge": _merge,
    "Concatenate": _concatenate,
    **dict.fromkeys(("LSTM", "GRU", "Bidirectional"), _recurrent),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv2DBatchnorm", "DepthwiseConv1D", "DepthwiseConv2D"), _convolution),
    **dict.fromkeys(("Pooling1D", "Pooling2D", "GlobalPooling1D", "GlobalPooling2D"), _pooling),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), _padded),
    **dict.fromkeys(("Reshape", "Transpose", "Resize", "Cropping1D", "Cropping2D", "Clone", "TimeDistributed"), _moved),
}


def resolve_types(model_graph: Any, stated: Mapping[str, frozenset[str]]) -> None:
    """Resolve every open type of a ModelGraph, in place, before the backend's flows run.

    Args:
        model_graph: an hls4ml ModelGraph on which the front-end passes have run, but no type inference.
        stated: for each layer, the hls4ml type names (weight, bias, accum, result, …) that the user stated.

    Raises:
        UnsupportedLayerError: a type is none that we carry.
        WeightError: a weight is not finite, or too fine to be held exactly.
        PrecisionError: a type would be wider than ap_fixed allows.
    """
    intervals: dict[str, Interval] = {}
    for node in model_graph.get_layers():
        rule = _RULES.get(node.class_name, _inferred)
        intervals[node.name] = rule(node, intervals, stated.get(node.name, frozenset()))
