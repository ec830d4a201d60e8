"""The command line: one thin function per command.

Exit status: 0 done; 1 a check failed (mismatch, does not fit, tool missing in `doctor`); 2 bad input, told in
one line; 130 stopped by the user.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from codesign.arguments import parser
from codesign.errors import CodesignError, InterruptedRunError, OutputError, ToolMissingError, UsageError

OK, FAILED = 0, 1
_LOG_WIDTH = 120  # where no terminal tells its own


class Terminal:
    """Where a command prints: tables for people on standard output, or one JSON document for machines."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(soft_wrap=False)
        if not self.out.is_terminal:
            self.out = Console(width=_LOG_WIDTH)
        self.err = Console(stderr=True)
        self._stage = ""

    def show(self, *renderables: Any) -> None:
        """Print for people; nothing where JSON is asked for."""
        if not self.as_json:
            self.out.print(*renderables, highlight=False, markup=False)

    def document(self, value: Any) -> None:
        """Print for machines; nothing where people read."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, indent=1, default=str) + "\n")

    @contextmanager
    def stages(self, *, lines: bool = False) -> Iterator[Callable[[str], None]]:
        """A line on standard error that says what is being done and for how long.

        Args:
            lines: where nobody watches a terminal, print a line for each stage instead; else nothing.
        """
        if not self.err.is_terminal:
            yield self._line if lines else lambda text: None
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task("starting", total=None)
            yield lambda text: bar.update(task, description=text)

    def _line(self, text: str) -> None:
        stage = text.split(" epoch ")[0]
        if stage != self._stage:
            self._stage = stage
            self.err.print(stage, highlight=False, markup=False)

    @contextmanager
    def training(self) -> Iterator[Callable[[Any], None]]:
        """A bar on standard error for training."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True, disable=not self.err.is_terminal) as bar:
            task = bar.add_task("train: starting TensorFlow", total=None)

            def show(state: Any) -> None:
                if state.last is not None:
                    share = state.last.validation_accuracy
                    text = f"train: accuracy {state.last.accuracy if share is None else share:.1%}"
                    bar.update(task, total=state.total, completed=state.done, description=text)

            yield show


