"""Going through a sweep, in this process or in several."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context

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

# A process takes about a second to start, in which this one goes through as many as that.
_WORTH_A_PROCESS = 2000
_PARTS_A_WORKER = 8
_LARGEST_PART = 500
_REPORTED = 50


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
        workers: processes that share the work; None takes as many as are worth their start, up to the cores.
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
    count = _workers(workers, len(space))
    rows = _here(evaluator, space, progress) if count == 1 else _in_processes(task, count, progress)
    reasons = {row.refusal for row in rows}
    if len(reasons) == 1 and "" not in reasons:
        raise EstimateError(f"no configuration of the sweep can be built: {reasons.pop()}")
    return Swept(graph.name, conditions, space, original, tuple(rows), "" if judge is None else judge.what)


def _workers(asked: int | None, configurations: int) -> int:
    if asked is not None and asked < 1:
        raise EstimateError(f"{asked} workers cannot go through a sweep; give at least 1")
    most = available_threads() if asked is None else asked
    worth = max(1, configurations // _WORTH_A_PROCESS) if asked is None else configurations
    return max(1, min(most, worth))


def _here(evaluator: Evaluator, space: Space, progress: Progress | None) -> list[Row]:
    rows = []
    for point in space:
        rows.append(evaluator.row(point))
        if progress is not None and (len(rows) % _REPORTED == 0 or len(rows) == len(space)):
            progress(len(rows), len(space))
    return rows


_evaluator: Evaluator | None = None  # of a worker process


def _start(packed: bytes) -> None:
    global _evaluator
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process' to answer
    _evaluator = Evaluator(pickle.loads(packed))  # noqa: S301 (our own, from the process that started this one)


def _part(space: Space, start: int, stop: int) -> list[Row]:
    assert _evaluator is not None
    return [_evaluator.row(space[index]) for index in range(start, stop)]


def _parts(configurations: int, workers: int) -> Iterator[tuple[int, int]]:
    size = min(_LARGEST_PART, max(1, -(-configurations // (workers * _PARTS_A_WORKER))))
    for start in range(0, configurations, size):
        yield start, min(start + size, configurations)


def _in_processes(task: Task, workers: int, progress: Progress | None) -> list[Row]:
    try:
        packed = pickle.dumps(task)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise EstimateError(
            f"the estimator cannot be sent to other processes ({error}); give a function of a module, or workers=1"
        ) from error
    found: dict[int, list[Row]] = {}
    done = 0
    # Other ways to start a process copy threads and locks of this one in whatever state they are.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start, initargs=(packed,))
    try:
        waiting: dict[Future[list[Row]], int] = {
            pool.submit(_part, task.space, start, stop): start for start, stop in _parts(len(task.space), workers)
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
        pool.shutdown(wait=False, cancel_futures=True)
    return [row for start in sorted(found) for row in found[start]]
