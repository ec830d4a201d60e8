"""Reading an hls4ml ModelGraph into a Graph, after hls4ml's own optimizer flows have run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from codesign.errors import UnsupportedLayerError
from codesign.graph.graph import Graph
from codesign.graph.nodes import Node
from codesign.graph.reading.floats import check_floats
from codesign.graph.reading.precision import read_type
from codesign.graph.reading.registry import READERS, Read
from codesign.graph.reading.unwritten import UNWRITTEN

G = TypeVar("G", bound=Graph)


def _common(node: Any, by_output: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, Any]:
    variable = node.get_output_variable()
    return {
        "name": node.name,
        "inputs": () if _is_input(node) else tuple(by_output[name] for name in node.inputs if name),
        "shape": tuple(int(axis) for axis in variable.shape),
        "result": read_type(variable.type.precision, layer=node.name, what="result"),
        "source": sources.get(node.name, ""),
    }


def _is_input(node: Any) -> bool:
    return node.class_name in ("Input", "InputLayer")


def _refusal(node: Any) -> str:
    reason = UNWRITTEN.get(node.class_name)
    return f"{node.name!r} ({node.class_name})" + (f": {reason}" if reason else "")


def check_layers(model_graph: Any) -> None:
    """Refuse a ModelGraph that holds layers we do not carry, all of them in one message.

    Raises:
        UnsupportedLayerError: naming each layer and its class.
    """
    refused = [_refusal(node) for node in model_graph.get_layers() if node.class_name not in READERS]
    if refused:
        raise UnsupportedLayerError(
            f"unsupported layers: {', '.join(refused)}; supported are hls4ml's {', '.join(sorted(READERS))}: "
            "replace these layers or leave them outside the converted model"
        )


def read_model_graph(
    model_graph: Any,
    *,
    name: str = "design",
    sources: Mapping[str, str] | None = None,
    origin: Mapping[str, str] | None = None,
    cls: type[G] = Graph,  # type: ignore[assignment]
) -> G:
    """The Graph of an hls4ml ModelGraph.

    Args:
        model_graph: an `hls4ml.model.graph.ModelGraph` on which its backend's flows have run.
        name: of the design.
        sources: for hls4ml's layer names, the layers of the user's model.
        origin: facts to keep with the Graph.
        cls: the class to build.

    Raises:
        UnsupportedLayerError: a layer, option or type is not carried.
        GraphError: the ModelGraph contradicts itself.
    """
    check_layers(model_graph)
    by_output: dict[str, str] = {}
    nodes: list[Node] = []
    for layer in model_graph.get_layers():
        check_floats(layer)
        read = READERS[layer.class_name](layer, _common(layer, by_output, sources or {}))
        if not isinstance(read, Read):
            read = Read((read,), dict.fromkeys((*layer.outputs, layer.name), read.name))
        nodes.extend(read.nodes)
        by_output.update(read.outputs)
    # hls4ml lists inputs as its front end met them; those who call the C++ or the model give them in the model's order.
    ports = {by_output[name]: place for place, name in enumerate(model_graph.inputs)}
    nodes.sort(key=lambda node: ports.get(node.name, len(ports)))
    outputs = tuple(by_output[output] for output in model_graph.outputs)
    return cls(name, tuple(nodes), outputs, origin or {})
