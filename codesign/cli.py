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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from codesign.errors import CodesignError, InterruptedRunError, OutputError, ToolMissingError, UsageError

OK, FAILED = 0, 1
_LOG_WIDTH = 120  # where no terminal tells its own


class _Parser(argparse.ArgumentParser):
    """argparse with our exit status and one-line errors."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")


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


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _reuse(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65536:
        raise ValueError
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ValueError
    return name, value


def _tie(text: str) -> tuple[str, str]:
    name, value = _pair(text)
    int(value, 0)
    return name, value


_positive.__name__, _count.__name__ = "positive number", "count"
_pair.__name__, _tie.__name__ = "NAME=NAME", "NAME=NUMBER"


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


def _convert(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.board import load_board
    from codesign.frontend.layer_file import read_layers
    from codesign.frontend.options import ConvertOptions, Head, IoType, SoftmaxChoice, Strategy
    from codesign.frontend.precision_file import read_precision
    from codesign.graph import FixedPoint
    from codesign.report.conversion import document, show
    from codesign.road.conversion import convert
    from codesign.rtl import Facing, Interface, Language, Multipliers

    facing = Facing(Interface(args.interface), args.axis_width, args.axi_lite)
    options = ConvertOptions(
        input_type=FixedPoint.parse(args.input_precision),
        io_type=IoType(args.io_type),
        strategy=Strategy(args.strategy),
        reuse_factor=args.reuse_factor,
        head=Head(args.head),
        softmax=SoftmaxChoice(args.softmax),
        precision=read_precision(args.precision) if args.precision else {},
        layers=read_layers(args.layers) if args.layers else {},
        clock_ns=args.clock_ns,
    )
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


def _build(args: argparse.Namespace, terminal: Terminal) -> int:
    from codesign.board.cost_table import cost_table
    from codesign.road.building import build

    with terminal.stages() as stage:
        built = build(args.design, args.board, progress=stage)
    terminal.show(cost_table(built.cost))
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


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="codesign", description="From a trained QKeras classifier to verified FPGA firmware.")
    parser.add_argument("--version", action="version", version=f"codesign {metadata.version('codesign')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    def command(name: str, text: str, function: Callable[[argparse.Namespace, Terminal], int]) -> _Parser:
        made: _Parser = commands.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="print one JSON document in place of tables")
        made.set_defaults(function=function)
        return made

    def out(sub: _Parser, what: str) -> None:
        sub.add_argument("--out", type=Path, required=True, metavar="DIR", help=what)

    run = command("run", "the whole road: train, convert, verify, cost, as a recipe says", _run)
    run.add_argument("recipe", type=Path, metavar="RECIPE", help="YAML recipe, such as examples/digits.yml")
    out(run, "folder for all results")

    train = command("train", "train the QKeras model of a recipe", _train)
    train.add_argument("recipe", type=Path, metavar="RECIPE", help="YAML recipe")
    out(train, "folder for the model, its data and record")

    convert = command("convert", "make a design folder (Graph, HLS and RTL projects) from a model", _convert)
    convert.add_argument("model", type=Path, metavar="MODEL", help=".keras, legacy .h5, or .json with its weights")
    out(convert, "the design folder")
    convert.add_argument("--weights", type=Path, metavar="FILE", help="weights of a .json model")
    convert.add_argument("--input-precision", default="fixed<16,6>", metavar="TYPE", help="type of the inputs")
    convert.add_argument("--precision", type=Path, metavar="FILE", help="YAML of types that differ from the derived")
    convert.add_argument("--clock-ns", type=_positive, default=10.0, metavar="NS", help="clock period")
    convert.add_argument("--board", metavar="BOARD", help="board that the projects are made for: see `boards`")
    convert.add_argument("--multipliers", default="auto", choices=("auto", "dsp", "lut"), help="of folded RTL layers")
    convert.add_argument("--fit", metavar="BOARD", help="fold the RTL until it fits that board; see docs/boards.md")
    convert.add_argument("--data", type=Path, metavar="FILE", help=".npy or .npz samples to keep for `verify`")
    convert.add_argument(
        "--head", default="model", choices=("model", "logits", "argmax"), help="what leaves the design"
    )
    convert.add_argument("--softmax", default="stable", choices=("stable", "latency", "legacy"), help="as in hls4ml")
    convert.add_argument("--io-type", default="io_parallel", choices=("io_parallel", "io_stream"), help="of the HLS")
    convert.add_argument(
        "--strategy",
        default="latency",
        choices=("latency", "resource", "resource_unrolled", "distributed_arithmetic"),
        help="as in hls4ml",
    )
    convert.add_argument(
        "--reuse-factor", type=_reuse, default=1, metavar="N", help="as in hls4ml; above 1 the RTL is folded too"
    )
    convert.add_argument("--layers", type=Path, metavar="FILE", help="YAML of single layers' strategy and reuse_factor")

    convert.add_argument(
        "--interface",
        default="valid_ready",
        choices=("valid_ready", "axis", "ap_ctrl_hs"),
        help="of the RTL's ports: docs/rtl.md",
    )
    convert.add_argument(
        "--language", default="verilog", choices=("verilog", "vhdl"), help="of the RTL; VHDL for unrolled designs"
    )
    convert.add_argument("--axis-width", type=int, metavar="N", help="bits of TDATA: 8, 16, 32, 64, ... 1024")
    convert.add_argument("--axi-lite", action="store_true", help="registers of the RTL: which design, what it did")

    simulate = command("simulate", "the exact outputs of a design for given inputs", _simulate)
    simulate.add_argument("design", type=Path, metavar="DIR", help="design folder")
    simulate.add_argument("--input", type=Path, required=True, metavar="X.npy", help="samples; .npz for several inputs")
    simulate.add_argument("--output", type=Path, required=True, metavar="Y.npy", help="where the outputs go")
    simulate.add_argument("--trace", action="store_true", help="show what each layer did")

    verify = command("verify", "climb the ladder: QKeras, Graph, C simulation, RTL", _verify)
    verify.add_argument("design", type=Path, metavar="DIR", help="design folder")
    verify.add_argument("--rungs", metavar="A,B", help="of keras,csim,rtl,netlist,formal (the first three without)")
    verify.add_argument("--netlist", action="store_true", help="climb the synthesised netlist, too")
    verify.add_argument("--formal", action="store_true", help="prove small layers for every input word, too")
    verify.add_argument("--random", type=_count, default=2000, metavar="N", help="random samples over the full range")
    verify.add_argument("--seed", type=_count, default=0, metavar="N", help="of the random samples")
    verify.add_argument("--data", type=Path, metavar="FILE", help="samples in place of those kept with the design")
    verify.add_argument(
        "--stress", action="store_true", help="the RTL alone, under back-pressure, starvation, resets and the like"
    )
    verify.add_argument(
        "--frames",
        type=_count,
        metavar="N",
        help="with --stress: samples fed in each scenario, eight times as many where nothing pauses",
    )
    verify.add_argument(
        "--scenario", action="append", metavar="NAME", help="with --stress: only this one; may be given again"
    )

    others = command("verify-rtl", "hold RTL that others made against a Graph, in value and in cycle", _verify_rtl)
    others.add_argument("--graph", type=Path, required=True, metavar="DIR", help="design folder, or saved Graph")
    others.add_argument("--rtl", type=Path, metavar="DIR", help="folder of Verilog and its memory files")
    others.add_argument("--project", type=Path, metavar="DIR", help="HLS project: its RTL, top and report are found")
    others.add_argument("--top", metavar="NAME", help="top module; found in the project without it")
    others.add_argument(
        "--protocol", choices=("ap_ctrl_hs", "axis", "valid_ready"), help="of its ports; told by their names without it"
    )
    others.add_argument("--data", type=Path, metavar="FILE", help=".npy or .npz samples; the design's own without it")
    others.add_argument("--samples", type=_count, default=500, metavar="N", help="random samples after these")
    others.add_argument("--seed", type=_count, default=0, metavar="N", help="of random samples and pauses")
    others.add_argument("--latency", type=_count, metavar="N", help="cycles claimed from a start to its answer")
    others.add_argument("--interval", type=_count, metavar="N", help="cycles claimed from one answer to the next")
    others.add_argument("--patience", type=_count, metavar="N", help="cycles without a handshake before it is given up")
    others.add_argument("--stress", action="store_true", help="also bursts, extreme words, resets in mid-frame, …")
    others.add_argument("--no-waveform", dest="waveform", action="store_false", help="leave none where it fails")
    others.add_argument(
        "--map", type=_pair, action="append", metavar="NODE=PORT", help="port of a Graph input or output"
    )
    others.add_argument("--slot", type=_count, metavar="BITS", help="from one number to the next in a stream")
    others.add_argument("--tie", type=_tie, action="append", metavar="PORT=VALUE", help="hold an input at a value")
    others.add_argument("--out", type=Path, metavar="DIR", help="for results and logs; verify-rtl-TOP without it")

    mutate = command("mutate", "plant faults in the RTL and tell what share of them verification catches", _mutate)
    mutate.add_argument("design", type=Path, metavar="DIR", help="design folder; its RTL stays as it is")
    mutate.add_argument("--faults", type=_count, default=200, metavar="N", help="how many to plant")
    mutate.add_argument("--seed", type=_count, default=0, metavar="N", help="of the faults, the samples and the cycles")
    mutate.add_argument("--frames", type=_count, metavar="N", help="samples fed in each scenario")
    mutate.add_argument("--at-least", type=float, default=95.0, metavar="PERCENT", help="share below which it fails")

    build = command("build", "synthesise a design for a board and show its cost", _build)
    build.add_argument("design", type=Path, metavar="DIR", help="design folder")
    build.add_argument("--board", required=True, metavar="BOARD", help="board: see `boards`")

    command("boards", "list the boards that ship with codesign", _boards)
    command("doctor", "list the tools that codesign uses: found where, version, what lacks", _doctor)
    return parser


def _interrupt(signum: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    as_json = "--json" in (argv if argv is not None else sys.argv[1:])
    try:
        args = _parser().parse_args(argv)
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
