"""Padding, cropping, resizing and transposing."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Cropping, Node, Resize, Transpose, ZeroPadding
from codesign.graph.reading.registry import reads
from codesign.graph.reading.streams import check_channels_first, check_pack, is_stream, pack

_INT_BITS = 31  # of a C++ int, the sign left out


def _ends(node: Any, kind: str, channels_first: bool) -> dict[str, Any]:
    """`before` and `after` along every axis, from the attributes `KIND_left` and so on."""
    flat = node.class_name.endswith("1D")
    found: dict[str, Any] = {}
    for end, names in (("before", ("top", "left")), ("after", ("bottom", "right"))):
        values = tuple(int(node.get_attr(f"{kind}_{name}")) for name in names[flat:])
        found[end] = (0, *values) if channels_first else (*values, 0)
    return found


def _written(variable: Any) -> str:
    """A variable's type as C++ knows it."""
    return str(variable.type.precision)


def _check_same_type(node: Any, why: str) -> None:
    """Refuse a layer that gives another C++ type than it reads.

    Raises:
        UnsupportedLayerError: naming the layer and both types.
    """
    source, result = (_written(variable) for variable in (node.get_input_variable(), node.get_output_variable()))
    if source != result:
        raise UnsupportedLayerError(
            f"layer {node.name!r} reads {source} and gives {result}, but {why}; state the same precision for both"
        )


@reads("ZeroPadding1D", "ZeroPadding2D")
def read_zero_padding(node: Any, common: dict[str, Any]) -> Node:
    """Zeros around a line or an image."""
    channels_first = check_channels_first(node, written=True)
    check_pack(node, int(node.get_attr("n_chan")))
    if channels_first:
        _check_same_type(node, "hls4ml's C++ for channels_first does not compile with two types")
    return ZeroPadding(**common, **_ends(node, "pad", channels_first))


@reads("Cropping1D", "Cropping2D")
def read_cropping(node: Any, common: dict[str, Any]) -> Node:
    """A line or an image without its edges."""
    channels_first = check_channels_first(node, written=node.class_name == "Cropping2D")
    check_pack(node, int(node.get_attr("n_chan")))
    return Cropping(**common, **_ends(node, "crop", channels_first))


@reads("Resize")
def read_resize(node: Any, common: dict[str, Any]) -> Node:
    """An image of copied rows and columns."""
    algorithm = str(node.get_attr("algorithm"))
    if algorithm != "nearest":
        raise UnsupportedLayerError(
            f"layer {node.name!r} resizes by {algorithm!r}, for which hls4ml has no C++; use interpolation 'nearest'"
        )
    _check_same_type(node, "hls4ml's C++ has one type for both")
    height, width, channels = (int(node.get_attr(name)) for name in ("in_height", "in_width", "n_chan"))
    check_pack(node, channels)
    indices = _copied if is_stream(node) else _nearest
    return Resize(
        **common,
        image=(height, width, channels),
        rows=indices(node, height, int(node.get_attr("out_height"))),
        columns=indices(node, width, int(node.get_attr("out_width"))),
    )


def _nearest(node: Any, old: int, new: int) -> tuple[int, ...]:
    """For each of `new` numbers, which of the `old` ones it copies: in 16 bits of fraction, as nnet_image.h has it."""
    ratio = (old << 16) // new + 1
    indices = tuple((index * ratio) >> 16 for index in range(new))
    if indices[-1] >= old or ((new - 1) * ratio).bit_length() > _INT_BITS:
        raise UnsupportedLayerError(
            f"layer {node.name!r} resizes {old} numbers to {new}, where hls4ml's C++ reads outside of what it has; "
            "use a smaller image"
        )
    return indices


def _copied(node: Any, old: int, new: int) -> tuple[int, ...]:
    """For each of `new` numbers, which of the `old` ones it copies: whole repeats, as nnet_image_stream.h has it."""
    if new % old:
        raise UnsupportedLayerError(
            f"layer {node.name!r} resizes {old} numbers to {new}, which stops hls4ml's C++ for io_stream; use a whole "
            "factor, or io_parallel"
        )
    return tuple(index // (new // old) for index in range(new))


@reads("Transpose")
def read_transpose(node: Any, common: dict[str, Any]) -> Node:
    """Axes in another order."""
    axes = tuple(int(axis) for axis in node.get_attr("perm"))
    source = tuple(int(length) for length in node.get_input_variable().shape)
    if is_stream(node):
        if axes == (0, 1) and source[1] > 1:
            # nnet_transpose_stream.h takes every transpose of two axes for the one that swaps them.
            raise UnsupportedLayerError(
                f"layer {node.name!r} leaves the order of its two axes as it is, which hls4ml's C++ for io_stream "
                "swaps all the same; leave the layer out"
            )
        if source[-1] != pack(node.get_input_variable()):
            raise UnsupportedLayerError(
                f"layer {node.name!r} reads a stream of packs of {pack(node.get_input_variable())} numbers, not of "
                f"its last axis; use io_parallel"
            )
    return Transpose(**common, axes=axes)
