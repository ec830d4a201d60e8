"""The harness inside the simulator sees what the cocotb bench sees: the same beats, cycles and faults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rtl_sim import runner
from rtl_sim.batch.build import build
from rtl_sim.batch.commands import Effort
from rtl_sim.batch.run import carry_out, run_order
from rtl_sim.batch.wires import DescriptionError
from rtl_sim.beats import to_beats
from rtl_sim.frames import draw_frames
from rtl_sim.process import SimulatorError
from rtl_sim.run_files import Order
from rtl_sim.scenario import compile_plan, standard_scenarios
from rtl_sim.scoreboard import judge
from rtl_sim.timing import Timing, measure
from tests.rtl_sim.designs import EXAMPLES, PAIR_SUM
from tests.rtl_sim.test_bench import FAULTS, FRAMES

pytestmark = pytest.mark.tools

QUICK = "pair_sum"
# Which beat is marked hangs on what a counter held before anything was written to it.
POWER_UP = {("axis_increment", 6): "m_axis_tlast is "}
TOPS = [pytest.param(top, marks=[] if top == QUICK else pytest.mark.slow) for top in EXAMPLES]


@pytest.fixture(scope="session")
def batch(tmp_path_factory):
    """Simulators by design, all in one folder, so that what they share is compiled once."""
    folder, made = tmp_path_factory.mktemp("batch"), {}

    def get(top):
        if top not in made:
            example = EXAMPLES[top]
            made[top] = build(example.design, example.sources, folder, probes=bool(example.design.probes))
        return made[top]

    return get


def orders(example, probes, seed=0):
    """By scenario, (order, frames)."""
    (port,) = example.design.inputs
    found = {}
    for number, scenario in enumerate(standard_scenarios(example.design.protocol)):
        frames = draw_frames(port, scenario.words, FRAMES, np.random.default_rng(number))
        plan = compile_plan(scenario, example.design, FRAMES, example.claims, seed)
        words = {port.name: to_beats(port, frames)}
        found[scenario.name] = (Order(example.design, plan, words, seed=seed, patience=300, probes=probes), frames)
    return found


def stressed(simulator, example, folder, bug=0, seed=0):
    """By scenario, the first fault (None where there is none)."""
    asked = orders(example, simulator.probes, seed)
    seen = carry_out(simulator, [order for order, _ in asked.values()], folder, arguments=[f"+bug={bug}"])
    found = {}
    for (name, (order, frames)), observed in zip(asked.items(), seen, strict=True):
        faults = judge(example.design, order.plan, observed, example.answer(frames))
        found[name] = faults[0] if faults else None
    return found


@pytest.mark.parametrize("top", TOPS)
def test_a_right_design_passes_every_scenario(batch, tmp_path, top):
    assert not any(stressed(batch(top), EXAMPLES[top], tmp_path).values())


@pytest.mark.parametrize(
    ("top", "bug"), [pytest.param(*key, marks=[] if key[0] == QUICK else pytest.mark.slow) for key in FAULTS]
)
def test_a_planted_fault_is_found_in_the_same_words(batch, tmp_path, top, bug):
    scenario, message = FAULTS[top, bug]
    message = POWER_UP.get((top, bug), message)
    found = stressed(batch(top), EXAMPLES[top], tmp_path, bug)
    assert found[scenario] is not None
    assert message in found[scenario].text


@pytest.mark.slow
@pytest.mark.parametrize("top", EXAMPLES)
def test_beat_for_beat_what_the_cocotb_bench_sees(batch, tmp_path, top):
    example = EXAMPLES[top]
    probes = bool(example.design.probes)
    asked = [order for order, _ in orders(example, probes).values()]
    simulator = runner.build(example.design, example.sources, tmp_path, probes=probes)
    there = runner.carry_out(simulator, asked, tmp_path / "cocotb")
    here = carry_out(batch(top), asked, tmp_path / "batch")
    for ours, theirs in zip(here, there, strict=True):
        np.testing.assert_array_equal(ours.starts, theirs.starts)
        assert set(ours.flows) == set(theirs.flows)
        for name, flow in ours.flows.items():
            np.testing.assert_array_equal(flow.cycle, theirs.flows[name].cycle)
            np.testing.assert_array_equal(flow.segment, theirs.flows[name].segment)
            for signal, rows in flow.words.items():
                np.testing.assert_array_equal(rows, theirs.flows[name].words[signal])


@pytest.mark.slow
def test_a_register_that_reset_forgets_depends_on_power_up(batch, tmp_path):
    faults = [stressed(batch("pair_sum"), PAIR_SUM, tmp_path / str(seed), 9, seed)["held back"] for seed in range(6)]
    assert 0 < sum(fault is not None for fault in faults) < 6


def test_answers_are_compared_inside_and_timing_is_measured(batch, tmp_path):
    order, frames = orders(PAIR_SUM, probes=True)["back to back"]
    answers = PAIR_SUM.answer(frames)["y"]
    (output,) = PAIR_SUM.design.outputs
    right = {"y": to_beats(output, answers)}
    seen = run_order(batch("pair_sum"), order, tmp_path, tmp_path / "right", wanted=right)
    assert (seen.wrong["y"].frames, seen.wrong["y"].first) == (0, -1)
    timing = measure(PAIR_SUM.design, order.plan, seen.observed)
    assert timing == Timing(PAIR_SUM.claims.latency, PAIR_SUM.claims.interval, timing.throughput)
    spoilt = answers.copy()
    spoilt[[7, 30, 31]] ^= 1
    wrong = {"y": to_beats(output, spoilt)}
    seen = run_order(batch("pair_sum"), order, tmp_path, tmp_path / "wrong", wanted=wrong)
    assert (seen.wrong["y"].frames, seen.wrong["y"].first) == (3, 7)
    assert seen.wrong["y"].cycle == seen.observed.flows["y"].cycle[7]
    seen = run_order(batch("pair_sum"), order, tmp_path, tmp_path / "stopped", wanted=wrong, stop_after=1)
    assert len(seen.observed.flows["y"].cycle) == 8


@pytest.mark.slow
def test_a_waveform_of_some_cycles(tmp_path):
    order, _ = orders(PAIR_SUM, probes=True)["back to back"]
    simulator = build(PAIR_SUM.design, PAIR_SUM.sources, tmp_path, probes=True, traces=True)
    run_order(simulator, order, tmp_path, tmp_path / "run", trace=(20, 29))
    text = (tmp_path / "run" / "wave.vcd").read_text()
    assert " x_data " in text
    times = [int(line[1:]) for line in text.splitlines() if line.startswith("#")]
    assert (times[0], times[-1]) == (200_000, 295_000)  # picoseconds; a cycle is 10 ns
    again = build(PAIR_SUM.design, PAIR_SUM.sources, tmp_path, probes=True, traces=True)
    assert again.program == simulator.program


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": ("nowhere",)}, r"ports are not as described: Pin not found: 'nowhere'"),
        ({"bits": 9}, r"ports are not as described: .*'x_data'.*16.*18"),
        ({"data": ("x data",)}, "'x data' is no name that Verilog can have"),
        ({"valid": ()}, "stream 'x' needs one valid signal, not 0"),
    ],
)
def test_ports_that_are_not_as_described(tmp_path, change, message):
    port = replace(PAIR_SUM.design.inputs[0], **change)
    with pytest.raises((SimulatorError, DescriptionError), match=message):
        build(replace(PAIR_SUM.design, inputs=(port,)), PAIR_SUM.sources, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.name != "verilator.log"]


def test_verilog_that_does_not_build(tmp_path):
    (tmp_path / "broken.v").write_text("module pair_sum (input wire clk;\nendmodule\n")
    with pytest.raises(SimulatorError, match=r"broken.v:1: syntax error.*; Verilator's log is .*verilator.log"):
        build(PAIR_SUM.design, [tmp_path / "broken.v"], tmp_path)
    with pytest.raises(SimulatorError, match=r"'other'"):
        build(replace(PAIR_SUM.design, top="other"), PAIR_SUM.sources, tmp_path)


@pytest.mark.slow
def test_a_simulator_that_ends_itself_and_one_that_crashes(tmp_path):
    head = "module pair_sum(input clk, input rst, input [15:0] x_data, input x_valid, output x_ready, "
    head += "output [7:0] y_data, output y_valid, input y_ready);\nassign x_ready = 1, y_valid = 0, y_data = 0;\n"
    design = replace(PAIR_SUM.design, probes=())
    order = replace(orders(PAIR_SUM, probes=False)["back to back"][0], design=design)
    (tmp_path / "ends.v").write_text(head + "always @(posedge clk) if (x_valid && !rst) $finish;\nendmodule\n")
    simulator = build(design, [tmp_path / "ends.v"], tmp_path, effort=Effort.FAST)
    (observed,) = carry_out(simulator, [order], tmp_path / "ends")
    assert observed.violations[0].text == "the design ended the simulation by itself ($finish)"
    (tmp_path / "dies.v").write_text(head + 'always @(posedge clk) if (x_valid && !rst) $fatal(1, "no");\nendmodule\n')
    simulator = build(design, [tmp_path / "dies.v"], tmp_path)
    with pytest.raises(SimulatorError, match=r"(?s)the simulator .* is .*simulation.log.*dies.v:3: Assertion"):
        carry_out(simulator, [order], tmp_path / "dies")
