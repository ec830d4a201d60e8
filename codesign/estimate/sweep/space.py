"""What a sweep goes through: keys, their values, and every combination of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from codesign.errors import EstimateError
from codesign.estimate.reuse import reused
from codesign.graph import Graph, Node
from codesign.precision import Requantizer, weight_slots
from codesign.precision.layers import require
from codesign.rtl.folded.multipliers import Multipliers

Value = int | float | Multipliers


class Knob(Enum):
    """What a sweep turns; its keys."""

    WEIGHTS = "weights"
    """Bits of every weight and bias."""
    ACTIVATIONS = "activations"
    """Bits of every activation's result."""
    REUSE = "reuse"
    """Reuse factor."""
    CLOCK_NS = "clock_ns"
    """Clock period in ns."""
    MULTIPLIERS = "multipliers"
    """What multipliers are made of."""


PRECISION = (Knob.WEIGHTS, Knob.ACTIVATIONS)
"""Those that make another Graph; the others change the conditions alone."""
OF_LAYERS = (Knob.WEIGHTS, Knob.ACTIVATIONS, Knob.REUSE)
"""Those that single layers may have values of their own for."""
MOST_CONFIGURATIONS = 200_000
"""More than that are no table that anyone reads, and no memory that a sweep should take."""


def text(value: Value) -> str:
    """A value as it is written in a sweep."""
    return value.value if isinstance(value, Multipliers) else f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Axis:
    """One key of a sweep.

    Attributes:
        knob: what it turns.
        values: that it takes, in order, none twice.
        layer: whose; '' for all that have none of their own.
    """

    knob: Knob
    values: tuple[Value, ...]
    layer: str = ""

    @property
    def key(self) -> str:
        """As it is written in a sweep."""
        return f"{self.layer}.{self.knob.value}" if self.layer else self.knob.value


@dataclass(frozen=True)
class Point:
    """One configuration of a sweep.

    Attributes:
        index: its place, counted from 0.
        axes: the keys.
        values: of each key.
    """

    index: int
    axes: tuple[Axis, ...]
    values: tuple[Value, ...]

    def everywhere(self, knob: Knob) -> Value | None:
        """The value for all layers that have none of their own; None where there is none."""
        pairs = zip(self.axes, self.values, strict=True)
        return next((value for axis, value in pairs if (axis.knob, axis.layer) == (knob, "")), None)

    def by_layer(self, knob: Knob) -> dict[str, Value]:
        """The values of single layers."""
        pairs = zip(self.axes, self.values, strict=True)
        return {axis.layer: value for axis, value in pairs if axis.knob is knob and axis.layer}

    @property
    def precision(self) -> tuple[Value, ...]:
        """The values that make another Graph; they are all there is to it."""
        return tuple(v for axis, v in zip(self.axes, self.values, strict=True) if axis.knob in PRECISION)

    def document(self) -> dict[str, int | float | str]:
        """The configuration for machines, by key."""
        return {
            axis.key: value.value if isinstance(value, Multipliers) else value
            for axis, value in zip(self.axes, self.values, strict=True)
        }

    def __str__(self) -> str:
        return " ".join(f"{axis.key}={text(value)}" for axis, value in zip(self.axes, self.values, strict=True))


@dataclass(frozen=True)
class Space:
    """Every combination of the values of some keys, the last key's changing fastest.

    Attributes:
        axes: the keys; those of precision come first, so that a Graph serves for all points that share it.

    Raises:
        EstimateError: there is no key, or a key stands twice; or there are too many combinations.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", tuple(sorted(self.axes, key=lambda axis: axis.knob not in PRECISION)))
        keys = [axis.key for axis in self.axes]
        twice = [key for index, key in enumerate(keys) if key in keys[:index]]
        if twice:
            raise EstimateError(f"the sweep gives {twice[0]!r} twice; keep one")
        if not keys or not all(axis.values for axis in self.axes):
            raise EstimateError("a sweep needs at least one key with values, as 'weights=2..8 reuse=1,2,4'")
        if len(self) > MOST_CONFIGURATIONS:
            sizes = " x ".join(f"{len(axis.values)} ({axis.key})" for axis in self.axes)
            raise EstimateError(
                f"the sweep has {len(self)} configurations, {sizes}; at most {MOST_CONFIGURATIONS} are gone through: "
                "give fewer values, or steps such as 2..8/2"
            )

    def __len__(self) -> int:
        return math.prod(len(axis.values) for axis in self.axes)

    def __iter__(self) -> Iterator[Point]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Point:
        if not 0 <= index < len(self):
            raise IndexError(index)
        values: list[Value] = []
        rest = index
        for axis in reversed(self.axes):
            rest, place = divmod(rest, len(axis.values))
            values.append(axis.values[place])
        return Point(index, self.axes, tuple(reversed(values)))

    @property
    def changes_precision(self) -> bool:
        """Whether points have Graphs of their own."""
        return any(axis.knob in PRECISION for axis in self.axes)

    def check(self, graph: Graph) -> None:
        """Refuse keys of layers that the design lacks, or that have nothing of the kind.

        Raises:
            EstimateError: naming the key and the layers that have it.
        """
        having = _having(graph)
        for axis in self.axes:
            if axis.knob not in having:
                continue
            what, has = having[axis.knob]
            if axis.layer:
                require(graph, axis.layer, has, what=what, where=f"sweep key {axis.key!r}", error=EstimateError)
            elif not any(map(has, graph)):
                raise EstimateError(
                    f"sweep key {axis.key!r}: design {graph.name!r} has no layer with {what}; leave the key out"
                )


def _having(graph: Graph) -> Mapping[Knob, tuple[str, Callable[[Node], bool]]]:
    quantizers, folding = Requantizer(graph).quantizers, {node.name for node in reused(graph)}
    return {
        Knob.WEIGHTS: ("weights", lambda node: bool(weight_slots(node))),
        Knob.ACTIVATIONS: ("activations", lambda node: node.name in quantizers),
        Knob.REUSE: ("a reuse factor", lambda node: node.name in folding),
    }
