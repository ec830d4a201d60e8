"""Convolutions, whichever of hls4ml's implementations computes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from codesign.errors import GraphError, UnsupportedLayerError
from codesign.graph.nodes import Convolution, DepthwiseConvolution, IntArray, Node, frozen
from codesign.graph.reading.dense import check_generated, check_left_out, unrolled
from codesign.graph.reading.distributed_arithmetic import read_matrix
from codesign.graph.reading.encoded import check_encoded
from codesign.graph.reading.precision import read_weight, type_of
from codesign.graph.reading.products import Weights, counts_agreement, read_products
from codesign.graph.reading.registry import reads

_RESOURCE = ("resource", "resource_unrolled")
_STRATEGIES = ("latency", *_RESOURCE)
_AXES = {1: ("width",), 2: ("height", "width")}
_SIDES = {"width": ("pad_left", "pad_right"), "height": ("pad_top", "pad_bottom")}


@reads("Conv1D", "Conv2D", "Conv2DBatchnorm", "PointwiseConv1D", "PointwiseConv2D")
def read_convolution(node: Any, common: dict[str, Any]) -> Node:
    """A convolution with a filter over all channels."""
    if node.get_attr("da_codegen"):
        return _distributed(node, common)
    strategy = _strategy(node)
    check_generated(node)
    found = read_products(node)
    fields = {**_fields(node, common, found), "strategy": strategy}
    kernel, channels, filters = _kernel(node), int(node.get_attr("n_chan")), int(node.get_attr("n_filt"))
    terms, weight = math.prod(kernel) * channels, found.values
    resource = strategy in _RESOURCE
    if resource and not _streams(node) and fields["reuse_factor"] > terms:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has reuse factor {fields['reuse_factor']}, but a window holds {terms} numbers; with "
            "io_parallel and strategy resource hls4ml's C++ then reads beyond them: use a reuse factor of at most "
            "that, or io_stream"
        )
    if strategy == "resource_unrolled":
        check_left_out(node, weight, fields["accumulator"], fields["bias_type"])
        weight = unrolled(node, weight)
    # The C++ of the resource strategies has the weights of a filter beside each other.
    shape, last = ((filters, *kernel, channels), 0) if resource else ((*kernel, channels, filters), -1)
    agreement = _batched_terms(node, terms) if counts_agreement(node) else 0
    return Convolution(
        **fields, weight=frozen(np.moveaxis(_shaped(node, weight, shape), last, -1)), agreement=agreement
    )


@reads("DepthwiseConv1D", "DepthwiseConv2D")
def read_depthwise_convolution(node: Any, common: dict[str, Any]) -> Node:
    """A convolution with a filter for each channel."""
    strategy = _strategy(node)
    check_generated(node)
    found = read_products(node)
    fields = {**_fields(node, common, found), "strategy": strategy}
    kernel, channels, filters = _kernel(node), int(node.get_attr("n_chan")), int(node.get_attr("n_filt"))
    if channels != filters:
        raise UnsupportedLayerError(
            f"layer {node.name!r} makes {filters} channels of {channels}; hls4ml's C++ has depthwise convolutions with "
            "depth multiplier 1 only (its assertion fails, or it writes beyond its arrays): use a Conv1D or Conv2D"
        )
    if strategy in _RESOURCE and not _streams(node):
        raise UnsupportedLayerError(
            f"layer {node.name!r} has strategy {strategy}, which hls4ml's C++ lacks for depthwise "
            "convolutions with io_parallel (its assertion fails): use latency, or io_stream"
        )
    return DepthwiseConvolution(
        **fields,
        weight=_shaped(node, found.values, (*kernel, channels)),
        agreement=math.prod(kernel) * channels if counts_agreement(node) else 0,
    )


def _streams(node: Any) -> bool:
    return str(node.model.config.get_config_value("IOType")) == "io_stream"


def _kernel(node: Any) -> tuple[int, ...]:
    return tuple(int(node.get_attr(f"filt_{axis}")) for axis in _axes(node))


def _axes(node: Any) -> tuple[str, ...]:
    return _AXES[len(node.get_output_variable().shape) - 1]


def _batched_terms(node: Any, terms: int) -> int:
    """How many terms the C++ takes a window to have (convolution_templates.py, Conv1DConfigTemplate).

    Where it takes all windows together, as one dense layer, it counts the numbers of the whole input.
    """
    batched = not _streams(node) and node.get_attr("strategy").lower() == "latency" and _kernel(node) == (1,)
    return terms * int(node.get_attr("in_width")) if batched and int(node.get_attr("n_partitions")) == 1 else terms


def _shaped(node: Any, weight: IntArray, shape: tuple[int, ...]) -> IntArray:
    """Weights, in the order in which they are written, under the shape that the C++ gives them."""
    if weight.size != math.prod(shape):
        raise GraphError(f"layer {node.name!r}: {weight.size} weights for {' x '.join(map(str, shape))}")
    return frozen(weight.reshape(shape))


def _strategy(node: Any) -> str:
    """The layer's strategy; asked first, because hls4ml takes the weights of others away."""
    strategy = str(node.get_attr("strategy") or "latency").lower()
    if strategy not in _STRATEGIES:
        raise UnsupportedLayerError(f"layer {node.name!r} has strategy {strategy!r}; choose {', '.join(_STRATEGIES)}")
    return strategy


