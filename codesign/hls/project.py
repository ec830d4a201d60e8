"""Writing the HLS project of an hls4ml ModelGraph, with a C simulation that reads and writes raw bits beside it."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from codesign.artifact import write_atomic
from codesign.errors import GraphError, OutputError, UnsupportedLayerError
from codesign.graph import FixedPoint, Graph, Node, digest
from codesign.graph.reading import read_model_graph
from codesign.hls.bridge import SOURCE, Top, Variable, Watched, render
from codesign.hls.cpp_names import check_names
from codesign.hls.manifest import Manifest, Port

_CONFIG = "hls4ml_config.yml"
_MODELS = ("KerasModel", "OnnxModel", "PytorchModel")
_BACKENDS = ("Vitis", "Vivado")
_ELEMENTWISE = frozenset(
    {
        "Activation",
        "ApplyAlpha",
        "BatchNormalization",
        "BatchNormalizationQuantizedTanh",
        "HardActivation",
        "Merge",
        "PReLU",
        "ParametrizedActivation",
        "Softmax",
        "UnaryLUT",
    }
)
_STAMP_LENGTH = 8
_DOUBLE_BITS = 53
_DOUBLE_EXPONENT = 1000


@dataclass(frozen=True)
class HlsProject:
    """An HLS project on disk.

    Attributes:
        folder: that it is in; it may be moved.
        manifest: what its C simulation reads and answers.
    """

    folder: Path
    manifest: Manifest


def write_project(model_graph: Any, graph: Graph, folder: Path) -> HlsProject:
    """Write hls4ml's Vitis or Vivado project of a ModelGraph, and our C simulation beside it.

    The same ModelGraph gives the same bytes, and no file names the folder or this machine.

    Args:
        model_graph: an `hls4ml.model.graph.ModelGraph` of such a backend on which its flows have run; left as it was.
        graph: the Graph that was read from it.
        folder: an existing, empty folder.

    Raises:
        UnsupportedLayerError: the ModelGraph is of another backend, layers are named so that they clash in hls4ml's
            C++, it streams what hls4ml's C++ cannot, or hls4ml's headers exclude each other.
        GraphError: `graph` was read from another ModelGraph.
        OutputError: `folder` cannot be written.
    """
    backend = model_graph.config.backend
    if backend is None or backend.name not in _BACKENDS:
        raise UnsupportedLayerError(
            f"HLS projects are written for backend {' or '.join(_BACKENDS)}, this model was converted for "
            f"{getattr(backend, 'name', None)!r}; convert it with backend='Vitis'"
        )
    sources = {node.name: node.source for node in graph}
    if digest(read_model_graph(model_graph, name=graph.name, sources=sources)) != digest(graph):
        raise GraphError(f"graph {graph.name!r} was not read from this ModelGraph; read it again before writing")
    check_names(model_graph)
    _check_ports(model_graph)
    _check_streams(model_graph)
    _check_headers(model_graph)
    top = _top(model_graph, graph)
    program = render(top)
    manifest = Manifest(
        top.project,
        tuple(_port(graph[name]) for name in model_graph.inputs),
        tuple(_port(node) for node in graph.output_nodes),
        tuple(_port(graph[layer.name]) for layer in top.watched if layer.exact),
        digest(graph),
    )
    config = _plain({key: value for key, value in model_graph.config.config.items() if key not in _MODELS})
    config.update(Stamp=manifest.graph[:_STAMP_LENGTH], InputData=None, OutputPredictions=None)
    with _prepared(model_graph, {**config, "OutputDir": str(folder)}), _quiet():
        try:
            backend.writer.write_hls(model_graph)
        except OSError as error:
            raise OutputError(
                f"cannot write the HLS project into {folder} ({error.strerror or error}); "
                "free space or give another --out"
            ) from error
    write_atomic(folder / _CONFIG, yaml.safe_dump({**config, "OutputDir": "."}))
    write_atomic(folder / SOURCE, program)
    manifest.save(folder)
    return HlsProject(folder, manifest)


def _check_ports(model_graph: Any) -> None:
    """Refuse an input that is an output as it is: its C++ names both parameters alike.

    Raises:
        UnsupportedLayerError: naming the input.
    """
    outputs = {variable.name for variable in model_graph.get_output_variables()}
    for variable in model_graph.get_input_variables():
        if variable.name in outputs:
            raise UnsupportedLayerError(
                f"input {variable.name!r} is an output too, which hls4ml's C++ declares twice; use io_stream, or leave "
                "that output out"
            )


def _check_streams(model_graph: Any) -> None:
    """Refuse element-wise layers that would read packs of another size than they write, past their end.

    Raises:
        UnsupportedLayerError: naming the layer.
    """
    packs: dict[str, int | None] = {}  # by type: where two layers name theirs alike, C++ takes the first
    for layer in model_graph.get_layers():
        for variable in layer.get_variables():
            packs.setdefault(variable.type.name, getattr(variable.type, "n_elem", None))
        if layer.class_name not in _ELEMENTWISE:
            continue
        written = packs[layer.get_output_variable().type.name]
        for name in layer.inputs:
            read = packs[layer.get_input_variable(name).type.name]
            if None not in (read, written) and read != written:
                raise UnsupportedLayerError(
                    f"layer {layer.name!r} reads a stream of packs of {read} numbers and writes packs of {written}, "
                    "which hls4ml's C++ cannot; put the Flatten or Reshape after it, right before a Dense, or use "
                    "io_parallel"
                )


def _check_headers(model_graph: Any) -> None:
    """Refuse 1-D beside 2-D depthwise convolutions in io_parallel: one include guard serves the headers of both.

    Raises:
        UnsupportedLayerError: naming a layer of each.
    """
    layers = {layer.class_name: layer.name for layer in model_graph.get_layers()}
    line, plane = layers.get("DepthwiseConv1D"), layers.get("DepthwiseConv2D")
    if line and plane and model_graph.config.get_config_value("IOType") == "io_parallel":
        raise UnsupportedLayerError(
            f"layers {line!r} and {plane!r}: hls4ml's C++ does not compile with 1-D and 2-D depthwise convolutions in "
            "one io_parallel design (nnet_sepconv1d_latency.h and nnet_sepconv2d_latency.h have the same include "
            "guard); use io_stream, or a Conv1D"
        )


def _port(node: Node) -> Port:
    return Port(node.name, node.shape, node.result)


def _top(model_graph: Any, graph: Graph) -> Top:
    """What hls4ml's writer will make the top function look like."""
    config = model_graph.config
    results = {node.name: node.result for node in graph if graph.runs(node) == 1}
    return Top(
        project=config.get_project_name(),
        stream=config.get_config_value("IOType") == "io_stream",
        inputs=[_variable(variable) for variable in model_graph.get_input_variables()],
        outputs=[_variable(variable) for variable in model_graph.get_output_variables()],
        memories=[weight.name for weight in model_graph.get_weight_variables() if weight.storage.lower() == "bram"],
        watched=[_watched(layer, results.get(layer.name)) for layer in _computing(model_graph)],
        namespace=config.get_writer_config().get("Namespace") or "",
    )


