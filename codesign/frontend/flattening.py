"""Models as hls4ml's front end for Keras 3 takes them: no model in a model, no operation without a layer.

The layers stay the user's own; only how they are connected is written anew, and only where something is in the way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from codesign.errors import UnsupportedLayerError

# Merges that are the same two by two, in order.
_CHAINED = ("Add", "Multiply", "Maximum", "Minimum", "Concatenate")
# Functions of Keras that a layer computes too.
_LAYER_OF = {"Add", "Subtract", "Multiply", "Maximum", "Minimum"}


@dataclass(frozen=True)
class Flat:
    """A flat model.

    Attributes:
        model: a functional one.
        given_by: for each model inside the user's, the name of the layer that now gives its result.
    """

    model: Any
    given_by: Mapping[str, str] = field(default_factory=dict)


def is_model(layer: Any) -> bool:
    """Whether a layer is a Sequential or functional model."""
    return isinstance(layer, (keras.Sequential, keras.src.models.functional.Functional))


def functional(model: Any) -> Any:
    """A Sequential model, which hides its InputLayer, in functional form; any other as it is."""
    if not isinstance(model, keras.Sequential):
        return model
    if not model.built or getattr(model, "_functional", None) is None:
        raise UnsupportedLayerError(f"model {model.name!r} is not built; give it an input shape and build it")
    return keras.Model(model.inputs, model.outputs, name=model.name)


@contextlib.contextmanager
def flattened(model: Any) -> Iterator[Flat]:
    """Yields a model without models in it; the user's layers are as they were after the block.

    Layers of a model `block` are named `block/layer` while it runs. Merges of more than two are chains of such of
    two, and additions and the like written as operators are layers.

    Raises:
        UnsupportedLayerError: an operation is no layer, or a merge of several is none of two by two.
    """
    outer = functional(model)
    if not any(_in_the_way(operation) for operation in outer.operations):
        yield Flat(outer)
        return
    inner = _inner_layers(outer, "", {id(layer) for layer in outer.layers if not is_model(layer)})
    before = [(layer, layer.name, len(layer._inbound_nodes)) for layer in [*outer.layers, *(one for one, _ in inner)]]
    try:
        rebuilt = _Rebuilt()
        outputs = rebuilt.outputs(outer, list(outer.inputs))
        for layer, name in (*inner, *rebuilt.links):  # now, because Keras calls no layer of such a name
            layer.name = name
        yield Flat(keras.Model(outer.inputs, outputs, name=outer.name), rebuilt.given_by())
    finally:
        for layer, name, calls in before:
            layer.name = name
            del layer._inbound_nodes[calls:]


def _in_the_way(operation: Any) -> bool:
    wide = isinstance(operation, keras.src.layers.merging.base_merge.Merge) and any(
        len(node.input_tensors) > 2 for node in operation._inbound_nodes
    )
    return wide or is_model(operation) or not isinstance(operation, keras.Layer)


def _inner_layers(model: Any, path: str, known: set[int]) -> list[tuple[Any, str]]:
    """The layers of the models inside a model that are not known yet, and the names that they get."""
    found = []
    for layer in model.layers:
        if is_model(layer):
            found += _inner_layers(layer, f"{path}{layer.name}/", known)
        elif id(layer) not in known:
            known.add(id(layer))
            found.append((layer, f"{path}{layer.name}"))
    return found


class _Rebuilt:
    """Calls a model's layers anew, those of the models inside it as its own.

    Attributes:
        links: the merges of two that a merge of several became, but for the last, and the names that they get.
    """

    def __init__(self) -> None:
        self.links: list[tuple[Any, str]] = []
        self._results: dict[str, list[Any]] = {}  # model → the layers that gave its result, one for each call

    def given_by(self) -> dict[str, str]:
        """For each model that was called once, the name of the layer that gives its result."""
        return {name: layers[0].name for name, layers in self._results.items() if len(layers) == 1}

    def outputs(self, model: Any, inputs: list[Any]) -> list[Any]:
        """A model's outputs of other inputs."""
        tensors = {id(own): given for own, given in zip(model.inputs, inputs, strict=True)}
        depths: dict[int, list[Any]] = model._nodes_by_depth
        for depth in sorted(depths, reverse=True):
            for node in depths[depth]:
                if node.is_input:
                    continue
                args, kwargs = node.arguments.fill_in(tensors)
                given = self._called(node.operation, args, kwargs)
                tensors.update({id(own): tensor for own, tensor in zip(node.outputs, given, strict=True)})
        return [tensors[id(tensor)] for tensor in model.outputs]

    def _called(self, operation: Any, args: Any, kwargs: Any) -> list[Any]:
        read = [x for x in keras.tree.flatten((args, kwargs)) if isinstance(x, keras.KerasTensor)]
        if is_model(operation):
            given = self.outputs(functional(operation), read)
            if len(given) == 1:
                self._results.setdefault(operation.name, []).append(given[0]._keras_history.operation)
            return given
        kind = type(operation).__name__
        if isinstance(operation, keras.src.layers.merging.base_merge.Merge) and len(read) > 2:
            return [self._chain(operation, read)]
        if not isinstance(operation, keras.Layer):
            operation = _as_layer(operation, kind, read)
            args, kwargs = (read,), {}
        return list(keras.tree.flatten(operation(*args, **kwargs)))

    def _chain(self, layer: Any, read: list[Any]) -> Any:
        """A merge of several as merges of two; the last has the layer's name."""
        kind = type(layer).__name__
        if kind not in _CHAINED:
            raise UnsupportedLayerError(
                f"layer {layer.name!r} ({kind}) reads {len(read)} layers; hls4ml's C++ merges two: write it as layers "
                f"of two, or use one of {', '.join(_CHAINED)}"
            )
        options = {"axis": layer.axis} if kind == "Concatenate" else {}
        merge: Callable[..., Any] = getattr(keras.layers, kind)
        result = read[0]
        for number, other in enumerate(read[1:], start=2):
            link = merge(name=layer.name, **options)
            result = link([result, other])
            if number < len(read):
                self.links.append((link, f"{layer.name}/{number}"))
        return result


def _as_layer(operation: Any, kind: str, read: list[Any]) -> Any:
    """The layer that computes the same as an operation of two tensors of one shape."""
    if kind in _LAYER_OF and len(read) == 2 and read[0].shape == read[1].shape:
        return getattr(keras.layers, kind)(name=operation.name)
    raise UnsupportedLayerError(
        f"operation {operation.name!r} ({kind}) is no layer; hls4ml reads layers only: use keras.layers, of which "
        f"{', '.join(sorted(_LAYER_OF))} of two tensors of one shape may be written as operators"
    )
