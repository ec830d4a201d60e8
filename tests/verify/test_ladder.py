"""The ladder itself: what it calls equal, different, approximate and skipped, and where it points."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np

from codesign.errors import ToolMissingError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    Overflow,
    Rounding,
    frozen,
)
from codesign.graph.convert import to_floats
from codesign.graph.nodes import replace_arrays
from codesign.simulate import execute
from codesign.verify.ladder import climb
from codesign.verify.record import junit, notes, passed, record, sentence, to_json
from codesign.verify.rung import Answers, MissingRung, Status
from codesign.verify.stimulus import random_inputs


def design() -> Graph:
    rng = np.random.default_rng(3)
    x = Input(name="x", inputs=(), shape=(4,), result=FixedPoint(True, 6, 2))
    fc = Dense(
        name="fc",
        inputs=("x",),
        shape=(3,),
        result=FixedPoint(True, 14, 6),
        source="dense",
        weight=frozen(rng.integers(-8, 8, (4, 3))),
        weight_type=FixedPoint(True, 4, 1),
        bias=frozen(rng.integers(-8, 8, 3)),
        bias_type=FixedPoint(True, 4, 1),
        accumulator=FixedPoint(True, 14, 6),
    )
    act = Activation(
        name="act",
        inputs=("fc",),
        shape=(3,),
        result=FixedPoint(False, 4, 2, Rounding.RND_CONV, Overflow.SAT),
        source="relu",
        function=ActivationFunction.RELU,
    )
    return Graph("d", (x, fc, act), ("act",))


@dataclass
class GraphRung:
    """Answers with what another Graph computes."""

    graph: Graph
    name: str = "other"
    title: str = "another graph"
    outputs_only: bool = True
    as_floats: bool = False
    calls: list[tuple[int, bool]] = field(default_factory=list)

    def unavailable(self) -> str | None:
        return None

    def answer(self, inputs: Mapping[str, Any], *, layers: bool) -> Answers:
        self.calls.append((len(next(iter(inputs.values()))), layers))
        values: dict[str, Any] = execute(self.graph, inputs)
        if self.outputs_only and not layers:
            values = {name: values[name] for name in self.graph.outputs}
        if self.as_floats:
            values = {name: to_floats(value, self.graph[name].result) for name, value in values.items()}
        return Answers(values, {"latency_cycles": 7})


def changed(graph: Graph, name: str, change: Callable[[Any], Any]) -> Graph:
    nodes = tuple(change(node) if node.name == name else node for node in graph.nodes)
    return Graph(graph.name, nodes, graph.outputs)


def test_an_equal_rung() -> None:
    graph = design()
    inputs = random_inputs(graph, 50, 0)
    rung = GraphRung(graph)
    (result,) = climb(graph, [rung], inputs)
    assert (result.status, result.samples, result.mismatching, result.first) == (Status.EQUAL, 50, 0, None)
    assert result.compared == ("act",)
    assert result.facts == {"latency_cycles": 7}
    assert rung.calls == [(50, False)], "an equal rung is asked once, for its outputs only"


def test_floats_are_compared_as_numbers() -> None:
    graph = design()
    (result,) = climb(graph, [GraphRung(graph, outputs_only=False, as_floats=True)], random_inputs(graph, 50, 0))
    assert result.status is Status.EQUAL
    assert result.compared == ("x", "fc", "act")


def test_one_weight_by_one_bit_is_found_at_its_layer() -> None:
    graph = design()

    def bump(node: Dense) -> Dense:
        weight = node.weight.copy()
        weight[2, 1] += 1 if weight[2, 1] < node.weight_type.max_int else -1
        return Dense(**replace_arrays(node, weight=weight))

    inputs = random_inputs(graph, 200, 0)
    other = changed(graph, "fc", bump)
    rung = GraphRung(other)
    (result,) = climb(graph, [rung], inputs)
    assert result.status is Status.DIFFERENT
    ours, theirs = execute(graph, inputs)["act"], execute(other, inputs)["act"]
    wrong = (ours != theirs).any(axis=1)
    assert result.mismatching == int(wrong.sum())
    assert result.first is not None
    assert result.first.sample == int(np.argmax(wrong))
    assert (result.first.node, result.first.layer, result.first.index) == ("fc", "dense", (1,))
    assert "a weight, a table entry or the arithmetic differs" in result.first.reason
    assert rung.calls[-1] == (2, True), "the failing sample and the one before it are asked for again, with layers"


def test_another_rounding_mode_is_named() -> None:
    graph = design()
    other = changed(
        graph, "act", lambda node: replace(node, result=FixedPoint(False, 4, 2, Rounding.TRN, Overflow.SAT))
    )
    (result,) = climb(graph, [GraphRung(other)], random_inputs(graph, 200, 0))
    assert result.first is not None
    assert result.first.node == "act"
    assert "rounded by RND_CONV" in result.first.reason
    assert "looks like rounding TRN" in result.first.reason


def test_another_overflow_mode_is_named() -> None:
    graph = design()
    other = changed(
        graph, "act", lambda node: replace(node, result=FixedPoint(False, 4, 2, Rounding.RND_CONV, Overflow.WRAP))
    )
    (result,) = climb(graph, [GraphRung(other)], random_inputs(graph, 400, 0))
    assert result.first is not None
    assert "overflowed ufixed<4,2,RND_CONV,SAT>" in result.first.reason
    assert "overflow WRAP instead of SAT" in result.first.reason


def test_a_declared_approximation_is_measured_and_never_hides_an_exact_difference() -> None:
    graph = design()
    inputs = random_inputs(graph, 100, 0)

    def shift(node: Any) -> Any:
        return Dense(**replace_arrays(node, bias=np.clip(node.bias + 1, -8, 7)))

    other = GraphRung(changed(graph, "fc", shift), outputs_only=False, as_floats=True)
    declared = {"other": {"fc": "because", "act": "follows"}}
    (result,) = climb(graph, [other], inputs, approximate=declared)
    assert result.status is Status.APPROXIMATE
    assert [item.node for item in result.approximations] == ["fc", "act"]
    assert result.approximations[0].max_error == 2.0**-3
    (strict,) = climb(graph, [other], inputs, approximate={"other": {"act": "follows"}})
    assert strict.status is Status.DIFFERENT
    assert strict.first is not None
    assert strict.first.node == "fc"


def test_half_a_step_is_a_difference() -> None:
    graph = design()

    class Half(GraphRung):
        def answer(self, inputs: Mapping[str, Any], *, layers: bool) -> Answers:
            given = super().answer(inputs, layers=layers)
            return Answers({name: value + 2.0**-20 for name, value in given.values.items()})

    (result,) = climb(graph, [Half(graph, as_floats=True)], random_inputs(graph, 5, 0))
    assert (result.status, result.mismatching) == (Status.DIFFERENT, 5)


def test_a_fault_that_needs_what_came_before_is_placed_with_all_of_it():
    graph = design()

    class Forgetful(GraphRung):
        """Wrong from the fifth sample of a run on."""

        def answer(self, inputs: Mapping[str, Any], *, layers: bool) -> Answers:
            given = super().answer(inputs, layers=layers)
            values = {name: value.copy() for name, value in given.values.items()}
            if layers:
                values["fc"][4:] ^= 1
            values["act"][4:] ^= 1
            return Answers(values, {"waveform": "there"} if layers else {})

    rung = Forgetful(graph)
    (result,) = climb(graph, [rung], random_inputs(graph, 9, 0))
    assert result.first is not None
    assert (result.first.sample, result.first.node, result.mismatching) == (4, "fc", 5)
    assert rung.calls == [(9, False), (2, True), (5, True)]
    assert f"here {result.first.found} (" in sentence(result.first)
    assert notes(result).endswith("waveform there")


def test_a_broken_promise_fails_a_rung_whose_answers_are_right():
    graph = design()

    class Late(GraphRung):
        def answer(self, inputs: Mapping[str, Any], *, layers: bool) -> Answers:
            given = super().answer(inputs, layers=layers)
            return Answers(given.values, faults=("latency is 9 cycles, claimed are 8",))

    results = climb(graph, [Late(graph)], random_inputs(graph, 9, 0))
    assert (results[0].status, results[0].mismatching) == (Status.BROKEN, 0)
    assert not passed(results)
    assert notes(results[0]).startswith("latency is 9 cycles, claimed are 8")
    failure = Xml.fromstring(junit(results, "d")).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "latency is 9 cycles, claimed are 8"


def test_what_cannot_be_climbed_is_skipped_with_the_reason() -> None:
    graph = design()

    class Missing(GraphRung):
        def answer(self, inputs: Mapping[str, Any], *, layers: bool) -> Answers:
            raise ToolMissingError("g++ is not installed; run: apt-get install g++")

    rungs = [MissingRung("keras", "QKeras", "keras is not installed"), Missing(graph)]
    results = climb(graph, rungs, random_inputs(graph, 5, 0))
    assert [result.status for result in results] == [Status.SKIPPED, Status.SKIPPED]
    assert [result.note for result in results] == [
        "keras is not installed",
        "g++ is not installed; run: apt-get install g++",
    ]


def test_records_for_machines() -> None:
    graph = design()
    other = changed(
        graph, "act", lambda node: replace(node, result=FixedPoint(False, 4, 2, Rounding.TRN, Overflow.SAT))
    )
    rungs = [GraphRung(graph, name="good"), GraphRung(other, name="bad"), MissingRung("absent", "gone", "no tool")]
    results = climb(graph, rungs, random_inputs(graph, 60, 0))
    assert not passed(results)
    document = json.loads(to_json(record(results, {"seed": 0})))
    assert (document["passed"], document["seed"]) == (False, 0)
    assert [rung["status"] for rung in document["rungs"]] == ["equal", "different", "skipped"]
    assert document["rungs"][1]["first"]["node"] == "act"
    suite = Xml.fromstring(junit(results, "d"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    failure = suite.find("testcase[@name='bad']/failure")
    assert failure is not None
    assert results[1].first is not None
    assert failure.text == sentence(results[1].first)
    assert passed(results[:1])
