"""From a Keras model to an hls4ml ModelGraph with exact types, and the Graph read from it."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import hls4ml
import keras
import numpy as np
from hls4ml.model.flow import flow as flow_registry
from hls4ml.model.flow import get_flow, register_flow

from codesign.errors import CodesignError, LayerConfigError, PrecisionError, UnsupportedLayerError, WeightError
from codesign.frontend import handlers, recurrent_handlers
from codesign.frontend.activation_handlers import softmax_over_last_axis
from codesign.frontend.exact_types import resolve_types
from codesign.frontend.flattening import flattened, is_model
from codesign.frontend.names import identifier, unique_identifiers
from codesign.frontend.options import ConvertOptions, Head, Strategy
from codesign.graph import Graph
from codesign.graph.reading import check_layers, read_model_graph

G = TypeVar("G", bound=Graph)

PROJECT = "design"
_FLOW = "codesign_convert"


@dataclass(frozen=True)
class Converted(Generic[G]):
    """A converted model.

    Attributes:
        graph: what the hardware computes.
        model_graph: hls4ml's own graph, for writing the HLS project.
        layer_nodes: for each layer of the Keras model, the Graph node whose result is that layer's output;
            layers that were fused into others have none.
    """

    graph: G
    model_graph: Any
    layer_nodes: Mapping[str, str]


def _register_flow() -> None:
    """hls4ml's front-end passes as a flow of our own, less two.

    `infer_precision_types` falls back to fixed<16,6>; `merge_linear_activation` drops a QActivation(quantized_bits)
    that follows a layer of open type, and its quantizer with it.
    """
    if _FLOW in flow_registry.flow_map:
        return
    left_out = ("infer_precision_types", "merge_linear_activation")
    passes = [name for name in get_flow("convert").optimizers if name not in left_out]
    register_flow(_FLOW, passes, requires=["parse_qonnx"])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep hls4ml's prints and warnings from the user."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("hls4ml").setLevel(logging.ERROR)
        yield


@contextlib.contextmanager
def _safe_names(model: Any) -> Iterator[dict[str, str]]:
    """Give every layer an identifier as its name while the block runs; yields safe name → the user's name."""
    originals = [(layer, layer.name) for layer in model.layers]
    safe = unique_identifiers(name for _, name in originals)
    try:
        for layer, name in originals:
            layer.name = safe[name]
        yield {value: key for key, value in safe.items()}
    finally:
        for layer, name in originals:
            layer.name = name


def check_model(model: Any) -> None:
    """Refuse a Keras model that the road cannot carry, before any work is done.

    Raises:
        UnsupportedLayerError: naming every such layer and its class.
        WeightError: a weight is NaN or infinite.
    """
    if not isinstance(model, keras.Model):
        raise UnsupportedLayerError(
            f"{type(model).__name__} is not a Keras model; build a Sequential or functional one"
        )
    if not is_model(model):
        raise UnsupportedLayerError(
            f"model {model.name!r} is a subclassed {type(model).__name__}; hls4ml reads Sequential and functional "
            "models only: rebuild it as one of these"
        )
    carried = handlers.carried()
    layers = list(_all_layers(model))
    refused = [f"{layer.name!r} ({type(layer).__name__})" for layer in layers if type(layer).__name__ not in carried]
    if refused:
        raise UnsupportedLayerError(
            f"unsupported layers: {', '.join(refused)}; supported are {', '.join(sorted(carried))}: "
            "replace these layers or leave them outside the converted model"
        )
    if not model.built:
        raise UnsupportedLayerError(f"model {model.name!r} is not built; give it an input shape and build it")
    for layer in layers:
        recurrent_handlers.check(layer)
        for weight in layer.weights:
            bad = int(np.count_nonzero(~np.isfinite(keras.ops.convert_to_numpy(weight))))
            if bad:
                raise WeightError(
                    f"layer {layer.name!r}: weight {weight.name!r} holds {bad} values that are NaN or infinite; "
                    "train the model again or mend them"
                )


def _all_layers(model: Any) -> Iterator[Any]:
    """A model's layers, and those of the models inside it."""
    for layer in model.layers:
        if is_model(layer):
            yield from _all_layers(layer)
        else:
            yield layer


def _with_head(model: Any, head: Head) -> Any:
    """The model with an argmax layer at its end where one is asked for and it has no softmax."""
    if head is not Head.ARGMAX or _ends_in_softmax(model):
        return model
    if len(model.outputs) != 1:
        raise UnsupportedLayerError(
            f"model {model.name!r} has {len(model.outputs)} outputs; an argmax head needs exactly one: "
            "choose another head"
        )
    return keras.Model(model.inputs, keras.layers.Softmax(name="argmax")(model.outputs[0]))


