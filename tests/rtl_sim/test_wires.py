"""The wrapper around a design: names that are no plain ones are escaped, names that cannot be are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rtl_sim.batch.wires import DescriptionError, data_bits, table, wires, wrapper
from rtl_sim.interface import Protocol
from tests.rtl_sim.designs import AXIS, PAIR_SUM, STARTED


def test_what_is_driven_and_what_is_read():
    found = {wire.name: wire for wire in wires(PAIR_SUM.design, probes=True)}
    assert {name for name, wire in found.items() if wire.driven} == {"clk", "rst", "i0_d0", "i0_valid", "o0_ready"}
    assert (found["i0_d0"].bits, found["p0_d0"].bits, found["p0_d0"].inside) == (16, 16, True)
    assert not [wire for wire in wires(PAIR_SUM.design, probes=False) if wire.inside]
    text = wrapper(PAIR_SUM.design, wires(PAIR_SUM.design, probes=True))
    assert "assign p0_d0 = dut.acc_data;" in text
    assert ".x_data(i0_d0)" in text


def test_axis_data_are_whole_bytes_and_a_started_design_has_its_control():
    stream = replace(AXIS.design.inputs[0], slot=6, bits=6, lanes=3)
    assert (data_bits(stream, Protocol.AXIS), data_bits(stream, Protocol.VALID_READY)) == (24, 18)
    names = [wire.name for wire in wires(STARTED.design, probes=False)]
    assert {"ap_start", "ap_done", "ap_ready", "o0_valid0", "o1_valid0"} <= set(names)


def test_tied_inputs_are_held_low():
    design = replace(PAIR_SUM.design, tied=("enable",))
    assert ".enable('0)" in wrapper(design, wires(design, probes=False))


def test_strange_names():
    port = replace(PAIR_SUM.design.inputs[0], data=('x[0]"\\',))
    design = replace(PAIR_SUM.design, inputs=(port,))
    found = wires(design, probes=False)
    assert '.\\x[0]"\\ (i0_d0)' in wrapper(design, found)
    assert '"x[0]\\"\\\\"' in table(found)
    for name in ("x y", "x\n", ""):
        with pytest.raises(DescriptionError, match="is no name that Verilog can have"):
            wires(replace(design, top=name), probes=False)


def test_flags_that_do_not_match_their_signals():
    output = replace(STARTED.design.outputs[0], data=("a", "b", "c"), lanes=3, valid=("u", "v"))
    with pytest.raises(DescriptionError, match="3 data signals and 2 valid flags; give one for each, or one for all"):
        wires(replace(STARTED.design, outputs=(output,)), probes=False)
    one = replace(output, valid=("u",))
    text = wrapper(STARTED.design, wires(replace(STARTED.design, outputs=(one,)), probes=False))
    assert text.count(".u(") == 1
    assert "assign o0_valid2 = o0_valid0;" in text
