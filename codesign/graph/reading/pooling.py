"""Pooling."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Node, Pooling, PoolingArithmetic, PoolingKind
from codesign.graph.reading.precision import is_integer, type_of
from codesign.graph.reading.registry import reads
from codesign.graph.reading.streams import check_channels_first, check_pack, is_stream

_AXES = {"Pooling1D": ("width",), "Pooling2D": ("height", "width")}
_ENDS = {"height": ("pad_top", "pad_bottom"), "width": ("pad_left", "pad_right")}


def _along(node: Any, prefix: str) -> tuple[int, ...]:
    return tuple(int(node.get_attr(f"{prefix}_{axis}")) for axis in _AXES[node.class_name])


def _ends(node: Any, end: int) -> tuple[int, ...]:
    return tuple(int(node.get_attr(_ENDS[axis][end])) for axis in _AXES[node.class_name])


@reads(*_AXES)
def read_pooling(node: Any, common: dict[str, Any]) -> Node:
    """A pooling of windows."""
    channels_first = check_channels_first(node, written=node.class_name == "Pooling2D")
    read = Pooling(
        **common,
        kind=PoolingKind(str(node.get_attr("pool_op")).lower()),
        arithmetic=_arithmetic(node, channels_first),
        window=_along(node, "pool"),
        stride=_along(node, "stride"),
        before=_ends(node, 0),
        after=_ends(node, 1),
        count_padding=bool(node.get_attr("count_pad")),
        accumulator=type_of(node, "accum"),
        integer_accumulator=is_integer(node.types["accum_t"].precision),
    )
    if is_stream(node):
        check_pack(node, int(node.get_attr("n_filt")))
        _check_stream(node, read)
    if channels_first:
        _check_channels_first(node, read)
    return read


def _check_channels_first(node: Any, read: Pooling) -> None:
    """Refuse what hls4ml's C++ for channels_first leaves undefined.

    Raises:
        UnsupportedLayerError: naming the layer and what it may be.
    """
    if read.window != read.stride:
        raise UnsupportedLayerError(
            f"layer {node.name!r} pools windows of {read.window} with strides of {read.stride}: hls4ml's C++ for "
            "channels_first fills windows of a stride's size, and leaves the rest undefined or writes past their end; "
            "give both the same size, or use channels_last"
        )
    types = [variable.type.precision for variable in (node.get_input_variable(), node.get_output_variable())]
    if read.kind is PoolingKind.AVERAGE and any(map(is_integer, types)):
        raise UnsupportedLayerError(
            f"layer {node.name!r} takes channels_first means of {types[0]} into {types[1]}, which are not carried for "
            "integer types; state fixed<W,W> for them, or use channels_last"
        )


def _arithmetic(node: Any, channels_first: bool) -> PoolingArithmetic:
    if channels_first:
        return PoolingArithmetic.CHANNELS_FIRST
    return PoolingArithmetic.STREAM if is_stream(node) else PoolingArithmetic.PARALLEL


def _check_stream(node: Any, read: Pooling) -> None:
    """Refuse what stops hls4ml's streaming C++ with a failed assertion.

    Raises:
        UnsupportedLayerError: naming the layer and what it may be.
    """
    implementation = str(node.get_attr("implementation"))
    legal = ("linebuffer", "encoded") if node.model.config.backend.name == "Vivado" else ("linebuffer",)
    if implementation not in legal:
        raise UnsupportedLayerError(
            f"layer {node.name!r} has ConvImplementation {implementation!r}; pooling of streams is written for "
            f"{node.model.config.backend.name} as {' or '.join(legal)}"
        )
    if any(read.before + read.after):
        raise UnsupportedLayerError(
            f"layer {node.name!r} pads its windows, which stops hls4ml's C++ for io_stream; use padding 'valid', a "
            "size that its strides divide, a ZeroPadding layer before it, or io_parallel"
        )
    tiled = implementation == "encoded" or len(read.window) > 1
    if tiled and read.window != read.stride:
        raise UnsupportedLayerError(
            f"layer {node.name!r} pools windows of {read.window} with strides of {read.stride}, which stops hls4ml's "
            "C++ for io_stream; give both the same size, or use io_parallel"
        )


@reads("GlobalPooling1D", "GlobalPooling2D")
def read_global_pooling(node: Any, common: dict[str, Any]) -> Node:
    """A pooling of everything but the channels."""
    check_channels_first(node, written=False)
    flat = node.class_name == "GlobalPooling1D"
    names = ("n_in",) if flat else ("in_height", "in_width")
    lengths = tuple(int(node.get_attr(name)) for name in names)
    check_pack(node, int(node.get_attr("n_filt")))
    return Pooling(
        **common,
        kind=PoolingKind(str(node.get_attr("pool_op")).lower()),
        arithmetic=PoolingArithmetic.RUNNING if is_stream(node) else PoolingArithmetic.PARALLEL,
        window=lengths,
        stride=lengths,
        before=(0,) * len(lengths),
        after=(0,) * len(lengths),
        count_padding=False,
        accumulator=type_of(node, "accum"),
        integer_accumulator=is_integer(node.types["accum_t"].precision),
    )