def _ends_in_softmax(model: Any) -> bool:
    last = model.layers[-1]
    activation = getattr(last, "activation", None)
    return isinstance(last, keras.layers.Softmax) or activation is keras.activations.softmax


def _state_interpolations(model: Any, layers: dict[str, Any]) -> None:
    """hls4ml's own config says nearest for every resize, whatever the model says, and so it would be written."""
    for layer in model.layers:
        if layer.name in layers and hasattr(layer, "interpolation"):
            layers[layer.name]["Algorithm"] = layer.interpolation


def _state_layers(layers: dict[str, Any], options: ConvertOptions, user_names: Mapping[str, str]) -> None:
    """Put the user's strategies and reuse factors of single layers into hls4ml's config.

    Raises:
        LayerConfigError: the model has no such layer, or the layer no such option.
    """
    for layer, stated in options.layers.items():
        name = _safe(user_names, layer)
        weighted = [known for known, values in layers.items() if "weight" in values["Precision"]]
        if name not in weighted:
            raise LayerConfigError(
                f"the layer config names {layer!r}, which is no layer with weights; the model has "
                f"{', '.join(user_names.get(known, known) for known in weighted)}"
            )
        if stated.strategy is not None:
            layers[name]["Strategy"] = stated.strategy.value
        if stated.reuse_factor is not None:
            layers[name]["ReuseFactor"] = stated.reuse_factor


