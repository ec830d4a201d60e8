"""Tables for people say what the records say, whatever characters are in it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from codesign.report.verification import table
from codesign.verify.rung import Approximation, Difference, RungResult, Status


def text(renderable: Any) -> str:
    stream = io.StringIO()
    Console(file=stream, width=200).print(renderable)
    return stream.getvalue()


def result(**changes: Any) -> RungResult:
    values: dict[str, Any] = {
        "rung": "csim",
        "title": "C simulation",
        "status": Status.EQUAL,
        "samples": 10,
        "mismatching": 0,
        "compared": ("a",),
        "first": None,
        "approximations": (),
        "note": "",
        "seconds": 1.0,
        "facts": {},
    }
    return RungResult(**{**values, **changes})


def test_brackets_are_text_not_markup() -> None:
    shown = text(table([result(status=Status.SKIPPED, note="not installed: pip install 'codesign[train]'")]))
    assert "pip install 'codesign[train]'" in shown
    assert "skipped" in shown


def test_a_difference_names_sample_layer_and_both_integers() -> None:
    first = Difference(7, "fc1", "[bold]dense", (2,), 5, 6, "fixed<8,4>", "one bit apart")
    shown = text(table([result(status=Status.DIFFERENT, mismatching=3, first=first)]))
    for part in (
        "DIFFERENT",
        "sample 7",
        "'[bold]dense'",
        "[2]",
        "Graph 5 (00000101)",
        "here 6 (00000110)",
        "one bit apart",
    ):
        assert part in shown


def test_an_approximation_gives_its_error() -> None:
    shown = text(
        table([result(status=Status.APPROXIMATE, approximations=(Approximation("sm", "tables", 0.0125, 0.995),))])
    )
    for part in ("approximate", "sm: largest error 0.0125", "same class on 99.50 %", "(tables)"):
        assert part in shown