def _variable(variable: Any) -> Variable:
    return Variable(variable.type.name, int(variable.size()))


def _computing(model_graph: Any) -> list[Any]:
    """The layers for which the writer writes a call, and with it the saving of their results."""
    return [layer for layer in model_graph.get_layers() if layer.get_attr("function_cpp")]


def _watched(layer: Any, result: FixedPoint | None) -> Watched:
    """How results are saved; not given out are those of no node, of several, and of one step of a loop over time."""
    sizes = [int(variable.size()) for variable in layer.get_variables()]
    if result is None:
        return Watched(layer.name, max(sizes), exact=False)
    exponents = max(abs(result.integer), abs(result.fraction))
    narrow = result.width <= _DOUBLE_BITS and exponents <= _DOUBLE_EXPONENT
    exact = len(sizes) == 1 and (narrow or result.significant is not None)
    return Watched(layer.name, max(sizes), exact)


def _plain(value: Any) -> Any:
    """A config as what safe YAML knows: everything else as its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or type(value) in (str, int, float, bool) else str(value)


@contextlib.contextmanager
def _prepared(model_graph: Any, values: dict[str, Any]) -> Iterator[None]:
    """Give the ModelGraph other settings, and tracing of every layer, while the block runs."""
    config = model_graph.config
    kept = (config.config, config.writer_config, config.trace_output)
    traces = [(layer, layer.get_attr("trace", False)) for layer in model_graph.get_layers()]
    try:
        # An archive would be written beside the folder.
        config.config, config.writer_config = values, {**config.writer_config, "WriteTar": False}
        config.trace_output = True
        for layer, _ in traces:
            layer.set_attr("trace", True)
        yield
    finally:
        config.config, config.writer_config, config.trace_output = kept
        for layer, trace in traces:
            layer.set_attr("trace", trace)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep hls4ml's prints and warnings from the user."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
