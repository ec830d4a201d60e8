"""The models against what vendors' reports say, to the LUT where a module is made of nothing else."""

from __future__ import annotations

import json

import pytest

from benchmarks import calibrate_layers
from benchmarks.layer_reports import LayerReport, Scope, read
from codesign.estimate.vitis.convolution import stream_cycles
from codesign.estimate.vitis.fabric import add_all
from codesign.estimate.vitis.families import CALIBRATION, LayerFamily, unscaled
from codesign.estimate.vitis.module import Module, module
from codesign.estimate.vitis.streams import pieces
from codesign.graph import Pooling, ZeroPadding

REPORTS = {report.name: report for report in read()}
WITH_MATRIX = {LayerFamily.CONVOLUTION, LayerFamily.DEPTHWISE, LayerFamily.RECURRENT, LayerFamily.CONTRACTION}
"""Families whose fit follows that of dense layers too."""
POOLED = [
    name for name, report in REPORTS.items() if report.modern and report.scope is Scope.DESIGN and "pooling" in name
]
AROUND = [name for name, report in REPORTS.items() if report.scope is Scope.AROUND_MATRIX]
PADDED = [name for name, report in REPORTS.items() if isinstance(report.layer, ZeroPadding)]
LOOKED_UP = [
    name
    for name, report in REPORTS.items()
    if report.modern and report.reported["bram18"] and len(report.graph.nodes) <= 3
]
"""Designs of an input, at most a layer without tables, and this layer: all the block RAM is its own."""


def modelled(report: LayerReport) -> Module:
    with unscaled():
        found = module(report.layer, report.graph.sources(report.layer), report.conditions)
    assert found is not None
    return found


@pytest.mark.parametrize("name", POOLED)
def test_pooling_is_exact(name: str) -> None:
    report = REPORTS[name]
    row = modelled(report)
    assert isinstance(report.layer, Pooling)
    assert row.lut + 38 == report.reported["lut"], "38 LUTs start and end the design"
    assert row.ff + 2 == report.reported["ff"]
    assert (row.dsp, row.bram18) == (0, 0)
    assert (row.latency, row.interval) == (report.reported["latency"], report.reported["interval"])


def test_there_are_eight_such_reports() -> None:
    assert len(POOLED) == 8
    assert len(AROUND) == 4


@pytest.mark.parametrize("name", AROUND)
def test_convolutions_of_a_stream_take_the_clocks_of_their_loop(name: str) -> None:
    report = REPORTS[name]
    assert report.matrix_latency is not None
    trips = pieces(report.graph.sources(report.layer)[0].shape)
    at_leisure = report.conditions.clock_ns > 10  # a window then is shifted and computed in one clock
    said = stream_cycles(trips, report.matrix_latency, 1, called=True) - at_leisure
    assert said == report.reported["latency"]


@pytest.mark.parametrize("name", PADDED)
def test_padding_takes_a_clock_a_piece(name: str) -> None:
    assert modelled(REPORTS[name]).latency == REPORTS[name].reported["latency"]


@pytest.mark.parametrize("name", LOOKED_UP)
def test_a_table_stands_there_once_for_two_lookups(name: str) -> None:
    assert modelled(REPORTS[name]).bram18 == REPORTS[name].reported["bram18"]


def test_what_is_saved_is_what_is_fitted() -> None:
    everything = [one for report in REPORTS.values() if (one := calibrate_layers.model(report, REPORTS)) is not None]
    fitted = [one for one in everything if one.report.modern and one.family not in WITH_MATRIX]
    saved = json.loads(CALIBRATION.read_text())["families"]
    expected = {name: fit for name, fit in saved.items() if LayerFamily(name) not in WITH_MATRIX}
    assert calibrate_layers.fit(fitted) == expected


def test_the_worst_tenth_is_left_out() -> None:
    assert calibrate_layers.ninth([0.1 * step for step in range(10)] + [9.0] + [None]) == pytest.approx(0.9)
    assert calibrate_layers.ninth([0.5]) == 0.5
    assert calibrate_layers.ninth([None]) == 0.0


@pytest.mark.parametrize("name", ["layernorm_10_8", "layernorm_row_8", "layernorm_row_10", "layernorm_30_16"])
def test_layer_normalization_takes_the_blocks_and_clocks_that_it_is_reported_with(name: str) -> None:
    reported, row = REPORTS[name].reported, modelled(REPORTS[name])
    assert (row.dsp, row.bram18, row.latency, row.interval) == (
        reported["dsp"],
        reported["bram18"],
        reported["latency"],
        reported["interval"],
    )


@pytest.mark.parametrize(("terms", "single"), [(1, 0), (2, 1), (3, 0), (4, 1), (8, 3)])
def test_adders_of_a_tree_are_paired_as_reports_list_them(terms: int, single: int) -> None:
    assert add_all(terms, 19).lut == 26 * single + 19 * (terms - 1 - single)
