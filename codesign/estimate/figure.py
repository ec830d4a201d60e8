"""A figure with the interval that the truth is expected in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codesign.errors import EstimateError


@dataclass(frozen=True)
class Figure:
    """An estimated number.

    Attributes:
        value: the estimate.
        low: the truth is expected to be at least this, nine times out of ten.
        high: the truth is expected to be at most this, nine times out of ten.

    Raises:
        EstimateError: the three are not in order.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise EstimateError(f"an estimate of {self.value} does not lie between {self.low} and {self.high}")

    @classmethod
    def exactly(cls, value: float) -> Figure:
        """A figure that follows from what is written, without any error."""
        return cls(value, value, value)

    @classmethod
    def about(cls, value: float, below: float, above: float) -> Figure:
        """A figure with relative errors: the truth is between `value * (1 - below)` and `value * (1 + above)`."""
        return cls(value, value * (1 - below), value * (1 + above))

    @property
    def is_exact(self) -> bool:
        """Whether there is no error."""
        return self.low == self.high

    def times(self, factor: float) -> Figure:
        """The figure in another unit.

        Args:
            factor: above 0.
        """
        return Figure(self.value * factor, self.low * factor, self.high * factor)

    def document(self) -> dict[str, float]:
        """The figure for machines."""
        return {"value": self.value, "low": self.low, "high": self.high}


def document(figure: Figure | None) -> dict[str, float] | None:
    """A figure for machines; null where it is not known."""
    return None if figure is None else figure.document()


def total(figures: Iterable[Figure | None]) -> Figure | None:
    """The sum, as if all were wrong in the same direction; None where one is not known."""
    found = list(figures)
    known = [figure for figure in found if figure is not None]
    if len(known) < len(found):
        return None
    return Figure(sum(f.value for f in known), sum(f.low for f in known), sum(f.high for f in known))