def _run(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.run import show
    from codesign.road.running import run, summary

    with terminal.stages(lines=True) as stage:
        outcome = run(args.recipe, args.out, progress=stage)
    show(outcome, terminal.show)
    terminal.document(summary(outcome))
    return OK if outcome.passed else FAILED


def _train(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.train import read_recipe, train

    recipe = read_recipe(args.recipe)
    with terminal.training() as progress:
        trained = train(recipe, args.out, progress)
    how = "already trained" if trained.reused else f"trained in {trained.seconds:.1f} s"
    terminal.show(
        f"{recipe.name}: {how}, {len(trained.history)} epochs; {100 * trained.test_accuracy:.2f} % of "
        f"{trained.counts.test} held-out samples right; model {trained.model_path}"
    )
    terminal.document(
        {
            "model": str(trained.model_path),
            "data": str(trained.data_path),
            "test_accuracy": trained.test_accuracy,
            "test_samples": trained.counts.test,
            "epochs": len(trained.history),
            "seconds": trained.seconds,
            "reused": trained.reused,
            "values_rounded": trained.counts.values_rounded,
            "weights_sha256": trained.weights_digest,
        }
    )
    return OK


def _model_options(args: argparse.Namespace) -> Any:
    """How a model file is converted."""
    from codesign.frontend.layer_file import read_layers
    from codesign.frontend.options import ConvertOptions, Head, IoType, SoftmaxChoice, Strategy
    from codesign.frontend.precision_file import read_precision
    from codesign.graph import FixedPoint

    return ConvertOptions(
        input_type=FixedPoint.parse(args.input_precision),
        io_type=IoType(args.io_type),
        strategy=Strategy(args.strategy),
        head=Head(args.head),
        softmax=SoftmaxChoice(args.softmax),
        precision=read_precision(args.precision) if args.precision else {},
        layers=read_layers(args.layers) if args.layers else {},
    )


def _convert(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.board import load_board
    from codesign.report.conversion import document, show
    from codesign.road.conversion import convert
    from codesign.rtl import Facing, Interface, Language, Multipliers

    facing = Facing(Interface(args.interface), args.axis_width, args.axi_lite)
    options = replace(_model_options(args), reuse_factor=args.reuse_factor, clock_ns=args.clock_ns)
    if args.fit and args.board and args.fit != args.board:
        raise UsageError(f"--fit {args.fit} and --board {args.board} name two boards; give one of them")
    name = args.fit or args.board
    board = load_board(name) if name else None
    with terminal.stages() as stage:
        converted = convert(
            args.model,
            args.out,
            options,
            weights=args.weights,
            board=board,
            data=args.data,
            facing=facing,
            fits=bool(args.fit),
            multipliers=Multipliers(args.multipliers),
            language=Language(args.language),
            progress=stage,
        )
    show(converted, terminal.show)
    terminal.document(document(converted))
    return OK


def _simulate(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.simulation import document, show
    from codesign.road.simulation import simulate

    with terminal.stages() as stage:
        simulated = simulate(args.design, args.input, args.output, traced=args.trace, progress=stage)
    show(simulated, terminal.show)
    terminal.document(document(simulated))
    return OK


def _verify(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.verification import table
    from codesign.road.verification import RUNGS, verify
    from codesign.verify.record import record
    from codesign.verify.rung import Status

    if args.stress:
        return _stress(args, terminal)
    asked = (*(args.rungs.split(",") if args.rungs else ()), *(n for n in ("netlist", "formal") if getattr(args, n)))
    names = tuple(dict.fromkeys((*(() if args.rungs else RUNGS), *asked)))
    with terminal.stages() as stage:
        verified = verify(
            args.design, names=names, random_samples=args.random, seed=args.seed, data=args.data, progress=stage
        )
    terminal.show(table(verified.results))
    if not verified.complete:
        terminal.show("Not every rung was climbed; `codesign doctor` says what is missing.")
    terminal.show(f"Written: {verified.folder}/verify.json, {verified.folder}/junit.xml")
    terminal.document(record(verified.results, {"folder": str(verified.folder)}))
    lacking = [result.rung for result in verified.results if result.status is Status.SKIPPED and result.rung in asked]
    return OK if verified.passed and not lacking else FAILED


def _verify_rtl(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.foreign_rtl import ports_table
    from codesign.report.verification import table
    from codesign.road.foreign_rtl import Check, document, verify_rtl
    from codesign.verify.vendor.design import Where
    from rtl_sim.interface import Protocol

    where = Where(
        rtl=args.rtl,
        project=args.project,
        top=args.top or "",
        protocol=Protocol(args.protocol) if args.protocol else None,
        chosen=dict(args.map or ()),
        ties={name: int(value, 0) for name, value in args.tie or ()},
        slot=args.slot,
    )
    check = Check(
        latency=args.latency,
        interval=args.interval,
        seed=args.seed,
        patience=args.patience,
        waveform=args.waveform,
        stress=args.stress,
    )
    out = args.out or Path(f"verify-rtl-{args.top}" if args.top and args.top.isidentifier() else "verify-rtl")
    with terminal.stages() as stage:
        checked = verify_rtl(
            args.graph, where, out, data=args.data, random_samples=args.samples, check=check, progress=stage
        )
    terminal.show(ports_table(checked))
    terminal.show(table(checked.results))
    terminal.show(f"Written: {checked.folder}/verify.json, junit.xml, answers.npz")
    if checked.waveform is not None:
        terminal.show(f"Waveform of the first sample that differs: {checked.waveform}")
    terminal.document(document(checked))
    return OK if checked.passed else FAILED


def _stress(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.stress import replays, table
    from codesign.road.stressing import RECORD, stress

    names = tuple(args.scenario or ())
    with terminal.stages() as stage:
        stressed = stress(args.design, frames=args.frames, seed=args.seed, names=names, progress=stage)
    again = replays(stressed, str(args.design))
    terminal.show(table(stressed))
    for command in again:
        terminal.show(f"To see it again: {command}")
    terminal.show(f"Written: {stressed.folder / RECORD}")
    terminal.document({**stressed.document(), "folder": str(stressed.folder), "replay": again})
    return OK if stressed.passed else FAILED


def _mutate(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.mutation import summary, survivors, table
    from codesign.road.mutating import FOLDER, RECORD, mutate

    with terminal.stages() as stage:
        score = mutate(args.design, faults=args.faults, seed=args.seed, frames=args.frames, progress=stage)
    lost = survivors(score)
    terminal.show(table(score), *([lost] if lost is not None else []), summary(score))
    terminal.show(f"Written: {args.design / FOLDER / RECORD}")
    terminal.document({**score.document(), "folder": str(args.design / FOLDER)})
    return OK if score.share >= args.at_least / 100 else FAILED


def _estimate(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.estimate import Flow, IoType
    from codesign.report.estimate import show
    from codesign.report.truth import show as show_truth
    from codesign.road.estimating import Asked, Truth, estimate_path
    from codesign.rtl import Multipliers

    options = _model_options(args)
    asked = Asked(
        flow=Flow(args.flow),
        board=args.board or "",
        part=args.part or "",
        uncalibrated=args.uncalibrated,
        clock_ns=args.clock_ns,
        reuse=args.reuse,
        multipliers=Multipliers(args.multipliers),
        io_type=IoType(args.io_type),
        precision=options.precision,
        clock_uncertainty=args.clock_uncertainty,
        quick=args.quick,
    )
    calibrated = args.calibrate or args.calibration is not None
    truth = Truth(args.report, calibrated, args.calibration, args.calibrate and args.report is not None)
    if args.sweep is not None:
        return _sweep(args, terminal, asked, options, truth)
    if args.data or args.out:
        raise UsageError("--data and --out belong to --sweep; give a sweep, or leave them out")
    with terminal.stages() as stage:
        estimated = estimate_path(args.model, asked, options, truth, weights=args.weights, progress=stage)
    show(estimated.estimate, terminal.show)
    show_truth(estimated, terminal.show)
    terminal.document(estimated.document())
    return FAILED if estimated.estimate.fits is False else OK


def _sweep(args: argparse.Namespace, terminal: Terminal, asked: Any, options: Any, truth: Any) -> int:
    from codesign.report.sweep import show
    from codesign.road.sweeping import sweep_path

    with terminal.stages() as stage:
        found = sweep_path(
            args.model,
            asked,
            options,
            args.sweep,
            truth,
            data=args.data,
            out=args.out,
            weights=args.weights,
            progress=stage,
        )
    show(found, terminal.show)
    terminal.document(found.document())
    return OK if found.may_fit else FAILED


def _build(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.board.cost_table import cost_table
    from codesign.report.truth import expected_line
    from codesign.road.building import build

    with terminal.stages() as stage:
        built = build(args.design, args.board, progress=stage)
    terminal.show(cost_table(built.cost))
    if expected_line(built.expected):
        terminal.show(expected_line(built.expected))
    terminal.document(built.document())
    return OK if built.fits else FAILED


def _boards(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.boards import document, table

    terminal.show(table())
    terminal.document(document())
    return OK


def _doctor(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.report.doctor import table
    from codesign.toolchain.doctor import diagnose

    with terminal.stages() as stage:
        stage("asking each tool for its version")
        diagnosis = diagnose()
    terminal.show(table(diagnosis))
    terminal.document(diagnosis.document())
    return OK if diagnosis.healthy else FAILED


_FUNCTIONS: Mapping[str, Callable[[argparse.Namespace, Terminal], int]] = {
    "run": _run,
    "train": _train,
    "convert": _convert,
    "simulate": _simulate,
    "verify": _verify,
    "verify-rtl": _verify_rtl,
    "mutate": _mutate,
    "estimate": _estimate,
    "build": _build,
    "boards": _boards,
    "doctor": _doctor,
}


def _interrupt(signum: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    as_json = "--json" in (argv if argv is not None else sys.argv[1:])
    try:
        args = parser(_FUNCTIONS).parse_args(argv)
        status: int = args.function(args, Terminal(args.json))
        sys.stdout.flush()
        return status
    except CodesignError as error:
        return _fail(str(error), error.exit_code, as_json)
    except KeyboardInterrupt:
        stopped = InterruptedRunError("stopped; what was finished is kept, run the same command again to go on")
        return _fail(str(stopped), stopped.exit_code, as_json)
    except ModuleNotFoundError as error:
        return _fail(str(_not_installed(error)), ToolMissingError.exit_code, as_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OutputError.exit_code
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or error}; free space or check the path", OutputError.exit_code, as_json)


def _not_installed(error: ModuleNotFoundError) -> ToolMissingError:
    package = (error.name or "a package").split(".")[0]
    if package in ("codesign", "rtl_sim"):
        raise error  # not the user's: our own files are incomplete
    return ToolMissingError(f"this command needs {package}, which is not installed; run: pip install 'codesign[all]'")


def _fail(message: str, status: int, as_json: bool) -> int:
    line = " ".join(message.split())
    sys.stderr.write(f"codesign: {line}\n")
    if as_json:
        sys.stdout.write(json.dumps({"error": line, "exit_status": status}) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
