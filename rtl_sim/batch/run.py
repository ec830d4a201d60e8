"""Running orders in a simulator with the harness inside."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rtl_sim.batch.build import BatchSimulator
from rtl_sim.batch.order_files import Seen, load_seen, save_order
from rtl_sim.observed import Observed
from rtl_sim.process import SimulatorError, call
from rtl_sim.run_files import Order, Words, order_folder, order_folders

WAVEFORM = "wave.vcd"
LOG = "simulation.log"


def run_order(
    simulator: BatchSimulator,
    order: Order,
    folder: Path,
    place: Path,
    *,
    wanted: Words | None = None,
    stop_after: int = 0,
    trace: tuple[int, int] | None = None,
    limit_s: float = 600.0,
    arguments: Sequence[str] = (),
) -> Seen:
    """Carry out one order.

    Args:
        simulator: of the order's design.
        order: what to do; its seed is also that of what registers hold before they are written.
        folder: that the simulator runs in, where a design finds the files that it reads.
        place: for the order's own files, emptied before.
        wanted: by output or probe and data signal, the words of each beat of all frames, to compare with.
        stop_after: wrong frames after which the run ends; 0 to run to its end.
        trace: first and last cycle of the waveform, `place/wave.vcd`.
        limit_s: seconds after which it is ended.
        arguments: more for the simulator.

    Raises:
        SimulatorError: it crashed, or ran too long; says where its log is.
    """
    folder, place = folder.resolve(), place.resolve()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    save_order(order, place, wanted=wanted, stop_after=stop_after, trace=trace)
    seed = 1 + order.seed % (2**31 - 2)
    random = ["+verilator+rand+reset+2", f"+verilator+seed+{seed}"]
    log = place / LOG
    call("the simulator", [str(simulator.program), str(place), *random, *arguments], folder, log, limit_s, {})
    try:
        return load_seen(order, place)
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise SimulatorError(f"the simulator saw nothing ({error}); its log is {log}") from error


def carry_out(
    simulator: BatchSimulator,
    orders: Sequence[Order],
    folder: Path,
    *,
    limit_s: float = 600.0,
    arguments: Sequence[str] = (),
) -> list[Observed]:
    """What a design answers when plans are carried out on it, each in a simulation of its own.

    Args:
        simulator: of the orders' design.
        orders: what to do.
        folder: of the run; the orders, the logs and what was seen stay there.
        limit_s: seconds after which one is ended.
        arguments: more for the simulator.

    Raises:
        SimulatorError: the simulator failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in order_folders(folder):
        shutil.rmtree(old)
    return [
        run_order(simulator, order, folder, order_folder(folder, number), limit_s=limit_s, arguments=arguments).observed
        for number, order in enumerate(orders)
    ]
