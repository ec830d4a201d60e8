"""Recurrent units: the Graph's integers at every step, and beats in the clocks that the behaviour says."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Gru, Lstm
from codesign.rtl.family import Family, cut_for
from codesign.rtl.primitives import primitives, tables
from codesign.rtl.stream import by_place, whole
from codesign.rtl.units import Options, Place, Source, build, plan
from codesign.simulate import Operand, run_node
from tests.rtl.recurrent_nodes import CASES, recurrent
from tests.rtl.unit_bench import Bench, Trial, beats, check

FRAMES = 6
OPTIONS = Options(Family.ECP5, 10.0, cut_for(Family.ECP5, 10.0))


def trial(index, cls, fields, clock_ns):
    node, ports = recurrent(cls, seed=index, **fields)
    rng = np.random.default_rng(index)
    given = [rng.integers(p.result.min_int, p.result.max_int, size=(FRAMES, *p.shape), endpoint=True) for p in ports]
    expected = run_node(node, [Operand(values, p.result) for values, p in zip(given, ports, strict=True)])
    options = Options(Family.ECP5, clock_ns, cut_for(Family.ECP5, clock_ns))
    place = Place(f"rnn{index}", tuple(Source(p, _layout(p)) for p in ports), options)
    unit = build(node, place)
    assert (unit.inputs, unit.output) == (plan(node, place).inputs, plan(node, place).output)
    inputs = tuple(
        (beats(values, layout), p.result.width) for values, layout, p in zip(given, unit.inputs, ports, strict=True)
    )
    return Trial(unit, inputs, (beats(expected, unit.output), node.result.width))


def _layout(port):
    return by_place(port.shape) if len(port.shape) > 1 else whole(port.shape)


def check_cases(names, folder):
    trials = [
        trial(list(CASES).index(name), *CASES[name], (12.0, 200.0)[index % 2]) for index, name in enumerate(names)
    ]
    stages = [stage for item in trials for stage in item.unit.stages]
    shared = list(tables(stages).values())
    texts = "\n".join(text for item in trials for text in item.unit.files.values())
    check(Bench(trials, folder, [*shared, *primitives(texts).values()]), seeds=(1,))


@pytest.mark.tools
def test_steps_are_exact_and_on_time(tmp_path):
    check_cases(("lstm last", "lstm states", "gru back", "gru long"), tmp_path)


@pytest.mark.tools
@pytest.mark.slow
def test_every_kind_is_exact_and_on_time(tmp_path):
    check_cases(CASES, tmp_path)


@pytest.mark.parametrize("cls", [Lstm, Gru])
def test_what_is_too_wide_is_refused_by_name(cls):
    node, ports = recurrent(cls, accumulator="fixed<60,30>")
    place = Place("rnn", tuple(Source(p, _layout(p)) for p in ports), OPTIONS)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'rnn': its logic would hold numbers of \d+ bits"):
        plan(node, place)


def test_a_table_too_large_is_refused_by_name():
    node, ports = recurrent(Gru, entries=1 << 15)
    place = Place("rnn", tuple(Source(p, _layout(p)) for p in ports), OPTIONS)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'rnn': a table of 32768 entries"):
        plan(node, place)
