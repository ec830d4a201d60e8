"""A sweep as it is written: `weights=2..8 activations=3..8 reuse=1,2,4 fc1.weights=4,6`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

from codesign.errors import EstimateError
from codesign.estimate.sweep.space import MOST_CONFIGURATIONS, OF_LAYERS, Axis, Knob, Space, Value
from codesign.rtl.folded.multipliers import Multipliers

_RANGE = re.compile(r"(?P<first>[^./]+(?:\.\d+)?)\.\.(?P<last>[^/]+?)(?:/(?P<step>.+))?")
_LEGAL = (
    f"keys are {', '.join(knob.value for knob in Knob)}, and LAYER.{', LAYER.'.join(knob.value for knob in OF_LAYERS)} "
    "for single layers"
)
_LARGEST_REUSE = 65536  # hls4ml's own bound
_ENDS: dict[Knob, tuple[Decimal, Decimal]] = {
    Knob.WEIGHTS: (Decimal(1), Decimal(64)),
    Knob.ACTIVATIONS: (Decimal(1), Decimal(64)),
    Knob.REUSE: (Decimal(1), Decimal(_LARGEST_REUSE)),
    Knob.CLOCK_NS: (Decimal("0.1"), Decimal(1_000_000)),
}


def parse(text: str) -> Space:
    """Read a sweep: keys with values, separated by spaces.

    Values are single ones, ranges `a..b` with both ends, or ranges `a..b/step`, separated by commas. That the layers
    are those of a design is told by `Space.check`.

    Raises:
        EstimateError: naming the key or value that is none, and what is legal; or there are too many configurations.
    """
    return Space(tuple(_axis(word) for word in text.split()))


def _axis(word: str) -> Axis:
    key, equals, values = word.partition("=")
    if not equals:
        raise EstimateError(f"{word[:80]!r} in the sweep has no '='; write a key and its values, as weights=2..8")
    layer, _, name = key.rpartition(".")
    knob = next((knob for knob in Knob if knob.value == name), None)
    if knob is None:
        raise EstimateError(f"sweep key {key[:80]!r} is unknown; {_LEGAL}")
    if layer and knob not in OF_LAYERS:
        raise EstimateError(f"sweep key {key[:80]!r}: {knob.value} is one for the whole design; {_LEGAL}")
    read: Callable[[str, str], Iterator[Value]] = _names if knob is Knob.MULTIPLIERS else _numbers(knob)
    found = [value for part in values.split(",") for value in read(key, part)]
    return Axis(knob, tuple(dict.fromkeys(found)), layer)


def _names(key: str, part: str) -> Iterator[Value]:
    legal = [item.value for item in Multipliers]
    if part not in legal:
        raise EstimateError(f"sweep key {key!r}: {part[:80]!r} is no value; give {', '.join(legal)}")
    yield Multipliers(part)


def _numbers(knob: Knob) -> Callable[[str, str], Iterator[Value]]:
    def read(key: str, part: str) -> Iterator[Value]:
        match = _RANGE.fullmatch(part)
        if match is None:
            first = last = _number(knob, key, part)
            step = Decimal(1)
        else:
            first, last = _number(knob, key, match["first"]), _number(knob, key, match["last"])
            step = Decimal(1) if match["step"] is None else _decimal(knob, key, match["step"])
        if first > last or step <= 0:
            raise EstimateError(
                f"sweep key {key!r}: range {part[:80]!r} is empty; write the smaller end first and a step above 0, as "
                "2..8/2"
            )
        count = int((last - first) / step) + 1
        if count > MOST_CONFIGURATIONS:
            raise EstimateError(
                f"sweep key {key!r}: range {part[:80]!r} has {count} values; at most {MOST_CONFIGURATIONS} "
                "configurations are gone through: give a larger step"
            )
        for index in range(count):
            value = first + index * step
            yield float(value) if knob is Knob.CLOCK_NS else int(value)

    return read


def _number(knob: Knob, key: str, text: str) -> Decimal:
    value = _decimal(knob, key, text)
    low, high = _ENDS[knob]
    if not low <= value <= high:
        raise EstimateError(f"sweep key {key!r}: {text[:80]} is out of reach; give {low} to {high}")
    return value


def _decimal(knob: Knob, key: str, text: str) -> Decimal:
    kind = "a number" if knob is Knob.CLOCK_NS else "a whole number"
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if (
        not text.isascii()
        or not value.is_finite()
        or (knob is not Knob.CLOCK_NS and value != value.to_integral_value())
    ):
        raise EstimateError(
            f"sweep key {key!r}: {text[:80]!r} is not {kind}; give {kind}, lists such as 1,2,4, or ranges such as 2..8 "
            "or 2..8/2"
        )
    return value
