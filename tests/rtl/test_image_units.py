"""Units over images and sequences: values and cycles against the Graph and the behaviour that they claim."""

from dataclasses import replace

import pytest

from codesign.errors import UnsupportedLayerError
from codesign.rtl.stream import by_place
from codesign.rtl.units import Place, Source, build, plan
from tests.rtl.convolution_cases import folded_convolutions, unrolled_convolutions
from tests.rtl.image_nodes import OPTIONS, P, convolution, pooling, port, shared
from tests.rtl.movement_cases import movements, transpose
from tests.rtl.pooling_cases import poolings
from tests.rtl.unit_bench import Bench, check


def _place(source, **reuse):
    return Place("u", (Source(source, by_place(source.shape)),), replace(OPTIONS, reuse=reuse))


@pytest.mark.tools
def test_all_answer_as_the_graph_and_in_the_cycles_they_claim_whatever_the_traffic(tmp_path):
    trials = [*unrolled_convolutions(), *folded_convolutions(), *poolings(), *movements()]
    check(Bench(trials, tmp_path / "bench", shared(trials)))


def test_a_window_is_read_pixel_by_pixel_where_the_reuse_factor_leaves_a_clock_for_each():
    image = port((6, 6, 4))
    node = convolution(image, (3, 3), 8)
    assert "cs_taps.sv" in build(node, _place(image, conv=72)).templates
    assert "cs_window.sv" in build(node, _place(image, conv=8)).templates
    assert build(node, _place(image)).templates == ("cs_window.sv",)


def test_windows_that_do_not_overlap_are_joined_as_they_come():
    image = port((6, 6, 4))
    together = pooling(image, "max", "parallel", (2, 2))
    apart = pooling(image, "max", "parallel", (3, 3), (1, 1))
    assert build(together, _place(image)).templates == ("cs_running.sv",)
    assert build(apart, _place(image)).templates == ("cs_window.sv",)


def test_large_transpositions_go_through_a_memory_and_those_of_axes_of_one_through_wires():
    big, flat = port((4, 30, 10), "ufixed<4,2>"), port((1, 30, 10), "ufixed<4,2>")
    memory, wires = (build(transpose(source, (1, 0, 2)), _place(source)) for source in (big, flat))
    assert memory.templates == ("cs_frame.sv",)
    assert wires.templates == ()
    assert wires.behaviour.latency == 0


def test_a_window_that_would_fill_the_device_with_registers_is_refused_by_name():
    source = port((80, 80, 8))
    node = pooling(source, "average", "parallel", (60, 60), (1, 1))
    with pytest.raises(UnsupportedLayerError, match=r"layer 'pool'.*\(60, 60\).*Pool in two steps"):
        plan(node, _place(source))


def test_a_padded_mean_divides_each_window_by_what_of_it_is_no_padding():
    image = port((4, 4, 1))
    padded = pooling(image, "average", "parallel", (3, 3), (1, 1), (1, 1), (1, 1), count_padding=False)
    whole = pooling(image, "average", "parallel", (3, 3), (1, 1), (1, 1), (1, 1), accumulator=P("fixed<12,7>"))
    assert ".x1(marks)" in build(padded, _place(image)).files["u.v"]
    assert ".x1(marks)" not in build(whole, _place(image)).files["u.v"]
