"""The cocotb test that carries out a run's orders and writes what it saw."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from rtl_sim.bench import Bench
from rtl_sim.observed import Observed, Violation
from rtl_sim.run_files import VARIABLE, Order, order_folders, save_observed
from rtl_sim.signals import BreachError


@cocotb.test()  # type: ignore[untyped-decorator]
async def carry_out_orders(dut: Any) -> None:
    """Carries out the orders one after another; whether they were answered right is judged elsewhere."""
    running = False
    for folder in order_folders(Path(os.environ[VARIABLE])):
        order = Order.load(folder)
        try:
            bench = Bench(
                dut, order.design, seed=order.seed, probes=order.probes, patience=order.patience, quiet=order.quiet
            )
        except BreachError as breach:
            nothing = np.zeros(0, dtype=np.int64)
            save_observed(Observed(nothing, 0, {}, (Violation(0, 0, breach.stream, breach.text),)), folder)
            return
        bench.load(order.plan, order.words)
        await bench.start(clock=not running)
        running = True
        save_observed(await bench.carry_out(order.plan), folder)