def _fields(node: Any, common: dict[str, Any], found: Weights) -> dict[str, Any]:
    """What both kinds share, everything but the weights."""
    bias, bias_type = read_weight(node, "bias")
    return {
        **_windows(node, common),
        "weight_type": found.type,
        "bias": bias,
        "bias_type": bias_type,
        "accumulator": type_of(node, "accum"),
        "reuse_factor": int(node.get_attr("reuse_factor") or 1),
        "product": found.product,
        "exponent_width": found.exponent_width,
    }


def _windows(node: Any, common: dict[str, Any]) -> dict[str, Any]:
    """Where the windows are."""
    if node.get_attr("data_format") != "channels_last":
        raise UnsupportedLayerError(
            f"layer {node.name!r} has data format {node.get_attr('data_format')!r}; hls4ml's C++ has convolutions with "
            "channels last only: permute the model"
        )
    axes = _axes(node)
    _check_windows(node, common["shape"], axes)
    return {
        **common,
        "strides": tuple(int(node.get_attr(f"stride_{axis}")) for axis in axes),
        "padding_before": tuple(int(node.get_attr(_SIDES[axis][0]) or 0) for axis in axes),
        "padding_after": tuple(int(node.get_attr(_SIDES[axis][1]) or 0) for axis in axes),
    }


def _distributed(node: Any, common: dict[str, Any]) -> Node:
    """A convolution of which hls4ml kept the code alone: its sums are exact, in any accumulator that holds them."""
    kernel, channels, filters = _kernel(node), int(node.get_attr("n_chan")), int(node.get_attr("n_filt"))
    found = read_matrix(node, math.prod(kernel) * channels, filters)
    return Convolution(
        **_windows(node, common),
        weight=frozen(found.weight.reshape(*kernel, channels, filters)),
        weight_type=found.weight_type,
        bias=found.bias,
        bias_type=found.bias_type,
        accumulator=found.sums,
        strategy="distributed_arithmetic",
    )


def _check_windows(node: Any, shape: tuple[int, ...], axes: tuple[str, ...]) -> None:
    """Refuse layers whose C++ counts other windows than the result has.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    for axis, have, length in zip(axes, node.get_input_variable().shape, shape, strict=False):  # the channels are left
        padded = int(have) + sum(int(node.get_attr(side) or 0) for side in _SIDES[axis])
        fits = (padded - int(node.get_attr(f"filt_{axis}"))) // int(node.get_attr(f"stride_{axis}")) + 1
        if fits != length:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: its windows fit {fits} times into its {axis}, but its result has {length}; "
                "hls4ml's C++ leaves dilation out: use a dilation rate of 1"
            )
    pointwise = "Pointwise" in node.class_name
    if _streams(node) and not pointwise and node.get_attr("implementation") == "encoded":
        check_encoded(node, axes)
    rows = len(axes) == 2 and not pointwise and int(node.get_attr("filt_height")) == 1
    if _streams(node) and rows and int(node.get_attr("stride_height")) > 1:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has windows of height 1 and vertical stride {node.get_attr('stride_height')}, "
            "which hls4ml's C++ for io_stream leaves out: use io_parallel, or leave out rows before it"
        )
