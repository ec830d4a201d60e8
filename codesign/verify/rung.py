"""What the ladder is made of: rungs that answer, and what comparing their answers with the Graph gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from codesign.errors import ToolMissingError
from codesign.simulate import Integers


class Status(str, Enum):
    """How a rung came out."""

    EQUAL = "equal"
    DIFFERENT = "different"
    BROKEN = "broken"  # every answer is right, but a promise is not kept
    PARTIAL = "partial"  # right as far as it was looked at; the note says what was left out
    APPROXIMATE = "approximate"  # declared so beforehand, with the reason; its error is measured
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Answers:
    """What a rung says of some samples.

    Attributes:
        values: by Graph node name, (samples, *shape): integers of the node's type, or floats that stand for
            the numbers themselves.
        facts: measured on the way (latency in cycles, …).
        faults: promises that it broke although it answered, a sentence each.
    """

    values: Mapping[str, npt.NDArray[Any]]
    facts: Mapping[str, float | int | str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class Rung(Protocol):
    """One step of the ladder."""

    @property
    def name(self) -> str:
        """As the table and `--rungs` call it."""

    @property
    def title(self) -> str:
        """What it is, for people."""

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """The rung's results for these samples.

        Args:
            inputs: by port, (samples, *shape) integers.
            layers: also give what can be seen inside, to name the first layer that differs.
        """

    def unavailable(self) -> str | None:
        """Why it cannot be climbed here, and what to do; None where it can."""


@dataclass(frozen=True)
class Difference:
    """The first place where a rung disagrees with the Graph.

    Attributes:
        sample: its number; -1 where a proof found an input of its own.
        node: the first Graph node, in order, that differs for that sample.
        layer: the user's layer behind that node ('' where there is none).
        index: of the first differing element in the node's result.
        expected: the Graph's integer.
        found: the rung's integer, or float where it answers in floats.
        type: of the node's result.
        reason: what the Graph can say of it.
    """

    sample: int
    node: str
    layer: str
    index: tuple[int, ...]
    expected: int
    found: int | float
    type: str
    reason: str


@dataclass(frozen=True)
class Approximation:
    """A node that a rung is declared to meet only approximately, with the error as measured.

    Attributes:
        node: the Graph node.
        reason: why it cannot be exact.
        max_error: largest absolute difference, in the node's own units.
        same_winner: share of samples whose largest element is the same; None where there is one element.
    """

    node: str
    reason: str
    max_error: float
    same_winner: float | None


@dataclass(frozen=True)
class RungResult:
    """How a rung came out over all samples.

    Attributes:
        rung: its name.
        title: what it is.
        status: as `Status`.
        samples: compared.
        mismatching: samples with any difference in what must be exact.
        compared: names of the nodes compared exactly.
        first: the first difference.
        approximations: the nodes that are declared approximate.
        note: why it was skipped, and other facts.
        seconds: it took.
        facts: measured beside the values (latency in cycles, …).
        faults: promises that it broke although it answered, a sentence each.
    """

    rung: str
    title: str
    status: Status
    samples: int
    mismatching: int
    compared: tuple[str, ...]
    first: Difference | None
    approximations: tuple[Approximation, ...]
    note: str
    seconds: float
    facts: Mapping[str, float | int | str]
    faults: tuple[str, ...] = ()


def as_numbers(values: npt.NDArray[Any], fraction: int) -> npt.NDArray[np.float64]:
    """Integers of a type as floats, for measuring errors."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    return np.asarray([float(v) for v in values.ravel()]).reshape(values.shape) * 2.0**-fraction


@dataclass(frozen=True)
class MissingRung:
    """A rung that cannot be climbed here, with the reason.

    Attributes:
        name: as in `Rung`.
        title: as in `Rung`.
        why: and what to do.
    """

    name: str
    title: str
    why: str

    def unavailable(self) -> str | None:
        """The reason."""
        return self.why

    def answer(self, inputs: Mapping[str, Integers], *, layers: bool) -> Answers:
        """Never called: the rung is unavailable.

        Raises:
            ToolMissingError: always, with the reason.
        """
        raise ToolMissingError(self.why)
