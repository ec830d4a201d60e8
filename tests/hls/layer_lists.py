"""ModelGraphs made by hls4ml from lists of its own layers, and the Graphs read from them.

hls4ml has layers that no Keras model leads to; a list of layers leads to all of them.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codesign.graph.reading import read_model_graph
from tests.hls.designs import Pair

DEFAULT = "fixed<16,6>"


@dataclass(frozen=True)
class Layer:
    """One of hls4ml's layers.

    Attributes:
        name: of it.
        class_name: as hls4ml's front ends call it.
        source: the layer that it reads; '' for the input before it.
        types: hls4ml's precisions.
        settings: other settings, such as TableSize.
        attributes: whatever the front ends find in the model.
    """

    name: str
    class_name: str
    source: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


def port(name: str, shape: tuple[int, ...], type_: str) -> Layer:
    """An input."""
    return Layer(name, "InputLayer", types={"result": type_}, attributes={"input_shape": list(shape)})


def convert_layers(
    layers: list[Layer], outputs: list[str], *, io_type: str = "io_parallel", backend: str = "Vitis"
) -> Pair:
    """An hls4ml conversion.

    Args:
        layers: each after the one that it reads.
        outputs: names of layers.
        io_type: io_parallel or io_stream.
        backend: Vitis or Vivado.
    """
    import hls4ml
    from hls4ml.converters import create_config
    from hls4ml.model import ModelGraph

    records: list[dict[str, Any]] = []
    names: dict[str, Any] = {}
    for layer in layers:
        record = {"name": layer.name, "class_name": layer.class_name, **layer.attributes}
        if layer.class_name != "InputLayer":
            record["inputs"] = [layer.source]
        records.append(record)
        names[layer.name] = {"Precision": dict(layer.types), **layer.settings}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        config = create_config(output_dir="unused", project_name="design", backend=backend, io_type=io_type)
        model = {"Precision": DEFAULT, "ReuseFactor": 1, "Strategy": "Latency"}
        config["HLSConfig"] = {"Model": model, "LayerName": names}
        inputs = [layer.name for layer in layers if layer.class_name == "InputLayer"]
        model_graph = ModelGraph.from_layer_list(config, records, inputs, outputs)
    assert hls4ml.__version__
    return Pair(model_graph, read_model_graph(model_graph))
