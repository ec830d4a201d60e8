"""Estimates of our own RTL: exact in time, stated in error, and made of what is written."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest

from benchmarks.calibration.collect import clock_ns, kept
from benchmarks.calibration.networks import network
from codesign import rtl
from codesign.board import load_board
from codesign.errors import EstimateError
from codesign.estimate import Conditions, Flow, board_target, estimate, part_target
from codesign.estimate.rtl import model as models
from codesign.estimate.rtl.count import count
from codesign.estimate.rtl.model import costs, model
from codesign.estimate.rtl.pieces import NAMES, Pieces
from codesign.estimate.rtl.templates.registry import known
from codesign.resources import resource
from codesign.rtl import Family
from codesign.rtl.composed import compose
from codesign.rtl.family import cut_for
from codesign.rtl.network import plan_units
from codesign.rtl.units import Options
from tests.rtl.random_designs import random_design

# What stands at a design's ports alone, where others than valid and ready are asked for.
_PORTS = {"cs_ap_control", "cs_axi_lite", "cs_axis_fault", "cs_axis_in", "cs_axis_out", "cs_frame_end"}
_PARTS_OF_OTHERS = {"cs_multiply", "cs_slice", "cs_pack", "cs_unpack"}


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 6])
def test_latency_and_interval_are_those_of_the_project(tmp_path, seed):
    drawn = network(seed)
    manifest = rtl.write_project(
        drawn.graph, tmp_path, clock_ns=20, family=Family.ECP5, part="", multipliers=drawn.multipliers
    )
    conditions = Conditions(Flow.RTL, board_target(load_board("ulx3s-85f")), clock_ns=20, multipliers=drawn.multipliers)
    found = estimate(drawn.graph, conditions)
    assert found.latency_cycles is not None
    assert found.interval is not None
    assert found.latency_cycles.is_exact
    assert found.interval.is_exact
    assert (found.latency_cycles.value, found.interval.value) == (manifest.latency_cycles, manifest.interval)


def test_a_second_estimate_is_the_first_again():
    graph = network(0).graph
    conditions = Conditions(Flow.RTL, part_target("xc7a100tcsg324-1"), clock_ns=8)
    first, second = estimate(graph, conditions), estimate(graph, conditions)
    assert first == second
    slower = estimate(graph, dataclasses.replace(conditions, clock_ns=30))
    assert slower.latency_cycles.value <= first.latency_cycles.value


@pytest.mark.parametrize("family", Family)
def test_every_layer_that_is_drawn_is_counted(family):
    for seed in range(4):
        graph = random_design(seed)
        options = Options(family, 100.0, cut_for(family, 100.0))
        counted = count(graph, compose(graph, plan_units(graph, options), rtl.Facing()), family)
        total = counted.total
        assert total.ff > 0
        assert total.vector() == pytest.approx(
            sum((pieces.vector() for pieces in counted.units.values()), counted.joints.vector())
        )


def test_every_template_inside_a_design_is_counted():
    written = {path.stem for path in (resource("hls_templates") / "rtl").glob("cs_*.sv")}
    assert written - _PORTS - _PARTS_OF_OTHERS == known()


def test_a_part_of_another_family_has_wider_intervals():
    pieces = Pieces(adder_bits=1000, ff=2000, dsp=10, handshakes=3)
    near, far = (costs(pieces, Family.XILINX_ULTRASCALE_PLUS, calibrated=c) for c in (True, False))
    assert near.lut.value == far.lut.value
    assert far.lut.low < near.lut.low < near.lut.value < near.lut.high < far.lut.high
    assert near.dsp.is_exact
    assert not far.dsp.is_exact


def test_a_damaged_calibration_is_refused_by_its_file(tmp_path, monkeypatch):
    path = tmp_path / "rtl.json"
    text = models.CALIBRATION.read_text()
    path.write_text(text[: len(text) // 2])
    monkeypatch.setattr(models, "CALIBRATION", path)
    models.model.cache_clear()
    try:
        with pytest.raises(EstimateError, match=re.escape(str(path)) + r".* damaged .*install codesign again"):
            model(Family.ECP5)
    finally:
        models.model.cache_clear()


@pytest.mark.parametrize("family", Family)
def test_the_stated_errors_meet_what_is_promised(family):
    found = model(family)
    assert found.lut.median_error <= 0.10
    assert found.lut.ninth_error <= 0.25
    assert found.ff.median_error <= 0.10
    assert found.lut.held_out >= 12
    assert found.dsp.wrong == 0
    assert found.bram.wrong == 0


@pytest.mark.parametrize("family", Family)
def test_the_fit_is_what_its_rows_give(family):
    from benchmarks.calibration.fit import fit_rows, stored_rows

    shipped = json.loads(models.CALIBRATION.read_text())["families"][family.value]
    assert fit_rows(family, stored_rows(family)) == {key: shipped[key] for key in ("lut", "ff", "dsp", "bram")}


def test_the_pieces_of_a_stored_row_are_counted_again():
    from benchmarks.calibration.fit import pieces_of, stored_rows

    for row in stored_rows(Family.ECP5)[:6]:
        np.testing.assert_allclose(
            pieces_of(Family.ECP5, row.seed, clock_ns(Family.ECP5, row.seed)).vector(), row.pieces.vector()
        )
    assert len(kept(Family.ECP5)) >= 48
    assert len(NAMES) == len(Pieces().vector())
