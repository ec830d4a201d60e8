"""The ladder's outcome for machines: JSON and JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from codesign.graph import FixedPoint
from codesign.verify.rung import Difference, RungResult, Status

FAILED = (Status.DIFFERENT, Status.BROKEN)


def passed(results: Sequence[RungResult]) -> bool:
    """Whether no rung differs or breaks a promise."""
    return all(result.status not in FAILED for result in results)


def _number(value: int | float, width: int) -> str:
    """A number, and an integer's bits as the hardware has them."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value} ({value & ((1 << width) - 1):0{width}b})"


def sentence(difference: Difference) -> str:
    """One difference in one line."""
    layer = f"layer {difference.layer!r}" if difference.layer else "layer"
    sample = f"sample {difference.sample}, " if difference.sample >= 0 else ""  # a proof has none
    width = FixedPoint.parse(difference.type).width
    expected, found = _number(difference.expected, width), _number(difference.found, width)
    return (
        f"{sample}{layer} (node {difference.node!r}, element {list(difference.index)}, "
        f"{difference.type}): Graph {expected}, here {found}; {difference.reason}"
    )


def notes(result: RungResult) -> str:
    """What there is to say of a rung: its first difference, else measured errors and facts, a line each."""
    faults = list(result.faults)
    if result.first is not None:
        left = [f"waveform {result.facts['waveform']}"] if "waveform" in result.facts else []
        return "\n".join([sentence(result.first), *faults, *left])
    lines = [*faults, *([result.note] if result.note else [])]
    for item in result.approximations:
        winner = "" if item.same_winner is None else f", same class on {100 * item.same_winner:.2f} %"
        lines.append(f"{item.node}: largest error {item.max_error:.3g}{winner} ({item.reason})")
    lines += [f"{key} {value}" for key, value in result.facts.items()]
    return "\n".join(lines)


def record(results: Sequence[RungResult], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything, for machines: the shape of `verify.json`."""
    return {
        "format": "codesign-verification",
        "version": 1,
        "passed": passed(results),
        **facts,
        "rungs": [asdict(result) for result in results],
    }


def to_json(document: dict[str, Any]) -> str:
    """`record`'s document as text."""
    return json.dumps(document, indent=1, default=lambda value: getattr(value, "value", None) or dict(value)) + "\n"


def junit(results: Sequence[RungResult], name: str) -> str:
    """One test case a rung: failed where it differs, skipped where it was not climbed to its end."""
    suite = Xml.Element("testsuite", name=name, tests=str(len(results)))
    failures = sum(result.status in FAILED for result in results)
    skipped = sum(result.status in (Status.SKIPPED, Status.PARTIAL) for result in results)
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", str(skipped))
    suite.set("time", f"{sum(result.seconds for result in results):.3f}")
    for result in results:
        case = Xml.SubElement(suite, "testcase", classname=f"codesign.verify.{name}", name=result.rung)
        case.set("time", f"{result.seconds:.3f}")
        if result.first is not None:
            failure = Xml.SubElement(case, "failure", type="mismatch")
            failure.set("message", f"{result.mismatching} of {result.samples} samples differ")
            failure.text = notes(result)
        elif result.faults:
            Xml.SubElement(case, "failure", type="promise", message=result.faults[0]).text = notes(result)
        elif result.status is Status.DIFFERENT:
            Xml.SubElement(case, "failure", type="mismatch", message=result.note)
        elif result.status in (Status.SKIPPED, Status.PARTIAL):
            Xml.SubElement(case, "skipped", message=result.note)
        if result.approximations:
            Xml.SubElement(case, "system-out").text = notes(result)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
