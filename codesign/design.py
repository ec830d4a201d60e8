"""The design folder: what `convert` writes and every later stage reads.

DIR/design.json    the commit record, written last: without it the folder is no design
DIR/graph.json, graph.npz
DIR/model.keras (or .h5, .json …)   the model as it came
DIR/samples.npz    samples to verify with, as integers of the input types
DIR/hls/, DIR/rtl/, DIR/verify/, DIR/stress/, DIR/mutation/, DIR/build/<board>/    one folder a stage
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.artifact import STAMP, make_folder, read_stamp, write_atomic
from codesign.errors import DesignError, OutputError
from codesign.graph import Graph, IntArray, digest
from codesign.graph.store import load, pack_arrays

FORMAT = "codesign-design"
VERSION = 1
RECORD = "design.json"
SAMPLES = "samples.npz"
MARK = "design folder"


@dataclass(frozen=True)
class Design:
    """The record of a design folder.

    Attributes:
        key: names everything that the design was made from.
        graph_digest: of the Graph, as `codesign.graph.digest`.
        model: file name of the model inside the folder; '' where the design has none.
        layer_nodes: for each layer of the model, the Graph node that computes its output.
        clock_ns: clock period that the HLS and RTL projects are made for.
        board: board that they are made for; '' where none was named.
        head: what leaves the design (model, logits or argmax).
        versions: of the packages that made it.
        rtl_refused: why the design has no RTL project; '' where it has one.
    """

    key: str
    graph_digest: str
    model: str
    layer_nodes: Mapping[str, str]
    clock_ns: float
    board: str
    head: str
    versions: Mapping[str, str]
    rtl_refused: str = ""


def claim(folder: Path) -> Path:
    """Make `folder` ours before anything is written into it.

    Raises:
        OutputError: it is a file, cannot be written, or holds what we did not write.
    """
    make_folder(folder)
    stamp = read_stamp(folder)
    if stamp is None:
        if any(folder.iterdir()):
            raise OutputError(
                f"{folder} is not empty and is not a codesign design; give an empty or a new folder with --out"
            )
        write_atomic(folder / STAMP, json.dumps({"key": MARK}) + "\n")
    elif stamp.get("key") != MARK:
        raise OutputError(f"{folder} belongs to another stage of codesign; give another folder with --out")
    return folder


def uncommit(folder: Path) -> None:
    """Take the commit record away, so that a run killed from here on leaves no design that mixes two."""
    (folder / RECORD).unlink(missing_ok=True)


def drop_results(folder: Path, *, without_rtl: bool = False) -> None:
    """Remove what earlier designs in this folder led to: their verification and builds, where we wrote them.

    Args:
        folder: the design folder.
        without_rtl: the design that comes has no RTL project, so an earlier one's goes too.
    """
    earlier = (folder / "rtl",) if without_rtl else ()
    proofs = (folder / name for name in ("verify", "stress", "mutation"))
    for stage in (*proofs, *earlier, *sorted((folder / "build").glob("*"))):
        if stage.is_dir() and read_stamp(stage) is not None:
            shutil.rmtree(stage)


def commit(folder: Path, design: Design) -> None:
    """Write the commit record: from here on the folder is a design."""
    record = {"format": FORMAT, "version": VERSION, **asdict(design)}
    write_atomic(folder / RECORD, json.dumps(record, indent=1) + "\n")


def read_design(folder: Path) -> Design:
    """The record of a design folder.

    Raises:
        DesignError: there is none, or it is damaged or of another version.
    """
    path = folder / RECORD
    how = f"make it with `codesign convert MODEL --out {folder}`"
    if not folder.is_dir():
        raise DesignError(f"{folder} is not a folder; {how}")
    try:
        record = json.loads(path.read_text())
    except FileNotFoundError:
        raise DesignError(f"{folder} holds no finished design ({RECORD} is missing); {how}") from None
    except (OSError, ValueError) as error:
        raise DesignError(f"{path} is damaged ({error}); {how}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise DesignError(f"{path} is not a codesign design; {how}")
    if record.get("version") != VERSION:
        raise DesignError(f"{path} has version {record.get('version')!r}, this codesign reads {VERSION}; {how}")
    try:
        design = Design(
            key=str(record["key"]),
            graph_digest=str(record["graph_digest"]),
            model=str(record["model"]),
            layer_nodes={str(k): str(v) for k, v in dict(record["layer_nodes"]).items()},
            clock_ns=float(record["clock_ns"]),
            board=str(record["board"]),
            head=str(record["head"]),
            versions={str(k): str(v) for k, v in dict(record["versions"]).items()},
            rtl_refused=str(record.get("rtl_refused", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DesignError(f"{path} is damaged ({error}); {how}") from error
    if design.model and not re.fullmatch(r"model\.[a-z0-9]+", design.model):
        raise DesignError(f"{path} names a model file {design.model!r} outside the folder; {how}")
    return design


def read_graph(folder: Path, design: Design, cls: type[Graph] = Graph) -> Graph:
    """The Graph of a design folder.

    Raises:
        GraphError: its files are damaged.
        DesignError: it is not the Graph that the record names.
    """
    graph = load(folder, cls)
    if digest(graph) != design.graph_digest:
        raise DesignError(f"the graph in {folder} is not the one that its {RECORD} names; convert the model again")
    return graph


def samples_bytes(samples: Mapping[str, IntArray]) -> bytes:
    """Integer samples for each port as the bytes of an npz file."""
    return pack_arrays({name: np.asarray(values, dtype=np.int64) for name, values in samples.items()})


def read_samples(folder: Path) -> dict[str, IntArray] | None:
    """The samples kept with a design, by port; None where it has none.

    Raises:
        DesignError: the file is damaged.
    """
    path = folder / SAMPLES
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name], dtype=np.int64) for name in archive.files}
    except Exception as error:  # numpy and zipfile raise many kinds here
        raise DesignError(f"{path} is damaged ({error}); convert the model again") from error


def key_of(*parts: bytes | str | Mapping[str, Any]) -> str:
    """A SHA-256 that names everything in `parts`."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Mapping):
            part = json.dumps(part, sort_keys=True, default=str)
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()
