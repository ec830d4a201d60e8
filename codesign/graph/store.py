"""Saving a Graph as `graph.json` + `graph.npz`, and loading it back; the format is docs/graph.md."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np

from codesign.artifact import read_bytes, write_atomic
from codesign.errors import CodesignError, GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.graph import Graph
from codesign.graph.nodes import OPERATIONS, IntArray, Node, frozen, operation

FORMAT = "codesign-graph"
VERSION = 2
_READS = (1, 2)  # 2 adds operations to 1
_READS_TEXT = " and ".join(map(str, _READS))
JSON_NAME = "graph.json"
ARRAYS_NAME = "graph.npz"

G = TypeVar("G", bound=Graph)


def _plain(value: Any) -> Any:
    if isinstance(value, FixedPoint):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return value


def pack_arrays(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Arrays as the bytes of an uncompressed npz; the same arrays give the same bytes, whatever their names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.lib.format.write_array(raw, np.asarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), raw.getvalue())
    return packed.getvalue()


def to_bytes(graph: Graph) -> tuple[bytes, bytes]:
    """The two files of a Graph, `graph.json` and `graph.npz`; the same Graph gives the same bytes."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    nodes = []
    for index, node in enumerate(graph.nodes):
        record: dict[str, Any] = {"op": operation(node)}
        for item in fields(node):
            value = getattr(node, item.name)
            if isinstance(value, np.ndarray):
                arrays[f"{index}.{item.name}"] = value
            elif value is not None:
                record[item.name] = _plain(value)
        nodes.append(record)
    array_bytes = pack_arrays(arrays)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "outputs": list(graph.outputs),
        "origin": dict(graph.origin),
        "arrays_sha256": hashlib.sha256(array_bytes).hexdigest(),
        "nodes": nodes,
    }
    return (json.dumps(document, indent=1) + "\n").encode(), array_bytes


def digest(graph: Graph) -> str:
    """SHA-256 over everything that the arithmetic depends on: all of the Graph but its `origin`."""
    document, arrays = to_bytes(Graph(graph.name, graph.nodes, graph.outputs))
    return hashlib.sha256(document + arrays).hexdigest()


def save(graph: Graph, folder: Path) -> None:
    """Write `graph.npz`, then `graph.json` (which holds its hash), each atomically.

    Raises:
        OutputError: the folder cannot be written.
    """
    document, arrays = to_bytes(graph)
    write_atomic(folder / ARRAYS_NAME, arrays)
    write_atomic(folder / JSON_NAME, document)


# What reading a stranger's bytes can raise.
_DAMAGE = (
    AttributeError,
    EOFError,
    KeyError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def load(folder: Path, cls: type[G]) -> G:
    """Read a Graph back from `folder` as a `cls`.

    Raises:
        GraphError: files are missing, damaged, from two different graphs, or of a newer format.
    """
    path = folder / JSON_NAME
    try:
        document = json.loads(read_bytes(path).decode())
        raw = read_bytes(folder / ARRAYS_NAME)
    except FileNotFoundError as error:
        raise GraphError(f"{error.filename} is missing; make it with `codesign convert MODEL --out DIR`") from None
    except _DAMAGE as error:
        raise GraphError(f"{path} is damaged ({error}); convert the model again") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise GraphError(f"{path} is not a codesign graph; make one with `codesign convert MODEL --out DIR`")
    if document.get("version") not in _READS:
        raise GraphError(
            f"{path} has format version {document.get('version')!r}, this codesign reads {_READS_TEXT}; "
            "upgrade codesign or convert the model again"
        )
    if hashlib.sha256(raw).hexdigest() != document.get("arrays_sha256"):
        raise GraphError(f"{folder / ARRAYS_NAME} does not belong to {path}; convert the model again")
    try:
        return _graph(document, _arrays(raw), cls)
    except CodesignError as error:
        raise GraphError(f"{path}: {error}") from error
    except KeyError as error:
        raise GraphError(f"{path} is damaged (it lacks {error}); convert the model again") from error
    except _DAMAGE as error:
        raise GraphError(f"{path} is damaged ({error}); convert the model again") from error


def _graph(document: dict[str, Any], arrays: dict[str, IntArray], cls: type[G]) -> G:
    nodes = tuple(_node(index, record, arrays) for index, record in enumerate(document["nodes"]))
    if arrays:
        raise ValueError(f"array {min(arrays)!r} belongs to no node")
    return cls(
        _typed(str, document["name"], "name"),
        nodes,
        _typed(tuple[str, ...], document["outputs"], "outputs"),
        _typed(dict[str, str], document["origin"], "origin"),
    )


def _arrays(raw: bytes) -> dict[str, IntArray]:
    """The arrays of `graph.npz`; only what `to_bytes` writes is read: stored whole, int64, no pickles.

    Raises:
        ValueError: it is no such archive.
    """
    arrays: dict[str, IntArray] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED or not entry.filename.endswith(".npy"):
                    raise ValueError(f"entry {entry.filename!r} of {ARRAYS_NAME} is compressed or no array")
                array = np.lib.format.read_array(io.BytesIO(archive.read(entry)), allow_pickle=False)
                if array.dtype != np.dtype("<i8"):
                    raise ValueError(f"array {entry.filename!r} has dtype {array.dtype}, expected int64")
                arrays[entry.filename.removesuffix(".npy")] = array
    except zipfile.BadZipFile as error:
        raise ValueError(f"{ARRAYS_NAME}: {error}") from error
    return arrays


def _node(index: int, record: Any, arrays: dict[str, IntArray]) -> Node:
    """The node of a record; takes its arrays out of `arrays`."""
    if not isinstance(record, dict) or not isinstance(record.get("op"), str):
        raise GraphError(f"node {index} is not a record with an operation")
    cls = OPERATIONS.get(record["op"])
    if cls is None:
        raise GraphError(
            f"node {index} has operation {record['op']!r}, which is none of {', '.join(sorted(OPERATIONS))}"
        )
    hints = get_type_hints(cls)
    names = [item.name for item in fields(cls)]
    unknown = sorted(set(record) - {"op", *names})
    if unknown:
        raise GraphError(f"node {index} ({record['op']}) has unknown field {unknown[0]!r}; it may have {names}")
    values: dict[str, Any] = {}
    for item in fields(cls):
        key = f"{index}.{item.name}"
        if hints[item.name] == IntArray and key in arrays:
            values[item.name] = frozen(arrays.pop(key))
        if item.name in record:
            values[item.name] = _typed(hints[item.name], record[item.name], f"{item.name} of node {index}")
        elif item.name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise GraphError(f"node {index} ({record['op']}) lacks {item.name!r}; convert the model again")
    return cls(**values)


def _typed(hint: Any, value: Any, what: str) -> Any:
    """A JSON value as the field type `hint`.

    Raises:
        TypeError: it is of another type.
    """
    if hint in (FixedPoint, FixedPoint | None):
        return FixedPoint.parse(_typed(str, value, what))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint in (tuple[str, ...], tuple[int, ...]) and isinstance(value, list):
        return tuple(_typed(get_args(hint)[0], item, what) for item in value)
    if hint == dict[str, str] and isinstance(value, dict):
        return {_typed(str, key, what): _typed(str, item, what) for key, item in value.items()}
    if hint == int | None:
        hint = int
    if hint in (str, int, bool) and type(value) is hint:
        return value
    raise TypeError(f"{what} is {value!r:.80}")
