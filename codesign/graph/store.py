"""Saving a Graph as `graph.json` + `graph.npz`, and loading it back; the format is docs/graph.md."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np

from codesign.artifact import read_bytes, write_atomic
from codesign.errors import CodesignError, GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.graph import Graph
from codesign.graph.nodes import OPERATIONS, Node, frozen, operation

FORMAT = "codesign-graph"
VERSION = 1
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
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.lib.format.write_array(raw, array, version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), raw.getvalue())
    array_bytes = packed.getvalue()
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


def load(folder: Path, cls: type[G]) -> G:
    """Read a Graph back from `folder` as a `cls`.

    Raises:
        GraphError: files are missing, damaged, from two different graphs, or of a newer format.
    """
    path = folder / JSON_NAME
    try:
        document = json.loads(read_bytes(path).decode())
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise GraphError(f"{path} is not a codesign graph; make one with `codesign convert MODEL --out DIR`")
        if document.get("version") != VERSION:
            raise GraphError(
                f"{path} has format version {document.get('version')!r}, this codesign reads {VERSION}; "
                "upgrade codesign or convert the model again"
            )
        raw = read_bytes(folder / ARRAYS_NAME)
        if hashlib.sha256(raw).hexdigest() != document["arrays_sha256"]:
            raise GraphError(f"{folder / ARRAYS_NAME} does not belong to {path}; convert the model again")
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        nodes = tuple(_node(index, record, arrays) for index, record in enumerate(document["nodes"]))
        return cls(document["name"], nodes, tuple(document["outputs"]), document["origin"])
    except CodesignError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise GraphError(f"{path} is damaged ({error}); convert the model again") from error


def _node(index: int, record: dict[str, Any], arrays: dict[str, Any]) -> Node:
    cls = OPERATIONS.get(record["op"])
    if cls is None:
        raise GraphError(f"node {index} has operation {record['op']!r}, which is none of {', '.join(OPERATIONS)}")
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for item in fields(cls):
        key = f"{index}.{item.name}"
        if key in arrays:
            values[item.name] = frozen(arrays[key])
        elif item.name in record:
            values[item.name] = _typed(hints[item.name], record[item.name])
    return cls(**values)


def _typed(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if hint in (FixedPoint, FixedPoint | None):
        return FixedPoint.parse(value)
    if isinstance(value, list):
        return tuple(value)
    return value
