"""Going through a sweep, in this process or in several."""

from __future__ import annotations

import pickle
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions
from codesign.estimate.estimate import estimate as estimate_by_flow
from codesign.estimate.sweep.evaluate import Estimator, Evaluator, Task
from codesign.estimate.sweep.quality import Judge
from codesign.estimate.sweep.row import Row
from codesign.estimate.sweep.space import Space
from codesign.graph import Graph
from codesign.simulate.engine.run import available_threads

Progress = Callable[[int, int], None]
"""Called with how many configurations are done, and of how many."""

# Seconds that this process works alone before it looks how much is left, and those that are worth other processes: one
# takes a second or two to start, and its rows have to come back.
_ALONE, _WORTH_PROCESSES = 2.0, 12.0
_PARTS_A_WORKER = 8
_LARGEST_PART = 500
_REPORTED = 0.1  # seconds from one report to the next


@dataclass(frozen=True)
class Swept:
    """A sweep's answer.

    Attributes:
        graph: name of the design.
        conditions: what the sweep did not change.
        space: what it went through.
        original: the design as it was.
        rows: one for each configuration, in order.
        quality: what the rows' quality is, as people read it; '' without data.
    """

    graph: str
    conditions: Conditions
    space: Space
    original: Row
    rows: tuple[Row, ...]
    quality: str = ""

    @property
    def built(self) -> tuple[Row, ...]:
        """The rows that can be built."""
        return tuple(row for row in self.rows if row.costs is not None)

    @property
    def refused(self) -> tuple[Row, ...]:
        """The rows that cannot, with their reasons."""
        return tuple(row for row in self.rows if row.costs is None)


def run(
    graph: Graph,
    conditions: Conditions,
    space: Space,
    *,
    workers: int | None = None,
    judge: Judge | None = None,
    estimate: Estimator = estimate_by_flow,
    progress: Progress | None = None,
) -> Swept:
    """Estimate every configuration of a sweep.

    Args:
        graph: the design.
        conditions: flow, target, and what the sweep does not change.
        space: what to go through.
        workers: processes that share the work; None starts as many as there are cores where much is left after two
            seconds in this one. The rows do not depend on it.
        judge: of quality (`codesign.estimate.sweep.judge`); without one there is none.
        estimate: gives the estimate of a Graph under conditions; for several processes, a function of a module.
        progress: told now and then.

    Returns:
        A row for each configuration: its figures, or the reason why it cannot be built.

    Raises:
        EstimateError: a key's layer is not there or has nothing of the kind; no configuration can be built, all for
            one reason; or a process ended before its time.
        PrecisionError: the design is one of types that no ap_fixed derives from.
        ToolMissingError: the flow needs what is not installed.
    """
    space.check(graph)
    task = Task(graph, conditions, space, judge, estimate)
    evaluator = Evaluator(task)
    original = evaluator.original()
    rows = _rows(task, evaluator, workers, progress)
    reasons = {row.refusal for row in rows}
    if len(reasons) == 1 and "" not in reasons:
        raise EstimateError(f"no configuration of the sweep can be built: {reasons.pop()}")
    return Swept(graph.name, conditions, space, original, tuple(rows), "" if judge is None else judge.what)


def _rows(task: Task, evaluator: Evaluator, workers: int | None, progress: Progress | None) -> list[Row]:
    if workers is not None and workers < 1:
        raise EstimateError(f"{workers} workers cannot go through a sweep; give at least 1")
    count = available_threads() if workers is None else workers
    rows: list[Row] = []
    if count == 1 or workers is None:
        rows = _here(evaluator, task.space, progress, patience=None if count == 1 else _ALONE)
    left = len(task.space) - len(rows)
    return rows + (_in_processes(task, len(rows), min(count, left), progress) if left else [])


def _here(evaluator: Evaluator, space: Space, progress: Progress | None, *, patience: float | None) -> list[Row]:
    """Rows from the first on: all of them, or as many as are made until the others are worth more processes.

    Args:
        evaluator: makes them.
        space: of all.
        progress: told now and then.
        patience: seconds after which it may stop; None for all rows.
    """
    rows: list[Row] = []
    started = told = time.perf_counter()
    for point in space:
        rows.append(evaluator.row(point))
        now, left = time.perf_counter(), len(space) - len(rows)
        if left and now - told < _REPORTED:
            continue
        told = now
        if progress is not None:
            progress(len(rows), len(space))
        spent = now - started
        if patience is not None and spent >= patience and spent / len(rows) * left > _WORTH_PROCESSES:
            break
    return rows


# Of a worker process.
_evaluator: Evaluator | None = None
_stopped: Event | None = None


def _start(packed: bytes, stopped: Event) -> None:
    global _evaluator, _stopped
    _stopped = stopped
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process' to answer
    _evaluator = Evaluator(pickle.loads(packed))  # noqa: S301 (our own, from the process that started this one)


def _part(space: Space, start: int, stop: int) -> list[Row]:
    assert _evaluator is not None
    assert _stopped is not None
    rows = []
    for index in range(start, stop):
        if _stopped.is_set():  # nobody waits for the rest
            break
        rows.append(_evaluator.row(space[index]))
    return rows


def _parts(first: int, configurations: int, workers: int) -> Iterator[tuple[int, int]]:
    size = min(_LARGEST_PART, max(1, -(-(configurations - first) // (workers * _PARTS_A_WORKER))))
    for start in range(first, configurations, size):
        yield start, min(start + size, configurations)


def _in_processes(task: Task, first: int, workers: int, progress: Progress | None) -> list[Row]:
    """The rows from `first` on."""
    try:
        packed = pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise EstimateError(
            f"the estimator cannot be sent to other processes ({error}); give a function of a module, or workers=1"
        ) from error
    found: dict[int, list[Row]] = {}
    done = first
    # Other ways to start a process copy threads and locks of this one in whatever state they are.
    context = get_context("spawn")
    stopped = context.Event()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(packed, stopped))
    try:
        waiting: dict[Future[list[Row]], int] = {
            pool.submit(_part, task.space, start, stop): start
            for start, stop in _parts(first, len(task.space), workers)
        }
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                rows = found[waiting.pop(future)] = future.result()
                done += len(rows)
                if progress is not None:
                    progress(done, len(task.space))
    except BrokenProcessPool as error:
        raise EstimateError(
            "a process of the sweep ended before its time (out of memory?); give fewer workers, as workers=1"
        ) from error
    finally:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
    return [row for start in sorted(found) for row in found[start]]
