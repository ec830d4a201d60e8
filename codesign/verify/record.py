"""The ladder's outcome for machines: JSON and JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from codesign.verify.rung import Difference, RungResult, Status


def passed(results: Sequence[RungResult]) -> bool:
    """Whether no rung differs."""
    return all(result.status is not Status.DIFFERENT for result in results)


def sentence(difference: Difference) -> str:
    """One difference in one line."""
    layer = f"layer {difference.layer!r}" if difference.layer else "layer"
    found = f"{difference.found:g}" if isinstance(difference.found, float) else str(difference.found)
    return (
        f"sample {difference.sample}, {layer} (node {difference.node!r}, element {list(difference.index)}, "
        f"{difference.type}): Graph {difference.expected}, here {found}; {difference.reason}"
    )


def notes(result: RungResult) -> str:
    """What there is to say of a rung: its first difference, else measured errors and facts, a line each."""
    if result.first is not None:
        return sentence(result.first)
    lines = [result.note] if result.note else []
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
    """One test case a rung: failed where it differs, skipped where it was not climbed."""
    suite = Xml.Element("testsuite", name=name, tests=str(len(results)))
    failures = sum(result.status is Status.DIFFERENT for result in results)
    skipped = sum(result.status is Status.SKIPPED for result in results)
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
            failure.text = sentence(result.first)
        elif result.status is Status.DIFFERENT:
            Xml.SubElement(case, "failure", type="mismatch", message=result.note)
        elif result.status is Status.SKIPPED:
            Xml.SubElement(case, "skipped", message=result.note)
        if result.approximations:
            Xml.SubElement(case, "system-out").text = notes(result)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
