"""Samples as users bring them: arrays or .npy/.npz files, checked against the ports and put on their grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import InputDataError
from codesign.graph import Graph, Input
from codesign.graph.cast import Integers
from codesign.graph.convert import to_integers


@dataclass(frozen=True, kw_only=True)
class InputCounts:
    """What became of numbers that were cast into the types of the ports.

    Attributes:
        rounded: values that were not on their port's grid, over all ports.
        overflowed: values outside their port's range, over all ports.
        total: values in all.
    """

    rounded: int
    overflowed: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Samples(InputCounts):
    """Samples on the grids of a design's ports.

    Attributes:
        inputs: by port, (samples, *shape) integers.
    """

    inputs: dict[str, Integers]


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a .npy file (under the name '') or of an .npz file; pickles are never opened.

    Raises:
        InputDataError: the file is missing, is no such file, is damaged, or holds pickled objects.
    """
    how = "save numbers with numpy.save (one input) or numpy.savez (several, named as the ports)"
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"": loaded}
        with loaded as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputDataError(f"{path} does not exist; {how}") from None
    except IsADirectoryError:
        raise InputDataError(f"{path} is a folder; {how}") from None
    except Exception as error:  # numpy, zipfile and zlib raise many kinds for damaged files
        reason = "it holds pickled objects" if "pickle" in str(error) else str(error)
        raise InputDataError(f"{path} cannot be read as numbers ({reason}); {how}") from error


def _port(graph: Graph, arrays: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    names = [node.name for node in graph.input_nodes]
    if len(names) == 1 and len(arrays) == 1:
        return {names[0]: np.asarray(next(iter(arrays.values())))}
    if set(arrays) != set(names):
        raise InputDataError(f"the design's inputs are {names}, but the data are named {sorted(arrays)}")
    return {name: np.asarray(arrays[name]) for name in names}


def _check_shape(node: Input, values: npt.NDArray[Any], where: str) -> None:
    wanted = f"(samples, {', '.join(map(str, node.shape))})"
    if values.ndim == 0 or values.shape[1:] != node.shape:
        raise InputDataError(f"{where}: input {node.name!r} has shape {values.shape}, expected {wanted}")
    if values.shape[0] == 0:
        raise InputDataError(f"{where}: input {node.name!r} holds no samples; expected {wanted} with at least one")


def ports_of(
    graph: Graph, data: npt.ArrayLike | Mapping[str, npt.ArrayLike], *, where: str = "data"
) -> dict[str, npt.NDArray[Any]]:
    """The data of each port, of the right shape.

    Args:
        graph: the design.
        data: (samples, *shape) floats or integers for the only port, or by port name.
        where: what the data are, for messages.

    Raises:
        InputDataError: a wrong name or shape, no samples, or different numbers of them.
    """
    ports = _port(graph, dict(data) if isinstance(data, Mapping) else {"": np.asarray(data)})
    for node in graph.input_nodes:
        _check_shape(node, ports[node.name], where)
    if len({values.shape[0] for values in ports.values()}) > 1:
        raise InputDataError(f"{where}: inputs have different numbers of samples")
    return ports


def quantize(graph: Graph, data: npt.ArrayLike | Mapping[str, npt.ArrayLike], *, where: str = "data") -> Samples:
    """Numbers on the grids of the design's ports.

    Args:
        graph: the design.
        data: (samples, *shape) floats or integers for the only port, or by port name.
        where: what the data are, for messages.

    Raises:
        InputDataError: a wrong name, shape or dtype, no samples, or values that are NaN or infinite.
    """
    inputs: dict[str, Integers] = {}
    rounded = overflowed = total = 0
    ports = ports_of(graph, data, where=where)
    for node in graph.input_nodes:
        on_grid = to_integers(ports[node.name], node.result, name=f"{where}: input {node.name!r}")
        inputs[node.name] = on_grid.values
        rounded, overflowed = rounded + on_grid.rounded, overflowed + on_grid.overflowed
        total += int(ports[node.name].size)
    return Samples(inputs=inputs, rounded=rounded, overflowed=overflowed, total=total)
