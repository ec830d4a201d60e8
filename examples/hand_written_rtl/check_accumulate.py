"""A cocotb test of hand-written RTL: `python examples/hand_written_rtl/check_accumulate.py` builds and runs it."""

import sys
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from rtl_sim.bench import Bench
from rtl_sim.interface import Dut, Protocol, Stream
from rtl_sim.runner import simulate
from rtl_sim.scenario import Claims, standard_scenarios
from rtl_sim.timing import measure

HERE = Path(__file__).parent
X = Stream("x", data=("x_data",), bits=8, signed=True, lanes=2, beats=2, valid=("x_valid",), ready="x_ready")
Y = Stream("y", data=("y_data",), bits=10, signed=True, lanes=1, valid=("y_valid",), ready="y_ready")
DESIGN = Dut("accumulate", Protocol.VALID_READY, "clk", "rst", inputs=(X,), outputs=(Y,))
CLAIMS = Claims(latency=2, interval=2)


@cocotb.test()
async def sums_whatever_comes(dut: Any) -> None:
    """Every scenario of the protocol, and the timing as claimed."""
    bench = Bench(dut, DESIGN)
    frames = np.random.default_rng(0).integers(-128, 128, (200, 4))
    for scenario in standard_scenarios(DESIGN.protocol):
        seen, plan = await bench.check({"x": frames}, {"y": frames.sum(axis=1, keepdims=True)}, scenario, claims=CLAIMS)
        if scenario.name == "back to back":
            assert measure(DESIGN, plan, seen).against(CLAIMS) == ()


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    simulate(DESIGN, [HERE / "accumulate.sv"], "check_accumulate", Path("build/accumulate"))
