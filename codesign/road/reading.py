"""A Graph from whatever the user names: a design folder, a saved Graph, or a model file; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codesign.design import RECORD, read_design, read_graph
from codesign.errors import DesignError, ModelFileError
from codesign.frontend.options import ConvertOptions
from codesign.graph import Graph
from codesign.graph.store import JSON_NAME, load

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Source:
    """A Graph and what is known of how it is to be built.

    Attributes:
        graph: the design.
        clock_ns: clock period that the design folder was made for; None elsewhere.
        board: likewise; '' where none was named.
        converted: it was converted from a model file.
    """

    graph: Graph
    clock_ns: float | None = None
    board: str = ""
    converted: bool = False


def read_source(
    path: Path,
    options: ConvertOptions,
    *,
    weights: Path | None = None,
    progress: Progress = lambda text: None,
) -> Source:
    """The Graph that a path leads to. Only a model file needs Keras and hls4ml.

    Args:
        path: a design folder, a folder with a saved Graph, or a model: `.keras`, legacy `.h5`, or `.json` with weights.
        options: how a model file is converted; nothing to the others.
        weights: of a `.json` model, where they do not lie beside it.
        progress: told what is being done.

    Raises:
        ModelFileError: there is nothing, or no model that can be loaded.
        DesignError: the folder holds no design.
        GraphError: the Graph is damaged.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise ModelFileError(
            f"{path} does not exist; name a design folder, a saved Graph, or a model (.keras, .h5, or .json with its "
            "weights)"
        )
    progress("loading the model")
    from codesign.frontend.loading import load_model

    model = load_model(path, weights)
    from codesign.frontend.convert import convert

    progress("converting with hls4ml")
    return Source(convert(model, options, cls=Graph).graph, converted=True)


def _read_folder(folder: Path) -> Source:
    if (folder / RECORD).exists():
        design = read_design(folder)
        return Source(read_graph(folder, design), design.clock_ns, design.board)
    if (folder / JSON_NAME).exists():
        return Source(load(folder, Graph))
    raise DesignError(
        f"{folder} holds neither a design ({RECORD}) nor a saved Graph ({JSON_NAME}); make one with "
        f"`codesign convert MODEL --out {folder}`"
    )
