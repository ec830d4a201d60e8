"""What every operation of a Graph shares: frozen arrays, one record, and checks that name the node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.floating import from_bits

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

    def runs(self, sources: tuple[int, ...]) -> int:
        """How often it computes for one sample, where the nodes that it reads do so `sources` times.

        Raises:
            GraphError: these differ.
        """
        if len(set(sources)) > 1:
            raise GraphError(
                f"node {self.name!r} reads what is computed {' and '.join(map(str, sources))} times a sample; nodes "
                "inside a loop over time steps read from inside it only"
            )
        return sources[0] if sources else 1

    def check(self, sources: tuple[Node, ...]) -> None:
        """Refuse shapes, arrays or types that contradict each other or the nodes that are read.

        Args:
            sources: the nodes named in `inputs`, in order.

        Raises:
            GraphError: naming the node and the contradiction.
        """
        raise GraphError(f"node {self.name!r} has class {type(self).__name__}, which checks nothing")


N = TypeVar("N", bound=Node)

OPERATIONS: dict[str, type[Node]] = {}
_NAMES: dict[type[Node], str] = {}


def register(name: str) -> Callable[[type[N]], type[N]]:
    """Give a node class the name under which it is saved.

    Raises:
        ValueError: at import, where the name is taken or the class checks nothing.
    """

    def add(cls: type[N]) -> type[N]:
        if name in OPERATIONS:
            raise ValueError(f"operation {name!r} is both {OPERATIONS[name].__name__} and {cls.__name__}")
        if cls.check is Node.check:
            raise ValueError(f"{cls.__name__} does not check itself")
        OPERATIONS[name] = cls
        _NAMES[cls] = name
        return cls

    return add


def operation(node: Node) -> str:
    """The name under which a node's class is saved.

    Raises:
        GraphError: the class is not one of `OPERATIONS`.
    """
    name = _NAMES.get(type(node))
    if name is None:
        raise GraphError(
            f"node {node.name!r} has class {type(node).__name__}, which is none of {', '.join(sorted(OPERATIONS))}"
        )
    return name


def one_source(node: Node, sources: tuple[Node, ...]) -> Node:
    """The only node that is read.

    Raises:
        GraphError: there are none, or several.
    """
    if len(sources) != 1:
        raise GraphError(f"node {node.name!r} reads {len(sources)} results, expected 1")
    return sources[0]


def same_size(node: Node, sources: tuple[Node, ...]) -> Node:
    """The only node that is read, which has as many numbers as the result.

    Raises:
        GraphError: it has another size, or is not the only one.
    """
    source = one_source(node, sources)
    if source.size != node.size:
        raise GraphError(f"node {node.name!r} has shape {node.shape}, but reads shape {source.shape}")
    return source


def check_array(node: Node, name: str, values: IntArray, type_: FixedPoint, shape: tuple[int, ...] | None) -> None:
    """Refuse an array whose shape is wrong or whose integers do not fit their type.

    Raises:
        GraphError: naming the node and the first offending value.
        PrecisionError: the type is floating-point, and a value is not the bits of one of its numbers.
    """
    if shape is not None and values.shape != shape:
        raise GraphError(f"node {node.name!r}: {name} has shape {values.shape}, expected {shape}")
    if type_.significant is not None:
        from_bits(values, type_)
        return
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
