"""Fmax of our own RTL: the formula, and what it is worth on designs that it was not fitted to."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.calibrate_fmax import calibrated, errors, features, held_out, split
from benchmarks.fmax_designs import Kind, draw, varies
from benchmarks.fmax_fit import Constants
from codesign.estimate.rtl import fmax as module
from codesign.estimate.rtl.fmax import data, fmax, fmax_basis, period_ns, speeds
from codesign.estimate.rtl.way import Way, Ways
from codesign.rtl import Facing
from codesign.rtl.composed import compose
from codesign.rtl.family import Family

CALIBRATED = (Family.ECP5, Family.ICE40, Family.GOWIN)
MHZ = pytest.mark.parametrize("family", CALIBRATED, ids=lambda family: family.value)


@pytest.fixture(scope="module")
def document():
    return data()


@pytest.fixture(scope="module")
def drawn():
    """A design with its units joined, of a kind and a seed for a family."""

    def make(kind, seed, family):
        design = draw(kind, seed, family)
        return compose(design.graph, design.planned, Facing()), design.options

    return make


def relative_errors(document, family, least_seed=0):
    """Of the frequency, on designs held out, from the file alone."""
    speed = speeds()[family]
    off = []
    for entry in document["designs"]:
        if entry["family"] == family.value and "mhz" in entry and entry["seed"] % 3 == 0 <= entry["seed"] - least_seed:
            longest = {Way(way): ns for way, ns in entry["ways_ns"].items()}
            mhz = 1000 / period_ns(Ways(longest, entry["size"]), speed.register_ns, speed.scale, speed.growth)
            off.append(abs(mhz - entry["mhz"]) / entry["mhz"])
    return off


@MHZ
def test_designs_held_out_come_out_near_the_estimate(document, family):
    off = relative_errors(document, family)
    assert len(off) >= 25
    assert np.median(off) <= 0.15
    assert speeds()[family].median_error == pytest.approx(np.median(off), abs=1e-4)


@MHZ
def test_so_do_those_built_after_the_kinds_of_ways_were_settled(document, family):
    off = relative_errors(document, family, least_seed=14)
    assert len(off) >= 12
    assert np.median(off) <= 0.15


@MHZ
def test_every_third_seed_is_held_out_and_the_interval_is_theirs(document, family):
    assert [seed for seed in range(7) if held_out(seed)] == [0, 3, 6]
    for entry in document["designs"]:
        assert "left_out" in entry or entry["held_out"] is held_out(entry["seed"])
    fitted, held = split(document["designs"], family)
    speed = speeds()[family]
    constants = Constants(speed.register_ns, speed.scale, speed.growth)
    assert errors(constants, fitted, held) == document["families"][family.value]["errors"]
    ratios = constants.ratios(held)
    assert np.mean((ratios >= speed.low) & (ratios <= speed.high)) >= 0.9


def test_constants_are_what_a_fit_gives(document):
    family = Family.ICE40
    assert calibrated(document["designs"], family) == document["families"][family.value]


def test_nothing_held_out_changes_the_constants(document):
    family = Family.ECP5
    changed = [{**entry, "mhz": 2 * entry["mhz"]} if entry.get("held_out") else entry for entry in document["designs"]]
    assert calibrated(changed, family)["constants"] == document["families"][family.value]["constants"]


@pytest.mark.parametrize(("kind", "family"), list(zip(Kind, CALIBRATED * 2, strict=True)), ids=lambda key: key.value)
def test_a_design_drawn_again_has_the_features_stated(document, kind, family):
    known = [entry for entry in document["designs"] if entry["kind"] == kind.value and "mhz" in entry]
    entry = next(e for e in known if e["family"] == family.value and not e["held_out"])
    design = draw(kind, entry["seed"], family)
    found = features(design)
    assert {way.value: ns for way, ns in found.longest_ns.items()} == entry["ways_ns"]
    assert found.size == entry["size"]
    assert design.options.clock_ns == entry["clock_ns"]
    assert varies(design.graph)


lengths = st.dictionaries(st.sampled_from(Way), st.floats(0, 100), min_size=1)
sizes, times = st.floats(1, 1e5), st.floats(1, 10)


@given(
    lengths, st.sampled_from(Way), st.floats(0, 50), st.floats(1, 1e5), st.floats(1, 10), st.sampled_from(CALIBRATED)
)
def test_longer_ways_and_larger_designs_are_never_faster(longest, way, more, size, growth, family):
    speed = speeds()[family]

    def period(longest, size):
        return period_ns(Ways(longest, size), speed.register_ns, speed.scale, speed.growth)

    before = period(longest, size)
    assert before >= speed.register_ns * min(1.0, (size / 500) ** speed.growth) - 1e-9
    assert period({**longest, way: longest.get(way, 0.0) + more}, size) >= before
    assert period(longest, size * growth) >= before * (1 - 1e-12)


@MHZ
def test_every_way_counts(family):
    speed = speeds()[family]
    assert set(speed.scale) == set(Way)
    assert all(scale > 0 for scale in speed.scale.values())
    assert speed.growth >= 0


def test_a_longer_period_asked_for_is_not_faster(drawn):
    family = Family.ECP5
    design = draw(Kind.MLP, 8, family)
    found = []
    for clock_ns in (6.0, 9.0, 14.0, 25.0):
        options = replace(design.options, clock_ns=clock_ns, cut=replace(design.options.cut, period_ns=clock_ns))
        planned = tuple(replace(p, place=replace(p.place, options=options)) for p in design.planned)
        found.append(fmax(compose(design.graph, planned, Facing()), options).value)
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.5 * found[-1]


def test_the_figure_has_the_interval_of_those_held_out(drawn):
    composed, options = drawn(Kind.FOLDED_CNN, 1, Family.ICE40)
    speed = speeds()[Family.ICE40]
    figure = fmax(composed, options)
    assert figure.low == pytest.approx(figure.value * speed.low)
    assert figure.high == pytest.approx(figure.value * speed.high)
    assert 10 < figure.low < figure.value < figure.high < 100


def test_beyond_the_largest_design_measured_the_interval_is_wider(drawn, monkeypatch):
    composed, options = drawn(Kind.MLP, 8, Family.ECP5)
    within = fmax(composed, options)
    speed = replace(speeds()[Family.ECP5], largest=10.0)
    monkeypatch.setattr(module, "speeds", lambda: {Family.ECP5: speed})
    beyond = fmax(composed, options)
    assert beyond.value == within.value
    assert beyond.low == pytest.approx(within.value * speed.low**2)
    assert beyond.high == pytest.approx(within.value * speed.high**2)


@pytest.mark.parametrize("family", [Family.XILINX_7SERIES, Family.XILINX_ULTRASCALE_PLUS])
def test_families_that_nothing_here_places_and_routes_are_unknown(drawn, family):
    composed, options = drawn(Kind.MLP, 8, family)
    assert fmax(composed, options) is None
    assert fmax_basis(family) == f"Fmax: unknown, no measurement tells for {family.value}"


def test_the_basis_names_tools_part_and_error():
    speed = speeds()[Family.ICE40]
    text = fmax_basis(Family.ICE40)
    assert "Yosys 0.70 and nextpnr-ice40 0.11.1 for iCE40UP5K" in text
    assert f"median error {speed.median_error:.0%} on {speed.held_out} others" in text
    assert not math.isnan(speed.median_error)
