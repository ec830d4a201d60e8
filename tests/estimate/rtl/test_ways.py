"""The longest ways through a design, in nanoseconds of the fabric's model."""

from dataclasses import replace

import pytest

from benchmarks.fmax_designs import Kind, draw
from codesign.estimate.rtl.way import Way
from codesign.estimate.rtl.ways import ways
from codesign.graph import FixedPoint, Graph, Input
from codesign.rtl import Facing
from codesign.rtl.composed import compose
from codesign.rtl.family import Family, cut_for
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.network import plan_units
from codesign.rtl.pipeline import longest_stage_ns
from codesign.rtl.units import Options
from tests.rtl.designs import activation, dense


def options(family=Family.ECP5, clock_ns=20.0, reuse=None, multipliers=Multipliers.LUT):
    return Options(family, clock_ns, cut_for(family, clock_ns), reuse or {}, multipliers)


def network(*, weight="fixed<6,1>", n_in=8, n_out=4, accumulator="fixed<16,8>"):
    nodes = (
        Input(name="x", inputs=(), shape=(n_in,), result=FixedPoint.parse("fixed<5,1>")),
        dense("y", "x", n_in, n_out, weight=weight, accumulator=accumulator, result=accumulator),
    )
    return Graph("net", nodes, ("y",))


def found(graph, chosen):
    composed = compose(graph, plan_units(graph, chosen), Facing())
    return composed, ways(composed, chosen).longest_ns


def test_unrolled_sums_are_ways_through_adders_as_the_pipeline_has_them():
    chosen = options()
    composed, longest = found(network(), chosen)
    fabric = chosen.cut.fabric
    assert set(longest) == {Way.ADDERS, Way.READY}
    assert longest[Way.ADDERS] + fabric.stage_ns == pytest.approx(longest_stage_ns(composed.units["y"].stages, fabric))
    # The input's register and the layer's stand in a row: a level, and two of the three other inputs of one more.
    assert longest[Way.READY] == pytest.approx(fabric.level_ns * (1 + 2 / 3))


def test_a_cast_behind_is_a_way_of_its_own():
    graph = network()
    nodes = (*graph.nodes, activation("relu", "y", (4,), "ufixed<4,1,RND_CONV,SAT>"))
    _, longest = found(Graph("net", nodes, ("relu",)), options())
    assert set(longest) == {Way.ADDERS, Way.CAST, Way.READY}


def test_a_folded_layer_leads_through_its_multipliers():
    chosen = options(reuse={"y": 32})
    _, longest = found(network(), chosen)
    fabric = chosen.cut.fabric
    # 5 and 6 bits, recoded into three rows of adders.
    assert longest[Way.PRODUCT] == pytest.approx(2 * fabric.level_ns + 3 * fabric.chain_ns + 11 * fabric.bit_ns)
    # One of eight numbers is chosen.
    assert longest[Way.CHOICE] >= 3 * fabric.level_ns
    assert Way.DSP_PRODUCT not in longest


def test_dsp_blocks_are_products_of_their_own():
    chosen = options(reuse={"y": 32}, multipliers=Multipliers.DSP)
    _, longest = found(network(), chosen)
    fabric = chosen.cut.fabric
    assert longest[Way.DSP_PRODUCT] == pytest.approx(fabric.product_ns + 11 * fabric.product_bit_ns)
    assert Way.PRODUCT not in longest


def test_products_too_small_for_a_dsp_block_of_ice40_are_logic():
    chosen = options(Family.ICE40, 60.0, {"y": 32}, Multipliers.DSP)
    assert Way.DSP_PRODUCT in found(network(), chosen)[1]
    assert Way.PRODUCT in found(network(weight="fixed<5,1>"), chosen)[1]


def test_weights_in_block_ram_come_later():
    chosen = options(reuse={"y": 2048})
    small = found(network(), replace(chosen, reuse={"y": 32}))[1]
    large = found(network(n_in=64, n_out=32, accumulator="fixed<20,10>"), chosen)[1]
    assert large[Way.PRODUCT] == pytest.approx(small[Way.PRODUCT] + 5.1)


def test_saturating_sums_lead_through_every_product_of_a_clock():
    def longest(reuse):
        graph = network(n_in=8, accumulator="fixed<8,2,TRN,SAT>")
        return found(graph, options(reuse={"y": reuse}))[1][Way.SUM]

    assert longest(8) > 1.8 * longest(32)


def test_windows_and_what_pools_them_have_control():
    design = draw(Kind.CNN, 3, Family.ECP5)
    composed = compose(design.graph, design.planned, Facing())
    assert Way.CONTROL in ways(composed, design.options).longest_ns


def test_larger_layers_are_larger():
    chosen = options(reuse={"y": 32})

    def size(graph, chosen):
        return ways(compose(graph, plan_units(graph, chosen), Facing()), chosen).size

    assert size(network(n_out=8), options()) > 1.5 * size(network(), options())
    assert size(network(), replace(chosen, reuse={"y": 8})) > 1.5 * size(network(), chosen)
