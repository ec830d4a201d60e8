"""`csim.json`: what the C simulation of an HLS project reads and answers, so that nothing else must be known of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codesign.artifact import write_atomic
from codesign.errors import CodesignError, DesignError
from codesign.graph import FixedPoint

FORMAT = "codesign-csim"
VERSION = 1
MANIFEST = "csim.json"
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Port:
    """Numbers that pass between us and the C++ program.

    Attributes:
        name: of the Graph node whose result they are.
        shape: for one sample.
        type: of every number.
    """

    name: str
    shape: tuple[int, ...]
    type: FixedPoint

    @property
    def size(self) -> int:
        """Numbers in one sample."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Manifest:
    """The ports of a compiled C simulation.

    Attributes:
        project: name of the top function and of its file in `firmware/`.
        inputs: in the order of the program's file of inputs.
        outputs: in the order of its file of results.
        layers: that the program can trace, in the order in which they follow the outputs.
        graph: digest of the Graph that the project computes.
    """

    project: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Port, ...]
    graph: str

    def save(self, folder: Path) -> None:
        """Write `csim.json`.

        Raises:
            OutputError: the folder cannot be written.
        """
        record = {
            "format": FORMAT,
            "version": VERSION,
            "project": self.project,
            "graph": self.graph,
            "inputs": [_record(port) for port in self.inputs],
            "outputs": [_record(port) for port in self.outputs],
            "layers": [_record(port) for port in self.layers],
        }
        write_atomic(folder / MANIFEST, json.dumps(record, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read `csim.json`.

        Raises:
            DesignError: it is missing, damaged or of another version.
        """
        path = folder / MANIFEST
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DesignError(f"{path} is missing: {folder} holds no HLS project; convert the model again") from None
        except (OSError, ValueError, RecursionError) as error:
            raise DesignError(f"{path} is damaged ({error}); convert the model again") from error
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise DesignError(f"{path} describes no C simulation; convert the model again")
        if record.get("version") != VERSION:
            raise DesignError(
                f"{path} has version {record.get('version')!r}, this codesign reads {VERSION}; convert the model again"
            )
        try:
            return cls(
                _identifier(record["project"]),
                _ports(record["inputs"]),
                _ports(record["outputs"]),
                _ports(record["layers"]),
                str(record["graph"]),
            )
        except (CodesignError, KeyError, TypeError, ValueError) as error:
            raise DesignError(f"{path} is damaged ({error}); convert the model again") from error


def _record(port: Port) -> Mapping[str, Any]:
    return {"name": port.name, "shape": list(port.shape), "type": str(port.type)}


def _identifier(name: Any) -> str:
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is not an identifier")
    return name


def _ports(records: Any) -> tuple[Port, ...]:
    ports = tuple(
        Port(_identifier(record["name"]), _shape(record["shape"]), FixedPoint.parse(record["type"]))
        for record in records
    )
    if len({port.name for port in ports}) != len(ports):
        raise ValueError("a port is named twice")
    return ports


def _shape(axes: Any) -> tuple[int, ...]:
    if not isinstance(axes, list) or not axes or not all(type(axis) is int and axis >= 1 for axis in axes):
        raise ValueError(f"{axes!r} is not a shape")
    return tuple(axes)
