"""Small layers and designs that the tests of the vitis flow share."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from codesign.estimate import Conditions, Flow, IoType, part_target
from codesign.estimate.vitis import layers as _layers  # noqa: F401  (they register as they are imported)
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Node,
    Overflow,
    Rounding,
    Softmax,
    frozen,
)
from codesign.graph.nodes import SoftmaxDifference, SoftmaxImplementation
from codesign.rtl import Multipliers

SEVEN = "xc7z007s-clg225-2"
ULTRA = "xcu50-fsvh2104-2-e"
X = FixedPoint(True, 8, 2)
WEIGHT = FixedPoint(True, 8, 1)
WIDE = FixedPoint(True, 16, 4)
POSITIVE = FixedPoint(False, 8, 0, Rounding.RND_CONV, Overflow.SAT)


def asked(
    clock_ns: float = 5.0,
    *,
    part: str = SEVEN,
    multipliers: Multipliers = Multipliers.DSP,
    reuse: dict[str, int] | None = None,
    io_type: IoType = IoType.PARALLEL,
) -> Conditions:
    """Conditions of the vitis flow."""
    return Conditions(Flow.VITIS, part_target(part), clock_ns, reuse or {}, multipliers, io_type)


def port(size: int, type_: FixedPoint = X) -> Input:
    """An input of that many numbers."""
    return Input(name="x", inputs=(), shape=(size,), result=type_)


def dense(weight: Any, *, bias: Any = None, name: str = "fc", source: str = "x", **fields: Any) -> Dense:
    """A dense layer; (n_in, n_out) weights."""
    array = frozen(weight)
    values = {"result": WIDE, "weight_type": WEIGHT, "bias_type": WEIGHT, "accumulator": WIDE, **fields}
    zeros = np.zeros(array.shape[1], dtype=np.int64)
    shape = (array.shape[1],)
    return Dense(
        name=name, inputs=(source,), shape=shape, weight=array, bias=frozen(zeros if bias is None else bias), **values
    )


def relu(source: Node, name: str = "relu", result: FixedPoint = POSITIVE) -> Activation:
    """A rectifier."""
    return Activation(
        name=name, inputs=(source.name,), shape=source.shape, result=result, function=ActivationFunction.RELU
    )


def softmax(source: Node, **fields: Any) -> Softmax:
    """An older hls4ml's softmax, with tables of 1024 words of 18 bits."""
    exp, inv = FixedPoint(True, 18, 8), FixedPoint(True, 18, 4)
    values: dict[str, Any] = {
        "implementation": SoftmaxImplementation.STABLE,
        "difference": SoftmaxDifference.X_MINUS_MAX,
        "exp_table": frozen(np.arange(1024)),
        "exp_type": exp,
        "inv_table": frozen(np.arange(1024)),
        "inv_type": inv,
        "norm": source.result.with_modes(Rounding.RND, Overflow.SAT),
        "accumulator": exp,
        "inv_input": exp,
        **fields,
    }
    return Softmax(name="softmax", inputs=(source.name,), shape=source.shape, result=WIDE, **values)


def classifier(seed: int = 0, sizes: tuple[int, ...] = (16, 32, 5), reuse: int = 1) -> Graph:
    """Dense layers with rectifiers between them, and a softmax."""
    draw = np.random.default_rng(seed)
    nodes: list[Node] = [port(sizes[0])]
    for number, (n_in, n_out) in enumerate(pairwise(sizes)):
        weight, bias = draw.integers(-128, 128, (n_in, n_out)), draw.integers(-9, 9, n_out)
        layer = dense(weight, bias=bias, name=f"fc{number}", source=nodes[-1].name, reuse_factor=reuse)
        nodes += [layer, relu(layer, f"relu{number}")]
    nodes[-1] = softmax(nodes[-2])
    return Graph("net", tuple(nodes), ("softmax",))
