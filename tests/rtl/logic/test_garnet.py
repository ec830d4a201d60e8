"""GarNet's logic, for every way in which vertices count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import GarNet, GarNetReference, VertexCollapse
from codesign.rtl.logic import check_logic, check_logic_exists, node_logic
from tests.rtl.designs import P, port, words
from tests.rtl.logic.sweep import check

_VERTICES, _FEATURES, _AGGREGATORS, _OUTPUTS = 4, 2, 2, 3


def _arrays(**shapes):
    rng, found = np.random.default_rng(0), {}
    for name, shape in shapes.items():
        type_ = P("fixed<6,2>")
        found |= {name: words(rng, type_, shape), f"{name}_type": type_}
    return found


def _common(**more):
    table = P("ufixed<7,1>")
    shared = _arrays(distance_weight=(_AGGREGATORS, _FEATURES), distance_bias=(_AGGREGATORS,), output_bias=(_OUTPUTS,))
    return {
        "name": "net",
        "inputs": ("x", "count"),
        "result": P("fixed<12,5>"),
        "table": words(np.random.default_rng(1), table, (4096,)),
        "table_type": table,
        "accumulator": P("fixed<16,8>"),
        **shared,
        **more,
    }


def garnet(collapse, **more):
    return GarNet(
        **_common(**more),
        **_arrays(input_weight=(_OUTPUTS, _AGGREGATORS, _FEATURES), input_bias=(_OUTPUTS, _AGGREGATORS)),
        shape=(_OUTPUTS,) if collapse is VertexCollapse.MEAN else (_VERTICES, _OUTPUTS),
        weight_accumulator=P("fixed<12,6>"),
        norm_type=P("ufixed<9,1>"),
        collapse=collapse,
    )


def sources(count):
    return [
        port("x", (_VERTICES, _FEATURES), "fixed<6,3>"),
        port(
            "count",
            (1,),
            count,
        ),
    ]


@pytest.mark.parametrize(("count", "factor"), [("ufixed<3,3>", 1), ("fixed<6,4>", 2), ("ufixed<4,5>", 4)])
@pytest.mark.parametrize("mean_by_count", [False, True])
@pytest.mark.parametrize("collapse", VertexCollapse)
def test_vertices_that_count_are_gathered(collapse, mean_by_count, count, factor):
    if mean_by_count and count == "ufixed<4,5>":
        count = "ufixed<4,4>"  # a divisor may be odd
    node = replace(garnet(collapse, mean_by_count=mean_by_count, partial=True), reuse_factor=factor)
    assert check(node, sources(count))


def test_logic_of_all_vertices_is_checked_with_all_of_them():
    node = garnet(VertexCollapse.NONE, mean_by_count=True)
    check_logic(node, sources("ufixed<3,3>"), node_logic(node, sources("ufixed<3,3>"), ternary_adders=False))


@pytest.mark.parametrize("count", ["ufixed<4,4>", "fixed<6,4>"])
@pytest.mark.parametrize("partial", [False, True])
def test_the_reference_gathers_as_the_simulator(partial, count):
    assert check(reference(mean_by_count=False, partial=partial), sources(count))


def reference(**more):
    return GarNetReference(
        **_common(**more),
        **_arrays(input_weight=(2, _FEATURES), input_bias=(2,), output_weight=(_OUTPUTS, _AGGREGATORS, 2)),
        shape=(_VERTICES, _OUTPUTS),
    )


def test_divisions_without_logic_are_refused_by_name():
    with pytest.raises(UnsupportedLayerError, match=r"layer 'net'.*reference by the number of vertices; let hls4ml"):
        check_logic_exists(reference(mean_by_count=True), sources("ufixed<3,3>"))
    with pytest.raises(UnsupportedLayerError, match=r"layer 'net'.*a count of 16 bits.*at most 14; state a narrower"):
        check_logic_exists(garnet(VertexCollapse.MEAN, mean_by_count=True), sources("ufixed<16,6>"))
