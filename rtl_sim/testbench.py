"""The cocotb test that runs a job: reads its stimulus, drives the design, writes its answers or why there are none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from rtl_sim.bench import Bench, BenchError
from rtl_sim.job import FAILURE, VARIABLE, Answers, Job, Stimulus
from rtl_sim.packing import to_rows, to_words


@cocotb.test()  # type: ignore[untyped-decorator]
async def run_job(dut: Any) -> None:
    """Answers every sample of the job's stimulus."""
    folder = Path(os.environ[VARIABLE])
    job = Job.load(folder)
    stimulus = Stimulus.load(folder)
    words = {name: to_words(rows) for name, rows in stimulus.words.items()}
    bench = Bench(dut, job)
    try:
        await bench.start()
        record = await bench.run(words, [int(gap) for gap in stimulus.gaps])
    except BenchError as error:
        (folder / FAILURE).write_text(str(error))
        raise
    widths = {signal.name: signal.width for signal in (*job.outputs, *job.layers)}
    rows = {name: to_rows(found, widths[name]) for name, found in record.words.items()}
    Answers(rows, np.array(record.taken, dtype=np.int64), np.array(record.given, dtype=np.int64)).save(folder)
