"""The local calibration file: pairs of estimate and truth, which users gather as their tools report."""

from __future__ import annotations

import fcntl
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from codesign.artifact import make_folder, write_atomic
from codesign.errors import EstimateError, OutputError
from codesign.estimate.conditions import Flow
from codesign.estimate.figure import Figure, document
from codesign.estimate.local.comparison import FIGURES
from codesign.estimate.local.pair import Group, Pair
from codesign.hls.reports.record import Stage
from codesign.rtl import Family

FORMAT = 1
KIND = "codesign local calibration"
_MOST_BYTES = 64 << 20
_MOST_PAIRS = 100_000
_LONGEST = 1000

_E = TypeVar("_E", bound=Enum)


class _DamageError(Exception):
    """What is wrong in the file."""


def default_path() -> Path:
    """Where the file is when the user names none: `codesign/calibration.json` in XDG_CONFIG_HOME, or in ~/.config.

    Raises:
        EstimateError: there is no home.
    """
    told = os.environ.get("XDG_CONFIG_HOME", "")
    if told and Path(told).is_absolute():  # the specification has a relative one ignored
        return Path(told) / "codesign" / "calibration.json"
    try:
        return Path.home() / ".config" / "codesign" / "calibration.json"
    except RuntimeError:
        raise EstimateError("there is no home folder for a local calibration; name its file") from None


def _keys(value: Any, names: Sequence[str], where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise _DamageError(f"{where} does not have the keys {', '.join(names)}")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise _DamageError(f"{where} is no text")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _DamageError(f"{where} is no number")
    return value


def _one_of(kind: type[_E], value: Any, where: str) -> _E:
    try:
        return kind(value)
    except ValueError:
        raise _DamageError(f"{where} is none of {', '.join(str(item.value) for item in kind)}") from None


def _figure(value: Any, where: str) -> Figure | None:
    if value is None:
        return None
    keys = _keys(value, ("value", "low", "high"), where)
    numbers = {key: _number(keys[key], f"{where}.{key}") for key in keys}
    if not 0 <= numbers["low"] <= numbers["value"] <= numbers["high"]:
        raise _DamageError(f"{where} does not lie in its interval")
    return Figure(**numbers)


def _truth(value: Any, where: str) -> float | None:
    if value is None:
        return None
    number = _number(value, where)
    if number < 0:
        raise _DamageError(f"{where} is below 0")
    return number


def _by_figure(value: Any, read: Callable[[Any, str], Any], where: str) -> dict[str, Any]:
    keys = _keys(value, FIGURES, where)
    return {name: read(keys[name], f"{where}.{name}") for name in FIGURES}


_PAIR = ("graph", "asked", "name", "flow", "stage", "family", "group_part", "part", "tool", "version", "date")


def _pair(value: Any, where: str) -> Pair:
    keys = _keys(value, (*_PAIR, "estimate", "truth"), where)
    texts = {
        name: _text(keys[name], f"{where}.{name}") for name in ("graph", "asked", "name", "part", "version", "date")
    }
    group = Group(
        _one_of(Flow, keys["flow"], f"{where}.flow"),
        _one_of(Stage, keys["stage"], f"{where}.stage"),
        _one_of(Family, keys["family"], f"{where}.family"),
        None if keys["group_part"] is None else _text(keys["group_part"], f"{where}.group_part"),
    )
    return Pair(
        **texts,
        group=group,
        tool=None if keys["tool"] is None else _text(keys["tool"], f"{where}.tool"),
        estimate=_by_figure(keys["estimate"], _figure, f"{where}.estimate"),
        truth=_by_figure(keys["truth"], _truth, f"{where}.truth"),
    )


def _document(pair: Pair) -> dict[str, Any]:
    return {
        **{name: getattr(pair, name) for name in ("graph", "asked", "name", "part", "tool", "version", "date")},
        "flow": pair.group.flow.value,
        "stage": pair.group.stage.value,
        "family": pair.group.family.value,
        "group_part": pair.group.part,
        "estimate": {name: document(figure) for name, figure in pair.estimate.items()},
        "truth": dict(pair.truth),
    }


def _refuse(word: str) -> Any:
    raise _DamageError(f"{word} is no number")


def _read(path: Path) -> tuple[Pair, ...]:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise _DamageError(f"it is larger than {_MOST_BYTES >> 20} MiB")
    try:
        found: Any = json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _DamageError(f"it is no JSON: {str(error)[:100]}") from None
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise _DamageError(f"its kind is not {KIND!r}")
    made = found.get("format")
    if isinstance(made, int) and not isinstance(made, bool) and made > FORMAT:
        raise EstimateError(f"{path} is of format {made}, and this codesign reads {FORMAT}; update codesign")
    keys = _keys(found, ("kind", "format", "pairs"), "it")
    if keys["format"] != FORMAT or isinstance(keys["format"], bool):
        raise _DamageError(f"its format is not {FORMAT}")
    if not isinstance(keys["pairs"], list) or len(keys["pairs"]) > _MOST_PAIRS:
        raise _DamageError(f"its pairs are no list of at most {_MOST_PAIRS}")
    return tuple(_pair(value, f"pair {number}") for number, value in enumerate(keys["pairs"], 1))


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """The pairs in a file; none where it is not there yet.

    Raises:
        EstimateError: it is damaged, of a newer format, or cannot be read.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise EstimateError(f"{path} cannot be read ({error.strerror}); name another file") from None
    except _DamageError as error:
        raise EstimateError(
            f"local calibration {path} is damaged: {error}; restore it, or move it away to begin anew"
        ) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the file against other runs that add to it."""
    make_folder(path.parent)
    try:
        handle = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise OutputError(f"cannot write beside {path} ({error.strerror}); name another file") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def add(path: Path, *pairs: Pair) -> tuple[Pair, ...]:
    """Add pairs to a file, which is made where it is not there; one of the same design, built alike, is replaced.

    Returns:
        All pairs that the file then holds, in the order in which they were first added.

    Raises:
        EstimateError: the file is damaged, of a newer format, or full.
        OutputError: it cannot be written.
    """
    with _alone(path):
        found = {pair.identity: pair for pair in read_pairs(path)}
        found.update((pair.identity, pair) for pair in pairs)
        if len(found) > _MOST_PAIRS:
            raise EstimateError(f"{path} would hold more than {_MOST_PAIRS} pairs; name another file")
        whole = {"kind": KIND, "format": FORMAT, "pairs": [_document(pair) for pair in found.values()]}
        write_atomic(path, json.dumps(whole, indent=1, allow_nan=False) + "\n")
    return tuple(found.values())
