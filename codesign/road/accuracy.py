"""The accuracy of a design's exact integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.graph import Graph
from codesign.simulate import predict
from codesign.simulate.classes import chosen
from codesign.simulate.samples import quantize


@dataclass(frozen=True)
class Accuracy:
    """Samples classified right.

    Attributes:
        correct: samples whose largest output is at their class (one output: positive means class 1).
        total: samples.
    """

    correct: int
    total: int

    @property
    def share(self) -> float:
        """In 0..1."""
        return self.correct / self.total


def measure(graph: Graph, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> Accuracy:
    """The accuracy of a one-output design.

    Args:
        graph: the design.
        x: (samples, *shape) numbers.
        y: (samples,) class numbers.
    """
    classes = chosen(predict(graph, quantize(graph, x).inputs)[graph.outputs[0]])
    return Accuracy(int(np.count_nonzero(classes == y)), len(x))
