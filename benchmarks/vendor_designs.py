"""Graphs of the classifiers that a vendor's tool made hardware of, with what its reports say and its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Graph,
    Input,
    IntArray,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Rounding,
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    frozen,
)
from codesign.rtl import Multipliers
from codesign.simulate import execute

Record = Mapping[str, Any]

_UNCERTAINTY = 0.125


@dataclass(frozen=True)
class VendorDesign:
    """A design and what the vendor's tool made of it.

    Attributes:
        graph: the design.
        clock_ns: clock period that its file states; `synthesis_ns` is the one that it was made for.
        cycles: clock edges from its start to the first answer, simulated.
        interval: clock edges from one answer to the next, simulated.
        x: (samples, n_in) integers given to the hardware.
        y: (samples, n_out) integers that it answered.
        report: `lut`, `ff`, `dsp`, `bram18` of the whole, as its synthesis report estimates them.
        part: as vendors order it.
        rows: of its synthesis report, the whole (`myproject`) and its modules.
        answers_equal: the Graph gives the answers that the hardware gave.
    """

    graph: Graph
    clock_ns: float
    cycles: int
    interval: int
    x: IntArray
    y: IntArray
    report: Mapping[str, float]
    part: str
    rows: tuple[Record, ...]
    answers_equal: bool = True

    @property
    def multipliers(self) -> Multipliers:
        """LUT where the report has no DSP block, else DSP; the name of the file does not always say the truth."""
        return Multipliers.DSP if self.report["dsp"] else Multipliers.LUT

    @property
    def synthesis_ns(self) -> float:
        """The clock period that the tool was asked for, in ns, as its report tells.

        Slack is what the period leaves after its uncertainty (hls4ml's 12.5 %) and the slowest logic. Latency in ns
        counts clocks of that period, or of the slowest logic where that is slower.
        """
        whole = self.rows[0]
        clock, slack = float(whole["latency_ns"]) / float(whole["latency_cycles"]), float(whole["slack_ns"])
        met = slack >= -_UNCERTAINTY * clock
        return round(clock if met else (clock + slack) / (1 - _UNCERTAINTY), 2)


class UnreadableDesign(SystemExit):
    """A design holds what is not read here; the message names the design, the layer and the operation."""


def type_of(record: Record) -> FixedPoint:
    """A type as they write it."""
    rounding, overflow = (str(record[key]).removeprefix("AP_") for key in ("rounding", "overflow"))
    return FixedPoint(record["signed"], record["width"], record["integer"], Rounding(rounding), Overflow(overflow))


def _signed(words: IntArray, type_: FixedPoint) -> IntArray:
    return frozen(np.where(words > type_.max_int, words - (1 << type_.width), words))


def _strategy(layer: Record) -> str:
    """The strategy of a dense layer, as they write it: nnet::latency."""
    found = str(layer.get("strategy", "nnet::latency")).removeprefix("nnet::")
    if found not in ("latency", "resource"):
        raise UnreadableDesign(f"layer {layer['name']!r}: strategy {found!r} is not read here")
    return found


def _node(layer: Record, arrays: Mapping[str, IntArray], source: Node, reuse: int | None) -> Node:
    name, result = layer["name"], type_of(layer["result"])
    common: dict[str, Any] = {"name": name, "inputs": (source.name,), "result": result}
    if layer["op"] == "dense":
        weight = frozen(arrays[f"{name}.weight"])
        return Dense(
            **common,
            shape=(weight.shape[1],),
            weight=weight,
            weight_type=type_of(layer["weight"]),
            bias=frozen(arrays[f"{name}.bias"]),
            bias_type=type_of(layer["bias"]),
            accumulator=type_of(layer["accum"]),
            reuse_factor=int(layer["reuse_factor"]) if reuse is None else reuse,
            strategy=_strategy(layer) if reuse is None else "latency",
        )
    if layer["op"] == "relu":
        return Activation(**common, shape=source.shape, function=ActivationFunction.RELU)
    if layer["op"] == "normalize":
        return Normalize(
            **common,
            shape=source.shape,
            kind=NormalizeKind.APPLY_ALPHA,
            scale=frozen(arrays[f"{name}.scale"].ravel()),
            scale_type=type_of(layer["scale"]),
            bias=frozen(arrays[f"{name}.bias"].ravel()),
            bias_type=type_of(layer["bias"]),
        )
    if layer["op"] == "softmax":
        exp, inv = type_of(layer["exp_table"]), type_of(layer["inv_table"])
        return Softmax(
            **common,
            shape=source.shape,
            implementation=SoftmaxImplementation.STABLE,
            difference=SoftmaxDifference.X_MINUS_MAX,
            exp_table=_signed(arrays[f"{name}.exp_table"], exp),
            exp_type=exp,
            inv_table=_signed(arrays[f"{name}.invert_table"], inv),
            inv_type=inv,
            norm=source.result.with_modes(Rounding.RND, Overflow.SAT),
            accumulator=exp,
            inv_input=exp,
        )
    raise UnreadableDesign(f"layer {name!r}: operation {layer['op']!r} is not read here")


def read(path: Path, *, reuse: int | None = None, check: bool = True) -> VendorDesign:
    """A design, checked against the answers that the hardware gave.

    Args:
        path: of its JSON; its npz lies beside it.
        reuse: the reuse factor that our Graph states; the vendor's own, layer by layer, without it.
        check: refuse a design whose Graph answers otherwise than the hardware did.

    Raises:
        UnreadableDesign: a layer is of a kind that is not read here, or it answers otherwise.
    """
    document = json.loads(path.read_text())
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    nodes: list[Node] = [Input(name="x", inputs=(), shape=arrays["x"].shape[1:], result=type_of(document["input"]))]
    for layer in document["layers"]:
        nodes.append(_node(layer, arrays, nodes[-1], reuse))
    graph = Graph(path.parent.name, tuple(nodes), (nodes[-1].name,))
    whole = next(row for row in document["csynth"] if row["module"] == "myproject")
    given = np.rint(arrays["x"] * 2.0 ** nodes[0].result.fraction).astype(np.int64)
    expected = np.rint(arrays["y"] * 2.0 ** nodes[-1].result.fraction).astype(np.int64)
    answers_equal = np.array_equal(execute(graph, {"x": given})[nodes[-1].name], expected)
    if check and not answers_equal:
        raise UnreadableDesign(f"{path}: the Graph does not answer as the vendor's hardware did")
    return VendorDesign(
        graph,
        float(document["clock_ns"]),
        int(document["first_done_cycle"]),
        int(document["interval"]),
        given,
        expected,
        {key: float(whole[key]) for key in ("lut", "ff", "dsp", "bram18")},
        str(document["part"]),
        tuple(document["csynth"]),
        answers_equal,
    )
