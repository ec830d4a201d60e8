"""A cocotb test as one writes it by hand; the scoreboard is told lies where RTL_SIM_WRONG is set."""

from __future__ import annotations

import os

import cocotb
import numpy as np

from rtl_sim.bench import Bench
from rtl_sim.scenario import Pattern, Scenario
from rtl_sim.timing import measure
from tests.rtl_sim.designs import PAIR_SUM


@cocotb.test()
async def adds_up(dut):
    frames = np.random.default_rng(1).integers(-128, 128, (50, 4))
    expected = {
        name: values + bool(os.environ.get("RTL_SIM_WRONG")) for name, values in PAIR_SUM.answer(frames).items()
    }
    expected["y"] = np.clip(expected["y"], -128, 127)
    bench = Bench(dut, PAIR_SUM.design, seed=1)
    observed, plan = await bench.check({"x": frames}, expected)
    timing = measure(PAIR_SUM.design, plan, observed)
    assert timing.against(PAIR_SUM.claims) == ()
    assert timing.latency == 2 and timing.interval == 2  # noqa: PT018
    rough = Scenario("rough", starve=Pattern(0.5, 2), stall=Pattern(0.5, 2), resets=3)
    await bench.check({"x": frames}, expected, rough, claims=PAIR_SUM.claims)
