"""How well a design with other types still classifies, by the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import InputDataError
from codesign.graph import Graph
from codesign.simulate import predict
from codesign.simulate.classes import chosen
from codesign.simulate.samples import ports_of, quantize, read_arrays

_LABELS = "labels"
_RECIPE = ("x", "y")
_TRAINED = ("x_all", "y_all", "test_index")


@dataclass(frozen=True)
class Judge:
    """Samples and the classes that they should be given.

    Attributes:
        inputs: by port, (samples, *shape) integers.
        classes: (samples,) class numbers.
        labelled: the classes are labels; else those that the design as it was gives.
    """

    inputs: Mapping[str, npt.NDArray[Any]]
    classes: npt.NDArray[np.int64]
    labelled: bool

    @property
    def what(self) -> str:
        """What `quality` is."""
        return "accuracy" if self.labelled else "agreement with the design as it was"

    def quality(self, graph: Graph) -> float:
        """The share of samples that a design gives these classes.

        Args:
            graph: with the ports of the design as it was, its type included.
        """
        outputs = predict(graph, self.inputs, threads=1)[graph.outputs[0]]
        return float(np.mean(chosen(outputs) == self.classes))


def judge(
    graph: Graph, data: npt.ArrayLike | Mapping[str, npt.ArrayLike], labels: npt.ArrayLike | None = None
) -> Judge:
    """What decides on the quality of a design with other types.

    Args:
        graph: the design as it was; its first output tells classes.
        data: (samples, *shape) numbers for the only port, or by port name.
        labels: (samples,) class numbers; without them, the design's own answers are right.

    Raises:
        InputDataError: the data do not fit the ports, or the labels not the data or the output.
    """
    inputs = quantize(graph, data).inputs
    samples = len(next(iter(inputs.values())))
    if labels is None:
        return Judge(inputs, chosen(predict(graph, inputs, threads=1)[graph.outputs[0]]), labelled=False)
    classes = np.asarray(labels)
    if classes.ndim == 2 and classes.shape[1] > 1:  # one column a class
        classes = classes.argmax(axis=1)
    if classes.size != samples or classes.dtype.kind not in "iuf" or not np.array_equal(classes, np.rint(classes)):
        raise InputDataError(
            f"labels of shape {classes.shape} and dtype {classes.dtype} are no class numbers for {samples} samples; "
            f"give ({samples},) integers"
        )
    classes = classes.ravel().astype(np.int64)
    most = max(graph[graph.outputs[0]].size, 2)
    if classes.min() < 0 or classes.max() >= most:
        raise InputDataError(
            f"labels span {classes.min()} to {classes.max()}, but the design tells {most} classes; give 0 to {most - 1}"
        )
    return Judge(inputs, classes, labelled=True)


def read_judge(graph: Graph, path: Path) -> Judge:
    """As `judge`, from a file: samples as `codesign simulate` takes them, labels beside them where there are any.

    An `.npz` may hold `x` and `y`, as recipes take them; what `codesign train` leaves (`x_all`, `y_all` and
    `test_index`, of which the test samples count); or arrays named as the ports, and `labels`.

    Raises:
        InputDataError: as `judge`, or the file cannot be read.
    """
    arrays = read_arrays(path)
    if set(_TRAINED) <= set(arrays):
        x, y, index = (arrays[name] for name in _TRAINED)
        whole = x.ndim > 0 and y.ndim > 0 and index.ndim == 1 and index.dtype.kind in "iu"
        if not whole or len(x) != len(y) or np.any((index < 0) | (index >= len(x))):
            raise InputDataError(f"{path}: test_index does not count the samples of x_all and y_all")
        return judge(graph, x[index], y[index])
    labels = None
    if set(arrays) == set(_RECIPE) and not {node.name for node in graph.input_nodes} >= set(_RECIPE):
        arrays, labels = {"": arrays["x"]}, arrays["y"]
    elif _LABELS in arrays and _LABELS not in {node.name for node in graph.input_nodes}:
        labels = arrays.pop(_LABELS)
    return judge(graph, ports_of(graph, arrays, where=str(path)), labels)