def _hls_config(model: Any, options: ConvertOptions, user_names: Mapping[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
    config["Model"]["TraceOutput"] = True
    config["Model"]["Strategy"] = Strategy.LATENCY.value  # a strategy is of layers with weights: hls4ml trips elsewhere
    config["Model"]["ReuseFactor"] = options.reuse_factor
    config["Flows"] = [_FLOW]
    layers = config["LayerName"]
    inputs = {layer.name for layer in model.layers if type(layer).__name__ == "InputLayer"}
    final = {name for name, values in layers.items() if "Implementation" in values and name == list(layers)[-1]}
    for name, values in layers.items():
        values["Trace"] = True
        if name in inputs:
            values["Precision"]["result"] = str(options.input_type)
        if "ReuseFactor" in values:
            values["ReuseFactor"] = options.reuse_factor
        if "weight" in values["Precision"]:
            values["Strategy"] = options.strategy.value
        if "Implementation" in values:
            values["Implementation"] = options.softmax.value
            if name in final and options.head is Head.ARGMAX:
                values["Implementation"] = "argmax"
            if name in final and options.head is Head.LOGITS:
                values["Skip"] = True
    _state_interpolations(model, layers)
    _state_layers(layers, options, user_names)
    for layer, types in options.precision.items():
        name = next((safe for safe, user in user_names.items() if user == layer), identifier(layer))
        if name not in layers:
            raise PrecisionError(
                f"the precision config names layer {layer!r}, which the model lacks; it has "
                f"{', '.join(user_names.get(known, known) for known in layers)}"
            )
        known = layers[name]["Precision"]
        for key, type_ in types.items():
            if key not in known:
                raise PrecisionError(
                    f"the precision config gives layer {layer!r} a type {key!r}; it has {', '.join(known)}"
                )
            known[key] = str(type_)
    return config


def convert(
    model: Any,
    options: ConvertOptions,
    *,
    origin: Mapping[str, str] | None = None,
    cls: type[G] = Graph,  # type: ignore[assignment]
) -> Converted[G]:
    """Convert a Keras or QKeras model.

    Args:
        model: a built `keras.Model`; left as it was.
        options: what is asked for.
        origin: facts to keep with the Graph.
        cls: the class of Graph to build.

    Raises:
        UnsupportedLayerError: a layer or option of one is not carried.
        WeightError: a weight is not finite, or too fine to be held exactly.
        PrecisionError: the precision config does not match the model.
    """
    check_model(model)
    _register_flow()
    with handlers.registered(), flattened(model) as flat:
        whole = _with_head(flat.model, options.head)
        with _safe_names(whole) as user_names, _quiet():
            model_graph = _model_graph(whole, options, user_names)
            named = _layer_nodes(whole, model_graph, user_names)
            sources = {node: layer for layer, node in named.items()}
            others = {user_names[layer] for layer in _reordered(whole, model_graph) | _called_again(whole)}
            layer_nodes = {layer: node for layer, node in named.items() if layer not in others}
            facts = {"hls4ml": hls4ml.__version__, "keras": keras.__version__, **(origin or {})}
            graph = read_model_graph(model_graph, name=PROJECT, sources=sources, origin=facts, cls=cls)
        whole_models = {name: layer_nodes[layer] for name, layer in flat.given_by.items() if layer in layer_nodes}
    return Converted(graph, model_graph, {**layer_nodes, **whole_models})


def _model_graph(model: Any, options: ConvertOptions, user_names: Mapping[str, str]) -> Any:
    """hls4ml's ModelGraph of a flat model, with every type resolved and the backend's flows run."""
    try:
        config = _hls_config(model, options, user_names)
        model_graph = hls4ml.converters.convert_from_keras_model(
            model,
            hls_config=copy.deepcopy(config),
            backend="Vitis",
            output_dir=PROJECT,
            project_name=PROJECT,
            part=options.part,
            clock_period=options.clock_ns,
            io_type=options.io_type.value,
            allow_da_fallback=False,
        )
        model_graph.config.trace_output = True
        check_layers(model_graph)
        softmax_over_last_axis(model_graph)
        resolve_types(model_graph, {_safe(user_names, k): frozenset(v) for k, v in options.precision.items()})
        model_graph.config.flows = [model_graph.config.backend.get_default_flow()]
        model_graph.apply_flow(model_graph.config.flows[0])
    except CodesignError:
        raise
    except Exception as error:  # hls4ml refuses with bare Exception, ValueError, AssertionError, KeyError
        raise UnsupportedLayerError(
            f"hls4ml {hls4ml.__version__} cannot convert model {model.name!r}: {error}; change the layer that it names"
        ) from error
    return model_graph


def _safe(user_names: Mapping[str, str], layer: str) -> str:
    return next((safe for safe, user in user_names.items() if user == layer), identifier(layer))


def _layer_nodes(model: Any, model_graph: Any, user_names: Mapping[str, str]) -> dict[str, str]:
    """For each Keras layer whose output some node computes, that node.

    A layer that was fused into the one before it takes over that one's node: the sum is now the fused layer's output.
    """
    nodes = list(model_graph.graph)
    computed: dict[str, str] = {}  # layer → the node that gives its output, or gave it before a fusion
    producers = _producers(model)
    owner: dict[str, str] = {}  # node → the layer whose output it is
    reordered = _reordered(model, model_graph)
    for layer in model.layers:
        own = [name for name in nodes if _belongs(name, layer, model)]
        taken_over = "" if layer.name in reordered else computed.get(producers.get(layer.name, ""), "")
        node = own[-1] if own else taken_over
        if node:
            computed[layer.name] = node
            owner[node] = layer.name
    return {user_names.get(layer, layer): node for node, layer in owner.items()}


def _reordered(model: Any, model_graph: Any) -> set[str]:
    """Layers whose numbers come in another order than the model's.

    Of a permutation that is flattened, hls4ml reorders the weights behind it instead of the numbers.
    """
    producers = _producers(model)
    found: set[str] = set()
    for layer in model.layers:
        gone = isinstance(layer, keras.layers.Permute) and layer.name not in model_graph.graph
        if gone or (producers.get(layer.name) in found and not layer.weights):
            found.add(layer.name)
    return found


def _calls(model: Any) -> dict[str, list[list[Any]]]:
    """For each layer what it reads, call by call."""
    calls: dict[str, list[list[Any]]] = {}
    for nodes in model._nodes_by_depth.values():
        for node in nodes:
            calls.setdefault(node.operation.name, []).append(node.input_tensors)
    return calls


def _called_again(model: Any) -> set[str]:
    """Layers with several results, of which their name tells none apart."""
    return {name for name, read in _calls(model).items() if len(read) > 1}


def _producers(model: Any) -> dict[str, str]:
    """For each layer that reads one other, and is called once, the name of that one."""
    return {
        name: read[0][0]._keras_history.operation.name
        for name, read in _calls(model).items()
        if len(read) == 1 and len(read[0]) == 1
    }


def _belongs(node: str, layer: Any, model: Any) -> bool:
    """Whether a node is a layer's own: named as the layer, or as it and what hls4ml split off, but not as a sibling."""

    def named_for(name: str) -> bool:
        return node == name or node.startswith(f"{name}_")

    longer = (other.name for other in model.layers if len(other.name) > len(layer.name))
    return named_for(layer.name) and not any(named_for(name) for name in longer)
