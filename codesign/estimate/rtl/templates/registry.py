"""The templates whose pieces are known, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codesign.errors import EstimateError
from codesign.estimate.rtl.pieces import Pieces
from codesign.rtl.family import Family

Parameters = Mapping[str, int]
Count = Callable[[Parameters, Family], Pieces]

_COUNTS: dict[str, Count] = {}


def counts(name: str) -> Callable[[Count], Count]:
    """Register what a template is made of.

    Raises:
        ValueError: at import, where it is registered twice.
    """

    def add(function: Count) -> Count:
        if name in _COUNTS:
            raise ValueError(f"template {name} is counted twice")
        _COUNTS[name] = function
        return function

    return add


def template_pieces(name: str, parameters: Parameters, family: Family) -> Pieces:
    """What an instance of a template is made of.

    Raises:
        EstimateError: no count is known of the template.
    """
    count = _COUNTS.get(name)
    if count is None:
        raise EstimateError(f"the cost of template {name} is not known; known are {', '.join(sorted(_COUNTS))}")
    return count(parameters, family)


def known() -> frozenset[str]:
    """Templates whose pieces are known."""
    return frozenset(_COUNTS)


def bits_for(values: int) -> int:
    """Bits of a counter of so many values, as `$clog2` counts them."""
    return max((values - 1).bit_length(), 0)
