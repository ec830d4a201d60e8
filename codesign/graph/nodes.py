"""The operations of a Graph: frozen records of what hls4ml's C++ computes at each of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint

IntArray = npt.NDArray[np.int64]


def frozen(values: npt.ArrayLike) -> IntArray:
    """`values` as a contiguous int64 array that nobody can write to.

    Raises:
        GraphError: they are no integers, or int64 does not hold them.
    """
    given = np.asarray(values)
    try:
        with np.errstate(invalid="ignore"):
            array = np.array(given, dtype=np.int64, order="C", copy=True)
        same = given.dtype.kind in "biufO" and bool(np.all(array.astype(object) == given.astype(object)))
    except (OverflowError, TypeError, ValueError):
        same = False
    if not same:
        raise GraphError(f"an array of dtype {given.dtype} holds values that are not integers of at most 64 bits")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False, kw_only=True)
class Node:
    """One operation.

    Attributes:
        name: unique in the Graph; as hls4ml named it.
        inputs: names of the nodes whose results it reads, in order.
        shape: of its result, the batch axis left out.
        result: the type that its result is cast to.
        source: the layer of the user's model that it comes from ('' where there is none).
    """

    name: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    result: FixedPoint
    source: str = ""

    @property
    def size(self) -> int:
        """Numbers in one sample's result."""
        return prod(self.shape)

    def arrays(self) -> dict[str, IntArray]:
        """The integer arrays among its fields, by field name."""
        found: dict[str, IntArray] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                found[item.name] = value
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Input(Node):
    """A port of the design; values are cast into `result` before anything else happens."""


STRATEGIES = ("latency", "resource")


@dataclass(frozen=True, eq=False, kw_only=True)
class Dense(Node):
    """`result(accumulator(bias) + sum of accumulator(x * weight))`, added in order of the inputs.

    Attributes:
        weight: (n_in, n_out) integers of `weight_type`.
        bias: (n_out,) integers of `bias_type`.
        accumulator: every product, and the bias, is cast to it before it is added; so is every partial sum.
        reuse_factor: times that the hardware uses one multiplier for a sample; at least 1.
        strategy: hls4ml's, one of `STRATEGIES`; it changes the hardware, never the numbers.
    """

    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    accumulator: FixedPoint
    reuse_factor: int = 1
    strategy: str = "latency"


class NormalizeKind(str, Enum):
    """Where the scale and bias come from."""

    BATCH_NORMALIZATION = "batch_normalization"
    APPLY_ALPHA = "apply_alpha"


@dataclass(frozen=True, eq=False, kw_only=True)
class Normalize(Node):
    """`result(x * scale + bias)` at full precision; scale and bias repeat along the last axis.

    Attributes:
        scale: (n,) integers of `scale_type`, where n divides the result's size.
        bias: (n,) integers of `bias_type`.
    """

    kind: NormalizeKind
    scale: IntArray
    scale_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint


class ActivationFunction(str, Enum):
    """Element-wise functions that need no table."""

    LINEAR = "linear"
    RELU = "relu"


@dataclass(frozen=True, eq=False, kw_only=True)
class Activation(Node):
    """`result(function(x))`; the function is computed in the input's type."""

    function: ActivationFunction


@dataclass(frozen=True, eq=False, kw_only=True)
class Reshape(Node):
    """The same numbers in row-major order under another shape."""


class SoftmaxImplementation(str, Enum):
    """hls4ml's four ways."""

    LATENCY = "latency"
    STABLE = "stable"
    LEGACY = "legacy"
    ARGMAX = "argmax"


@dataclass(frozen=True, eq=False, kw_only=True)
class Softmax(Node):
    """Softmax over the last axis, as hls4ml's tables.

    `stable`: d = norm(max - x); e = accum(exp_table[top bits of d]); s = inv_input(sum of e in accum, as a
    balanced tree); r = inv_table[top bits of s]; result(e * r). `latency`: the same with d = x.
    `argmax`: one-hot at the first maximum, and no tables. `legacy`: for every pair a table of exp(x_j - x_i)
    with its own fixed index arithmetic, summed in the table type, then the inverse table.

    Attributes:
        exp_table: (table_size,) integers of `exp_type`; empty for argmax.
        inv_table: (table_size,) integers of `inv_type`; empty for argmax.
        norm: type of the exponential's argument (`inp_norm_t`).
        accumulator: type of the exponentials and their partial sums (`accum_t`).
        inv_input: type of the sum that indexes `inv_table` (`inv_inp_t`).
    """

    implementation: SoftmaxImplementation
    exp_table: IntArray = field(default_factory=lambda: frozen([]))
    exp_type: FixedPoint | None = None
    inv_table: IntArray = field(default_factory=lambda: frozen([]))
    inv_type: FixedPoint | None = None
    norm: FixedPoint | None = None
    accumulator: FixedPoint | None = None
    inv_input: FixedPoint | None = None


OPERATIONS: dict[str, type[Node]] = {
    "input": Input,
    "dense": Dense,
    "normalize": Normalize,
    "activation": Activation,
    "reshape": Reshape,
    "softmax": Softmax,
}


def operation(node: Node) -> str:
    """The name under which a node's class is saved.

    Raises:
        GraphError: the class is not one of `OPERATIONS`.
    """
    for name, cls in OPERATIONS.items():
        if type(node) is cls:
            return name
    raise GraphError(f"node {node.name!r} has class {type(node).__name__}, which is none of {', '.join(OPERATIONS)}")


def check_array(node: Node, name: str, values: IntArray, type_: FixedPoint, shape: tuple[int, ...] | None) -> None:
    """Refuse an array whose shape is wrong or whose integers do not fit their type.

    Raises:
        GraphError: naming the node and the first offending value.
    """
    if shape is not None and values.shape != shape:
        raise GraphError(f"node {node.name!r}: {name} has shape {values.shape}, expected {shape}")
    if values.size and (int(values.min()) < type_.min_int or int(values.max()) > type_.max_int):
        raise GraphError(
            f"node {node.name!r}: {name} spans [{values.min()}, {values.max()}], but {type_} holds "
            f"[{type_.min_int}, {type_.max_int}]"
        )


def replace_arrays(node: Node, **arrays: Any) -> dict[str, Any]:
    """All fields of a node as keyword arguments, with the given arrays frozen in place of its own."""
    values = {item.name: getattr(node, item.name) for item in fields(node)}
    values.update({name: frozen(value) for name, value in arrays.items()})
    return values
