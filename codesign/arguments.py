"""What the command line takes: every command with its options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from codesign.errors import UsageError

Function = Callable[..., int]

# hls4ml's own bound, as in `codesign.frontend.options`, which needs more than a command's help does.
LARGEST_REUSE = 65536


class Parser(argparse.ArgumentParser):
    """argparse with our exit status and one-line errors."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message}; see `{self.prog} --help`")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


def _reuse(text: str) -> int:
    value = int(text)
    if not 1 <= value <= LARGEST_REUSE:
        raise ValueError
    return value


def _reuses(text: str) -> int | dict[str, int]:
    if "=" not in text:
        return _reuse(text)
    return {name: _reuse(value) for name, value in map(_pair, text.split(","))}


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


_positive.__name__, _reuse.__name__, _count.__name__ = "positive number", "reuse factor", "count"
_reuses.__name__ = "reuse factor, as 4 or fc1=4,fc2=2"
_pair.__name__, _tie.__name__ = "NAME=NAME", "NAME=NUMBER"


def _model_options(sub: Parser) -> None:
    """What decides the Graph, besides the model."""
    sub.add_argument("--weights", type=Path, metavar="FILE", help="weights of a .json model")
    sub.add_argument("--input-precision", default="fixed<16,6>", metavar="TYPE", help="type of the inputs")
    sub.add_argument("--head", default="model", choices=("model", "logits", "argmax"), help="what leaves the design")
    sub.add_argument("--softmax", default="stable", choices=("stable", "latency", "legacy"), help="as in hls4ml")
    sub.add_argument("--io-type", default="io_parallel", choices=("io_parallel", "io_stream"), help="of the HLS")
    sub.add_argument(
        "--strategy",
        default="latency",
        choices=("latency", "resource", "resource_unrolled", "distributed_arithmetic"),
        help="as in hls4ml",
    )
    sub.add_argument("--layers", type=Path, metavar="FILE", help="YAML of single layers' strategy and reuse_factor")


def _estimate(sub: Parser) -> None:
    """The arguments of `estimate`."""
    sub.add_argument("model", type=Path, metavar="MODEL_OR_DESIGN", help="design folder, saved Graph, or model file")
    sub.add_argument("--board", metavar="BOARD", help="board: see `boards`; the design's own without it")
    sub.add_argument("--part", metavar="PART", help="part in place of a board, as vendors order it")
    sub.add_argument("--uncalibrated", action="store_true", help="estimate parts without a calibration, too, wider")
    sub.add_argument("--flow", default="rtl", choices=("rtl", "vitis"), help="our RTL, or the HLS project by Vitis HLS")
    sub.add_argument("--clock-ns", type=_positive, metavar="NS", help="clock period; the design's own or 10 without it")
    sub.add_argument(
        "--clock-uncertainty",
        type=float,
        default=0.125,
        metavar="PART",
        help="of the period that Vitis HLS leaves for routing: 0.125, or 0.27 in hls4ml's Vitis projects of today",
    )
    sub.add_argument(
        "--reuse",
        "--reuse-factor",
        type=_reuses,
        metavar="N|LAYER=N,…",
        help="reuse factor of every layer, or of single ones; the design's own without it",
    )
    sub.add_argument("--precision", type=Path, metavar="FILE", help="YAML of types that differ from the design's")
    sub.add_argument("--multipliers", default="auto", choices=("auto", "dsp", "lut"), help="what they are made of")
    sub.add_argument("--quick", action="store_true", help="predict the RTL's logic from the weights, do not trace it")
    sub.add_argument("--report", type=Path, metavar="DIR", help="vendor's reports of the design, to set beside it")
    sub.add_argument(
        "--calibrate",
        action="store_true",
        help="correct by earlier pairs of estimate and report; with --report, add this one to them",
    )
    sub.add_argument("--calibration", type=Path, metavar="FILE", help="file of these pairs, in place of the user's own")
    sub.add_argument("--sweep", metavar="'KEY=A,B …'", help="many configurations, as 'weights=2..8 reuse=1,2,4'")
    sub.add_argument(
        "--data", type=Path, metavar="FILE", help="with --sweep: samples that tell how well each classifies"
    )
    sub.add_argument("--out", type=Path, metavar="DIR", help="with --sweep: folder for its table, JSON and picture")
    _model_options(sub)


