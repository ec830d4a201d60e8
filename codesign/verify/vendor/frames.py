"""Between a Graph's integers and the frames of a wrapped design's streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from codesign.graph import Graph
from codesign.simulate import Integers
from codesign.verify.vendor.wrapper import Piece


def _places(piece: Piece) -> npt.NDArray[np.int64]:
    """(beats * lanes,) numbers of the flattened sample, in the order in which the stream carries them."""
    beats, lanes = np.arange(piece.beats)[:, None], np.arange(piece.lanes)[None, :]
    return np.asarray(piece.first + beats * piece.step + lanes, dtype=np.int64).reshape(-1)


def to_frames(pieces: Sequence[Piece], values: Mapping[str, Integers]) -> dict[str, Integers]:
    """By stream, (n, numbers in a frame).

    Args:
        pieces: of the streams.
        values: by Graph node, (n, *shape) integers.
    """
    return {
        piece.stream: np.asarray(values[piece.node]).reshape(len(values[piece.node]), -1)[:, _places(piece)]
        for piece in pieces
    }


def to_nodes(
    graph: Graph, pieces: Sequence[Piece], frames: Mapping[str, npt.NDArray[np.int64]], samples: int
) -> dict[str, Integers]:
    """By Graph node, (n, *shape) integers, put together from the streams' frames."""
    whole: dict[str, Integers] = {}
    for piece in pieces:
        node = graph[piece.node]
        wide = frames[piece.stream].dtype == object
        if piece.node not in whole:
            whole[piece.node] = np.zeros((samples, node.size), dtype=object if wide else np.int64)
        whole[piece.node][:, _places(piece)] = frames[piece.stream]
    return {name: values.reshape(samples, *graph[name].shape) for name, values in whole.items()}
