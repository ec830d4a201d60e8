"""What the streams of an hls4ml ModelGraph carry."""

from __future__ import annotations

from typing import Any

from codesign.errors import UnsupportedLayerError


def is_stream(node: Any) -> bool:
    """Whether a layer's model is written for io_stream."""
    return str(node.model.config.get_config_value("IOType")) == "io_stream"


def pack(variable: Any) -> int:
    """How many numbers each element of a variable's stream holds."""
    return int(variable.type.n_elem)


def check_pack(node: Any, channels: int) -> None:
    """Refuse a layer of io_stream that does not read as many numbers at a time as it has channels.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    if is_stream(node) and pack(node.get_input_variable()) != channels:
        raise UnsupportedLayerError(
            f"layer {node.name!r} reads a stream of packs of {pack(node.get_input_variable())} numbers, but its "
            f"{channels} channels come together in hls4ml's C++; use channels_last, or io_parallel"
        )


def check_channels_first(node: Any, written: bool) -> bool:
    """Whether a layer's channels come first.

    Args:
        node: hls4ml's layer.
        written: whether hls4ml has C++ for that, with io_parallel.

    Raises:
        UnsupportedLayerError: they do, and hls4ml has no C++ for it.
    """
    if node.get_attr("data_format") != "channels_first":
        return False
    if is_stream(node) or not written:
        raise UnsupportedLayerError(
            f"layer {node.name!r} ({node.class_name}) has data_format channels_first, for which hls4ml has no C++ "
            f"with {'io_stream' if is_stream(node) else 'io_parallel'}; use channels_last"
        )
    return True