def parser(functions: Mapping[str, Function]) -> argparse.ArgumentParser:
    """The parser of all commands.

    Args:
        functions: by the command's name, what is to be done; it becomes `function` of what is parsed.

    Raises:
        KeyError: a command has no function.
    """
    whole = Parser(prog="codesign", description="From a trained QKeras classifier to verified FPGA firmware.")
    whole.add_argument("--version", action="version", version=f"codesign {metadata.version('codesign')}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)

    def command(name: str, text: str) -> Parser:
        made: Parser = commands.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="print one JSON document in place of tables")
        made.set_defaults(function=functions[name])
        return made

    def out(sub: Parser, what: str) -> None:
        sub.add_argument("--out", type=Path, required=True, metavar="DIR", help=what)

    run = command("run", "the whole road: train, convert, verify, cost, as a recipe says")
    run.add_argument("recipe", type=Path, metavar="RECIPE", help="YAML recipe, such as examples/digits.yml")
    out(run, "folder for all results")

    train = command("train", "train the QKeras model of a recipe")
    train.add_argument("recipe", type=Path, metavar="RECIPE", help="YAML recipe")
    out(train, "folder for the model, its data and record")

    convert = command("convert", "make a design folder (Graph, HLS and RTL projects) from a model")
    convert.add_argument("model", type=Path, metavar="MODEL", help=".keras, legacy .h5, or .json with its weights")
    out(convert, "the design folder")
    _model_options(convert)
    convert.add_argument("--precision", type=Path, metavar="FILE", help="YAML of types that differ from the derived")
    convert.add_argument("--clock-ns", type=_positive, default=10.0, metavar="NS", help="clock period")
    convert.add_argument("--board", metavar="BOARD", help="board that the projects are made for: see `boards`")
    convert.add_argument("--multipliers", default="auto", choices=("auto", "dsp", "lut"), help="of folded RTL layers")
    convert.add_argument("--fit", metavar="BOARD", help="fold the RTL until it fits that board; see docs/boards.md")
    convert.add_argument("--data", type=Path, metavar="FILE", help=".npy or .npz samples to keep for `verify`")
    convert.add_argument(
        "--reuse-factor", type=_reuse, default=1, metavar="N", help="as in hls4ml; above 1 the RTL is folded too"
    )
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

    simulate = command("simulate", "the exact outputs of a design for given inputs")
    simulate.add_argument("design", type=Path, metavar="DIR", help="design folder")
    simulate.add_argument("--input", type=Path, required=True, metavar="X.npy", help="samples; .npz for several inputs")
    simulate.add_argument("--output", type=Path, required=True, metavar="Y.npy", help="where the outputs go")
    simulate.add_argument("--trace", action="store_true", help="show what each layer did")

    verify = command("verify", "climb the ladder: QKeras, Graph, C simulation, RTL")
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

    others = command("verify-rtl", "hold RTL that others made against a Graph, in value and in cycle")
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

    mutate = command("mutate", "plant faults in the RTL and tell what share of them verification catches")
    mutate.add_argument("design", type=Path, metavar="DIR", help="design folder; its RTL stays as it is")
    mutate.add_argument("--faults", type=_count, default=200, metavar="N", help="how many to plant")
    mutate.add_argument("--seed", type=_count, default=0, metavar="N", help="of the faults, the samples and the cycles")
    mutate.add_argument("--frames", type=_count, metavar="N", help="samples fed in each scenario")
    mutate.add_argument("--at-least", type=float, default=95.0, metavar="PERCENT", help="share below which it fails")

    estimate = command("estimate", "what a design will cost, before any tool runs, with how far to trust it")
    _estimate(estimate)

    build = command("build", "synthesise a design for a board and show its cost")
    build.add_argument("design", type=Path, metavar="DIR", help="design folder")
    build.add_argument("--board", required=True, metavar="BOARD", help="board: see `boards`")

    command("boards", "list the boards that ship with codesign")
    command("doctor", "list the tools that codesign uses: found where, version, what lacks")
    return whole
