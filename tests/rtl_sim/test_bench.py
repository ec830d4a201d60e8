"""The bench on designs written by hand: right ones pass in every scenario, each planted fault is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rtl_sim.beats import to_beats
from rtl_sim.frames import draw_frames
from rtl_sim.install import installed_icarus, installed_verilator
from rtl_sim.run_files import Order
from rtl_sim.runner import WAVEFORM, SimulatorError, build, carry_out, run
from rtl_sim.scenario import Plan, Segment, compile_plan, standard_scenarios
from rtl_sim.scoreboard import judge
from tests.rtl_sim.designs import AXIS, EXAMPLES, PAIR_SUM, STARTED

pytestmark = pytest.mark.tools

FRAMES = 100
# By design and fault: the scenarios that must find it (any of them), and a part of what is said.
FAULTS = {
    ("pair_sum", 1): ("held back", "y_valid fell before the beat was taken"),
    ("pair_sum", 2): ("held back", "y_data changed while the beat waited"),
    ("pair_sum", 3): ("held back hard", "is wrong"),
    ("pair_sum", 4): ("reset in mid-frame", "is wrong"),
    ("pair_sum", 5): ("reset in mid-frame", "y"),
    ("pair_sum", 6): ("extreme words", "number 0 is -128 (10000000), expected 127 (01111111)"),
    ("pair_sum", 7): ("back to back", "y_valid depends on y_ready in the same cycle"),
    ("pair_sum", 8): ("held back hard", "y"),
    ("pair_sum", 10): ("held back hard", "no handshake for 300 cycles; the last was a beat"),
    ("pair_sum", 11): ("extreme words", "number 0 is 127 (01111111), expected -128 (10000000)"),
    ("axis_increment", 1): ("TLAST early", "m_axis_tlast is high in beat"),
    ("axis_increment", 2): ("back to back", "m_axis_tlast is high in beat 1 of 3"),
    ("axis_increment", 3): ("back to back", "m_axis_tkeep is 0x3 in beat 2, expected 0x1"),
    ("axis_increment", 4): ("extreme words", "m"),
    ("axis_increment", 5): ("held back hard", "m"),
    ("axis_increment", 6): ("reset in mid-frame", "m_axis_tlast is low in beat 2 of 3"),
    ("started_product", 1): ("held start", "is wrong"),
    ("started_product", 2): ("pulsed start", "ap_done was high"),
    ("started_product", 3): ("held start", "y_0 of frame 0 is wrong"),
    ("started_product", 4): ("held start", "y_1"),
    ("started_product", 5): ("extreme words", "number 0 is -1 (1111111111111111), expected 16384"),
    ("started_product", 6): ("reset in mid-frame", "y_0"),
}
QUICK = [("pair_sum", 2), ("pair_sum", 10)]


@pytest.fixture(scope="session")
def simulators(tmp_path_factory):
    made = {}

    def get(top, **options):
        key = (top, *options)
        if key not in made:
            example = EXAMPLES[top]
            folder = tmp_path_factory.mktemp(top)
            made[key] = build(example.design, example.sources, folder, probes=True, traces=True, **options)
        return made[key]

    return get


def stressed(simulator, example, folder, bug=0, seed=0):
    """By scenario, the first fault (None where there is none)."""
    (port,) = example.design.inputs
    scenarios = standard_scenarios(example.design.protocol)
    orders, frames = [], []
    for number, scenario in enumerate(scenarios):
        frames.append(draw_frames(port, scenario.words, FRAMES, np.random.default_rng(number)))
        plan = compile_plan(scenario, example.design, FRAMES, example.claims, seed)
        words = {port.name: to_beats(port, frames[-1])}
        orders.append(Order(example.design, plan, words, seed=seed, patience=300, probes=True))
    seen = carry_out(simulator, orders, folder, arguments=[f"+bug={bug}"])
    found = {}
    for scenario, order, observed, fed in zip(scenarios, orders, seen, frames, strict=True):
        faults = judge(example.design, order.plan, observed, example.answer(fed))
        found[scenario.name] = faults[0] if faults else None
    return found


@pytest.mark.parametrize(
    "top", [pytest.param(top, marks=[] if top == "pair_sum" else pytest.mark.slow) for top in EXAMPLES]
)
def test_a_right_design_passes_every_scenario(simulators, tmp_path, top):
    found = stressed(simulators(top), EXAMPLES[top], tmp_path)
    assert len(found) >= 6
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("top", "bug"), [pytest.param(*key, marks=[] if key in QUICK else pytest.mark.slow) for key in FAULTS]
)
def test_a_planted_fault_is_found(simulators, tmp_path, top, bug):
    scenario, message = FAULTS[top, bug]
    found = stressed(simulators(top), EXAMPLES[top], tmp_path, bug)
    assert found[scenario] is not None
    assert message in found[scenario].text


@pytest.mark.slow
def test_a_register_that_reset_forgets_depends_on_power_up(simulators, tmp_path):
    simulator = simulators("pair_sum")
    faults = [stressed(simulator, PAIR_SUM, tmp_path / str(seed), 9, seed)["held back"] for seed in range(6)]
    assert 0 < sum(fault is not None for fault in faults) < 6


@pytest.mark.skipif(installed_icarus() is None, reason="Icarus Verilog is not installed")
@pytest.mark.parametrize(
    "example",
    [PAIR_SUM, *(pytest.param(example, marks=pytest.mark.slow) for example in (AXIS, STARTED))],
    ids=lambda example: example.design.top,
)
def test_icarus_sees_the_same_and_unknown_bits_too(simulators, tmp_path, example):
    simulator = simulators(example.design.top, install=installed_icarus())
    assert not any(stressed(simulator, example, tmp_path / "right").values())
    unknown = {"pair_sum": (9, "y_valid holds unknown bits"), "axis_increment": (4, "m_axis_tdata holds unknown bits")}
    if example.design.top in unknown:
        bug, message = unknown[example.design.top]
        texts = [fault.text for fault in stressed(simulator, example, tmp_path / "wrong", bug).values() if fault]
        assert any(message in text for text in texts), texts


def test_a_test_by_hand_with_a_waveform_and_timing_as_claimed(simulators, tmp_path, monkeypatch):
    """The module `by_hand` beside this one."""
    run(simulators("pair_sum"), "tests.rtl_sim.by_hand", tmp_path)
    assert (tmp_path / WAVEFORM).read_text().count("$var") > 10
    monkeypatch.setenv("RTL_SIM_WRONG", "1")
    with pytest.raises(SimulatorError, match=r"y of frame \d+ is wrong in cycle \d+: number 0 is .*, expected"):
        run(simulators("pair_sum"), "tests.rtl_sim.by_hand", tmp_path)


@pytest.mark.skipif(installed_verilator() is None, reason="Verilator is not installed")
def test_verilog_that_does_not_build(tmp_path):
    with pytest.raises(SimulatorError, match=r"(?s)Verilator exited with status 1; its log is .*verilator.log"):
        build(replace(PAIR_SUM.design, top="other"), PAIR_SUM.sources, tmp_path)
    (tmp_path / "broken.v").write_text("module pair_sum (input wire clk; endmodule\n")
    with pytest.raises(SimulatorError, match="syntax error"):
        build(PAIR_SUM.design, [tmp_path / "broken.v"], tmp_path)


def test_ports_that_are_not_there(simulators, tmp_path):
    port = replace(PAIR_SUM.design.inputs[0], data=("nowhere",))
    design = replace(PAIR_SUM.design, inputs=(port,))
    plan = Plan(0, (Segment(0, 0),), {"x": np.zeros(0, dtype=int)}, {})
    (observed,) = carry_out(simulators("pair_sum"), [Order(design, plan, {})], tmp_path)
    assert observed.violations[0].text == "the design has no signal 'nowhere' that the simulator can see"
