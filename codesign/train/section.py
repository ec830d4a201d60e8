"""Reading one section of a recipe into a frozen dataclass: each field says what it takes, anything else is refused."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from codesign.errors import PrecisionError, RecipeError
from codesign.frontend.quantizer_text import QuantizerTextError, parse_activation, parse_quantizer, suggest
from codesign.graph import FixedPoint

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


@dataclass(frozen=True)
class Where:
    """Where in a recipe a value stands: the file, and the keys that lead to it."""

    file: str
    path: str = ""

    def key(self, name: str) -> Where:
        """The place of a key below this one."""
        return Where(self.file, f"{self.path}.{name}" if self.path else name)

    def item(self, index: int) -> Where:
        """The place of a list's item."""
        return Where(self.file, f"{self.path}[{index}]")

    def refuse(self, what: str) -> RecipeError:
        """The error for this place."""
        return RecipeError(f"{self.file}: {self.path or 'recipe'}: {what}")


Read = Callable[[Any, Where], Any]


def key(read: Read, default: Any = dataclasses.MISSING) -> Any:
    """A dataclass field that is a key of a recipe; without a default the key must be given."""
    return dataclasses.field(default=default, metadata={"read": read})


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def integer(low: int, high: int) -> Read:
    """An integer in low..high."""

    def read(value: Any, where: Where) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise where.refuse(f"{_shown(value)} is illegal; give an integer in {low}..{high}")
        return value

    return read


def number(low: float, high: float, *, above: bool = False) -> Read:
    """A number in [low, high], or in (low, high] where `above`."""

    def read(value: Any, where: Where) -> float:
        legal = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not legal or not low <= value <= high or (above and value == low):
            bounds = f"above {low:g} and at most {high:g}" if above else f"in {low:g}..{high:g}"
            raise where.refuse(f"{_shown(value)} is illegal; give a number {bounds}")
        return float(value)

    return read


def flag(value: Any, where: Where) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise where.refuse(f"{_shown(value)} is illegal; give true or false")
    return value


def text(value: Any, where: Where) -> str:
    """One line of text."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 4096:
        raise where.refuse(f"{_shown(value)} is illegal; give one line of text")
    return value


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")


def name(value: Any, where: Where) -> str:
    """A name that is safe in any generated file."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise where.refuse(
            f"{_shown(value)} is illegal; a name is a letter followed by at most 47 letters, digits and '_'"
        )
    return value


def choice(enum: type[E]) -> Callable[[Any, Where], E]:
    """One of an enum's values."""
    legal = [str(member.value) for member in enum]

    def read(value: Any, where: Where) -> E:
        if not isinstance(value, str) or value not in legal:
            hint = suggest(value, legal) if isinstance(value, str) else ""
            raise where.refuse(f"{_shown(value)} is illegal{hint}; give one of {', '.join(legal)}")
        return enum(value)

    return read


def fixed_point(value: Any, where: Where) -> FixedPoint:
    """A fixed-point type."""
    if not isinstance(value, str):
        raise where.refuse(f"{_shown(value)} is illegal; give a type such as ufixed<5,1>")
    try:
        return FixedPoint.parse(value)
    except PrecisionError as error:
        raise where.refuse(str(error)) from None


def quantizer(value: Any, where: Where) -> Any:
    """A quantizer's text."""
    if not isinstance(value, str):
        raise where.refuse(f"{_shown(value)} is illegal; give a quantizer such as quantized_bits(6,0,alpha=1)")
    try:
        return parse_quantizer(value)
    except QuantizerTextError as error:
        raise where.refuse(str(error)) from None


def activation(value: Any, where: Where) -> Any:
    """A plain activation's name or a quantizer's text."""
    if not isinstance(value, str):
        raise where.refuse(f"{_shown(value)} is illegal; give an activation such as relu or quantized_relu(6,2)")
    try:
        return parse_activation(value)
    except QuantizerTextError as error:
        raise where.refuse(str(error)) from None


def items(read: Read, least: int = 0) -> Read:
    """A list, each item read alike."""

    def read_all(value: Any, where: Where) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) < least:
            raise where.refuse(f"{_shown(value)} is illegal; give a list of at least {least} items")
        return tuple(read(item, where.item(index)) for index, item in enumerate(value))

    return read_all


def section(cls: type[T]) -> Callable[[Any, Where], T]:
    """A mapping whose keys are the fields of a dataclass."""

    def read(value: Any, where: Where) -> T:
        return read_section(cls, value, where)

    return read


def read_section(cls: type[T], value: Any, where: Where, preset: Mapping[str, Any] | None = None) -> T:
    """Read a mapping into a dataclass whose fields were made by `key`.

    Args:
        cls: the dataclass.
        value: what the recipe holds there.
        where: where that is.
        preset: values of the fields that the recipe does not give.

    Raises:
        RecipeError: not a mapping, an unknown or a missing key, or an illegal value.
    """
    fields = {field.name: field for field in dataclasses.fields(cls) if "read" in field.metadata}  # type: ignore[arg-type]
    legal = list(fields)
    if not isinstance(value, Mapping):
        raise where.refuse(f"{_shown(value)} is not a section; give the keys {', '.join(legal)}")
    for given in value:
        if given not in legal:
            raise where.key(str(given)[:80]).refuse(
                f"unknown key{suggest(str(given), legal)}; the legal keys are {', '.join(legal)}"
            )
    read: dict[str, Any] = dict(preset or {})
    for key_name, field in fields.items():
        if key_name in value:
            # `key:` with nothing after it means what leaving the key out means, where that has a meaning
            if value[key_name] is None and field.default is None:
                continue
            read[key_name] = field.metadata["read"](value[key_name], where.key(key_name))
        elif field.default is dataclasses.MISSING:
            raise where.refuse(f"key {key_name!r} is missing; the legal keys are {', '.join(legal)}")
    return cls(**read)


def plain(value: Any) -> Any:
    """A recipe's value as JSON and YAML hold it: dataclasses as mappings, types and quantizers as their text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and any("read" in field.metadata for field in dataclasses.fields(value)):
        return {
            field.name: plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if "read" in field.metadata
        }
    return str(value)
