"""The first rung of the ladder: the QKeras model itself, layer by layer, in its own float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from codesign.errors import DesignError
from codesign.graph import Graph, Softmax, SoftmaxImplementation
from codesign.simulate import Integers, to_floats
from codesign.verify.rung import Answers

_BATCH = 1024


def _is_softmax(layer: Any) -> bool:
    return isinstance(layer, keras.layers.Softmax) or getattr(layer, "activation", None) is keras.activations.softmax


def _one_hot(scores: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    hot: npt.NDArray[np.float32] = np.eye(scores.shape[-1], dtype=np.float32)[np.argmax(scores, axis=-1)]
    return hot


class KerasRung:
    """Answers with the outputs of every layer of the model that the Graph has a node for."""

    name = "keras"
    title = "QKeras model (float32)"

    def __init__(self, load: Callable[[], Any], graph: Graph, layer_nodes: Mapping[str, str]) -> None:
        """
        Args:
            load: gives the model.
            graph: the design.
            layer_nodes: for each layer of the model, the node that computes its output.
        """
        self._load = load
        self._graph = graph
        self._layer_nodes = layer_nodes
        self._model: Any = None

    def unavailable(self) -> str | None:
        """None: constructing this rung needs the model's own packages."""
        return None

    def _outputs(self) -> tuple[Any, list[tuple[str, bool]]]:
        """A model of all compared layers' outputs; for each its node, and whether to take the one-hot of it."""
        model = self._load()
        has_softmax = any(isinstance(node, Softmax) for node in self._graph)
        taken: list[tuple[str, bool]] = []
        tensors = []
        for layer in model.layers:
            node_name = self._layer_nodes.get(layer.name)
            if node_name is None or node_name not in {node.name for node in self._graph}:
                continue
            node = self._graph[node_name]
            hot = isinstance(node, Softmax) and node.implementation is SoftmaxImplementation.ARGMAX
            if _is_softmax(layer) and not has_softmax:
                layer.activation = keras.activations.linear  # the design gives the logits
            tensors.append(layer.input if hot and isinstance(layer, keras.layers.Softmax) else layer.output)
            taken.append((node_name, hot))
        if not tensors:
            raise DesignError("no layer of the model corresponds to a node of the design; convert the model again")
        return keras.Model(model.inputs, tensors), taken

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """Outputs of every compared layer, as floats."""
        if self._model is None:
            self._model, self._taken = self._outputs()
        ports = [to_floats(inputs[node.name], node.result) for node in self._graph.input_nodes]
        floats = [port.astype(np.float32) for port in ports]
        given = self._model.predict(floats if len(floats) > 1 else floats[0], batch_size=_BATCH, verbose=0)
        results = given if isinstance(given, list) else [given]
        values = {
            node: _one_hot(np.asarray(result)) if hot else np.asarray(result)
            for (node, hot), result in zip(self._taken, results, strict=True)
        }
        last = self._graph.outputs[0]
        node = self._graph[last]
        if isinstance(node, Softmax) and node.implementation is SoftmaxImplementation.ARGMAX and last not in values:
            values[last] = _one_hot(values[node.inputs[0]])
        return Answers(values)
