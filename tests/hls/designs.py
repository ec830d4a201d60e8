"""ModelGraphs made by hls4ml from plain Keras models with explicit types, and the Graphs read from them."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.graph import Graph
from codesign.graph.cast import Integers
from codesign.graph.reading import read_model_graph


@dataclass(frozen=True)
class Pair:
    """What `write_project` takes."""

    model_graph: Any
    graph: Graph


def layers() -> Any:
    import keras

    return keras.layers


def fill(model: Any, seed: int) -> Any:
    """Give a model weights on a grid of 1/32, some of them out of every range, and none of them zero by accident."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        shapes = [weight.shape for weight in layer.weights]
        values = [rng.integers(-60, 61, shape) / 32 for shape in shapes]
        if type(layer).__name__ == "BatchNormalization":
            values[3] = np.abs(values[3]) + 0.5
        layer.set_weights(values)
    return model


def convert(
    model: Any,
    types: Mapping[str, Mapping[str, str]],
    *,
    io_type: str = "io_parallel",
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    whole: Mapping[str, Any] | None = None,
    inner: Mapping[str, Mapping[str, str]] | None = None,
    **options: Any,
) -> Pair:
    """An hls4ml conversion.

    Args:
        model: a Keras model.
        types: by layer, hls4ml's precisions.
        io_type: io_parallel or io_stream.
        settings: by layer, other settings.
        whole: settings of the whole model.
        inner: as `types`, for layers that hls4ml makes of others, of which its own config knows nothing.
        options: of `convert_from_keras_model`.
    """
    import hls4ml

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
        config["Model"].update(whole or {})
        for layer, values in types.items():
            config["LayerName"][layer]["Precision"].update(values)
        for layer, values in (inner or {}).items():
            config["LayerName"][layer] = {"Precision": dict(values)}
        for layer, values in (settings or {}).items():
            config["LayerName"][layer].update(values)
        given = {"backend": "Vitis", "project_name": "design", "output_dir": "unused", **options}
        model_graph = hls4ml.converters.convert_from_keras_model(model, hls_config=config, io_type=io_type, **given)
    return Pair(model_graph, read_model_graph(model_graph))


def from_layers(
    found: list[dict[str, Any]],
    types: Mapping[str, Mapping[str, str]],
    outputs: list[str],
    *,
    io_type: str = "io_parallel",
    backend: str = "Vitis",
    whole: Mapping[str, Any] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Pair:
    """A ModelGraph of layers as hls4ml's front ends describe them, for those that no layer of Keras 3 becomes.

    Args:
        found: the descriptions.
        types: by layer, hls4ml's precisions.
        outputs: names of layers.
        io_type: io_parallel or io_stream.
        backend: Vitis or Vivado.
        whole: settings of the whole model.
        settings: by layer, other settings.
    """
    import hls4ml
    from hls4ml.model.graph import ModelGraph

    config = hls4ml.backends.get_backend(backend).create_initial_config(io_type=io_type)
    config.update(OutputDir="unused", ProjectName="design", Backend=backend)
    config["HLSConfig"] = {
        "Model": {"Precision": {"default": "fixed<16,6>"}, "ReuseFactor": 1, "Strategy": "Latency", **(whole or {})},
        "LayerName": {name: {"Precision": dict(values), "Strategy": "Latency"} for name, values in types.items()},
    }
    for name, values in (settings or {}).items():
        config["HLSConfig"]["LayerName"].setdefault(name, {}).update(values)
    inputs = [item["name"] for item in found if item["class_name"] == "InputLayer"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        model_graph = ModelGraph.from_layer_list(config, found, inputs, outputs)
    return Pair(model_graph, read_model_graph(model_graph))


def mlp(*, name: str = "pixels", dense: str = "first", io_type: str = "io_parallel", **options: Any) -> Pair:
    """8 → dense 6 → relu → dense 4."""
    import keras

    given = layers().Input((8,), name=name)
    hidden = layers().Activation("relu", name="relu")(layers().Dense(6, name=dense)(given))
    model = fill(keras.Model(given, layers().Dense(4, name="last")(hidden)), 3)
    types = {
        name: {"result": "fixed<8,3>"},
        dense: {"weight": "fixed<8,3>", "bias": "fixed<8,3>", "accum": "fixed<14,6>", "result": "fixed<10,4,RND,SAT>"},
        "relu": {"result": "ufixed<8,3,RND_CONV,SAT>"},
        "last": {"weight": "fixed<8,3>", "bias": "fixed<8,3>", "accum": "fixed<16,8>", "result": "fixed<12,7>"},
    }
    return convert(model, types, io_type=io_type, **options)


def full_range(graph: Graph, samples: int, seed: int) -> dict[str, Integers]:
    """Random integers over the full range of each port, its ends among them."""
    rng = np.random.default_rng(seed)
    found: dict[str, Integers] = {}
    for node in graph.input_nodes:
        type_ = node.result
        words = rng.integers(0, 2**32, (samples, *node.shape, -(-type_.width // 32)), dtype=np.uint64).astype(object)
        values = sum(words[..., index] << (32 * index) for index in range(words.shape[-1]))
        values = (values & ((1 << type_.width) - 1)) + type_.min_int
        values[0], values[1] = type_.min_int, type_.max_int
        found[node.name] = values if type_.width > 62 else values.astype(np.int64)
    return found
