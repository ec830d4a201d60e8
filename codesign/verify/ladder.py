"""Climbing: each rung answers the same samples, and every answer is compared with the Graph's integers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import ToolMissingError
from codesign.graph import Graph, Node
from codesign.simulate import Integers, execute, operands_of
from codesign.verify.explain import explain
from codesign.verify.rung import Answers, Approximation, Difference, Rung, RungResult, Status, as_numbers

Progress = Callable[[str], None]


def _differs(node: Node, expected: Integers, found: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where two results differ; a float answer must be exactly the number that the integer stands for."""
    found = found.reshape(expected.shape)
    if found.dtype.kind != "f":
        return np.asarray(found != expected, dtype=bool)
    scaled = np.ldexp(found.astype(np.float64), node.result.fraction)
    if expected.dtype == object:
        pairs = zip(scaled.ravel(), expected.ravel(), strict=True)
        flags = [not (float(s).is_integer() and int(s) == e) for s, e in pairs]
        return np.asarray(flags, dtype=bool).reshape(expected.shape)
    exact = scaled == np.floor(scaled)
    inside = np.abs(scaled) < 2.0**62
    return np.asarray(~(exact & inside) | (np.where(inside, scaled, 0).astype(np.int64) != expected), dtype=bool)


def _first_difference(
    graph: Graph, expected: Mapping[str, Integers], answers: Answers, nodes: Sequence[str], sample: int
) -> Difference:
    """The first node that differs for this sample, in the Graph's order."""
    for node in graph:
        if node.name not in nodes or node.name not in answers.values:
            continue
        found = answers.values[node.name].reshape(expected[node.name].shape)
        where = np.argwhere(_differs(node, expected[node.name][sample : sample + 1], found[sample : sample + 1])[0])
        if where.size == 0:
            continue
        index = tuple(int(i) for i in where[0])
        place = (sample, *index)
        right = int(expected[node.name][place])
        got = found[place]
        value = float(np.ldexp(float(got), node.result.fraction)) if found.dtype.kind == "f" else int(got)
        one = {item.name: expected[item.name][sample : sample + 1] for item in graph.sources(node) or (node,)}
        reason = explain(node, operands_of(graph, node, one), index, value, right)
        return Difference(sample, node.name, node.source, index, right, value, str(node.result), reason)
    raise AssertionError("a sample was counted as different, but no node of it differs")


def _approximation(node: Node, expected: Integers, found: npt.NDArray[Any], reason: str) -> Approximation:
    ours = as_numbers(expected, node.result.fraction).reshape(expected.shape[0], -1)
    theirs = as_numbers(found.reshape(expected.shape), node.result.fraction).reshape(expected.shape[0], -1)
    error = float(np.abs(ours - theirs).max()) if ours.size else 0.0
    winners = float(np.mean(ours.argmax(axis=1) == theirs.argmax(axis=1))) if ours.shape[1] > 1 and len(ours) else None
    return Approximation(node.name, reason, error, winners)


def _skipped(rung: Rung, why: str) -> RungResult:
    return RungResult(rung.name, rung.title, Status.SKIPPED, 0, 0, (), None, (), why, 0.0, {})


def _placed(
    graph: Graph,
    rung: Rung,
    inputs: Mapping[str, Integers],
    expected: Mapping[str, Integers],
    answers: Answers,
    sample: int,
    approximate: Mapping[str, str],
) -> tuple[Difference, Mapping[str, float | int | str]]:
    """The first node that differs for a sample, and what the rung left behind.

    The sample is answered again with every layer visible: after the one before it, or, where it is right then, after
    all that came before. A fault that none of this shows again is placed at the output that showed it.
    """
    for start in dict.fromkeys((max(sample - 1, 0), 0)):
        part = slice(start, sample + 1)
        seen = rung.answer({name: values[part] for name, values in inputs.items()}, layers=True)
        last = {name: values[part][-1:] for name, values in expected.items()}
        found = {name: values[-1:] for name, values in seen.values.items() if name not in approximate}
        if any(_differs(graph[name], last[name], values).any() for name, values in found.items()):
            break
    else:
        last = {name: values[sample : sample + 1] for name, values in expected.items()}
        found = {
            name: values[sample : sample + 1] for name, values in answers.values.items() if name not in approximate
        }
    first = _first_difference(graph, last, Answers(found), list(found), 0)
    left = {key: value for key, value in seen.facts.items() if key == "waveform"}
    return Difference(**{**first.__dict__, "sample": sample}), left


def climb_rung(
    graph: Graph,
    rung: Rung,
    inputs: Mapping[str, Integers],
    expected: Mapping[str, Integers],
    approximate: Mapping[str, str],
) -> RungResult:
    """Compare one rung with the Graph.

    Args:
        graph: the design.
        rung: what answers.
        inputs: by port, (samples, *shape) integers.
        expected: every node's result for them, from `execute`.
        approximate: nodes that this rung is declared to meet only approximately, with the reason.
    """
    samples = next(iter(inputs.values())).shape[0]
    started = time.monotonic()
    missing = rung.unavailable()
    if missing is not None:
        return _skipped(rung, missing)
    try:
        answers = rung.answer(inputs, layers=False)
    except ToolMissingError as error:
        return _skipped(rung, str(error))
    exact = [name for name in answers.values if name not in approximate]
    wrong = np.zeros(samples, dtype=bool)
    for name in exact:
        flags = _differs(graph[name], expected[name], answers.values[name])
        wrong |= flags.reshape(samples, -1).any(axis=1)
    first, facts = None, dict(answers.facts)
    if wrong.any():
        first, more = _placed(graph, rung, inputs, expected, answers, int(np.argmax(wrong)), approximate)
        facts.update(more)
    declared = tuple(
        _approximation(graph[name], expected[name], values, approximate[name])
        for name, values in answers.values.items()
        if name in approximate
    )
    right = Status.BROKEN if answers.faults else Status.APPROXIMATE if declared else Status.EQUAL
    status = Status.DIFFERENT if wrong.any() else right
    return RungResult(
        rung.name,
        rung.title,
        status,
        samples,
        int(wrong.sum()),
        tuple(exact),
        first,
        declared,
        "",
        time.monotonic() - started,
        facts,
        answers.faults,
    )


def climb(
    graph: Graph,
    rungs: Sequence[Rung],
    inputs: Mapping[str, Integers],
    *,
    approximate: Mapping[str, Mapping[str, str]] | None = None,
    progress: Progress = lambda text: None,
) -> list[RungResult]:
    """Climb all rungs, each compared with the Graph.

    Args:
        graph: the design.
        rungs: in order.
        inputs: by port, (samples, *shape) integers.
        approximate: by rung name, the nodes it meets only approximately and why.
        progress: told what is being done.
    """
    progress("simulating the Graph")
    expected = execute(graph, inputs)
    results = []
    for rung in rungs:
        progress(rung.title)
        results.append(climb_rung(graph, rung, inputs, expected, (approximate or {}).get(rung.name, {})))
    return results
