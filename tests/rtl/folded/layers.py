"""Random layers with their folds: a class of arithmetic and of schedule each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from codesign.graph import Dense, DepthwiseConvolution, FixedPoint, Graph, Input, Product
from codesign.rtl.family import Family
from codesign.rtl.folded.fold import Fold, folds
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.stream import Layout, Unit
from codesign.rtl.units.matvec import matvec
from codesign.rtl.units.text import module
from codesign.simulate.execute import execute
from tests.rtl.unit_bench import Trial, beats

T = FixedPoint.parse


def dense(
    rng: np.random.Generator,
    n_in: int,
    n_out: int,
    *,
    x: str = "fixed<6,2>",
    w: str = "fixed<5,1>",
    b: str = "fixed<6,2>",
    accumulator: str = "fixed<20,8>",
    result: str = "fixed<8,4>",
    product: Product = Product.MULT,
    bias: np.ndarray | None = None,
    **more: object,
) -> Graph:
    weight_type, bias_type = T(w), T(b)
    weight = rng.integers(weight_type.min_int, weight_type.max_int + 1, (n_in, n_out))
    if bias is None:
        bias = rng.integers(bias_type.min_int, bias_type.max_int + 1, n_out)
    if product is Product.WEIGHT_EXPONENTIAL:
        weight = rng.choice([-2, 1, 4], (n_in, n_out))
    if product is Product.BOTH_BINARY:
        weight = rng.choice([-1, 1], (n_in, n_out))
    node = Dense(
        name="fc",
        inputs=("x",),
        shape=(n_out,),
        result=T(result),
        weight=weight,
        weight_type=weight_type,
        bias=bias,
        bias_type=bias_type,
        accumulator=T(accumulator),
        product=product,
        **more,
    )
    return Graph("g", (Input(name="x", inputs=(), shape=(n_in,), result=T(x)), node), ("fc",))


def samples(rng: np.random.Generator, graph: Graph, frames: int) -> np.ndarray:
    type_ = graph["x"].result
    values = rng.integers(type_.min_int, type_.max_int + 1, (frames, *graph["x"].shape))
    values[0], values[1] = type_.min_int, type_.max_int
    return values


def trial(
    rng: np.random.Generator,
    name: str,
    graph: Graph,
    fold: Fold,
    *,
    family: Family = Family.ECP5,
    multipliers: Multipliers = Multipliers.LUT,
    hold: bool = False,
    frames: int = 6,
) -> Trial:
    node, source = graph["fc"], graph["x"].result
    inner = f"{name}_held" if hold else name
    unit = matvec(inner, node, source, fold, family=family, multipliers=multipliers, hold=hold)
    if hold:
        unit = _behind_a_register(name, unit, source.width, node.result.width)
    x = samples(rng, graph, frames)
    y = execute(graph, {"x": x})["fc"]
    return Trial(unit, ((beats(x, unit.inputs[0]), source.width),), (beats(y, unit.output), node.result.width))


def _behind_a_register(name: str, held: Unit, bits: int, result_bits: int) -> Unit:
    """A unit that uses its beats where they stand, and the register in which they do."""
    width = held.inputs[0].lanes * bits
    body = [
        f"reg [{width - 1}:0] beat;",
        "reg full;",
        "wire taken;",
        "wire ce = out_ready | ~out_valid;",
        "assign in0_ready = ce & (~full | taken);",
        "always @(posedge clk) if (in0_ready & in0_valid) beat <= in0_data;",
        "always @(posedge clk) if (rst) full <= 1'b0; else if (in0_ready) full <= in0_valid;",
        f"{held.module} held (.clk(clk), .rst(rst), .in0_data(beat), .in0_valid(full), .in0_ready(taken),",
        "    .out_data(out_data), .out_valid(out_valid), .out_ready(out_ready));",
    ]
    text = module(name, [width], held.output.lanes * result_bits, body)
    return replace(held, module=name, files={**held.files, f"{name}.v": text})


def every_fold(n_in: int, n_out: int, reuse: int, lanes: int | None = None) -> Iterator[Fold]:
    yield from folds(n_out, Layout(n_in, 1), reuse, columns=False)
    for each in {n_in, lanes or n_in}:
        yield from folds(n_out, Layout(each, n_in // each), reuse, columns=True)


def depthwise(
    rng: np.random.Generator,
    kernel: tuple[int, ...],
    channels: int,
    *,
    accumulator: str = "fixed<20,8>",
    result: str = "fixed<8,4>",
    **more: object,
) -> Graph:
    """One window."""
    axes = len(kernel)
    node = DepthwiseConvolution(
        name="fc",
        inputs=("x",),
        shape=(*(1,) * axes, channels),
        result=T(result),
        weight=rng.integers(-16, 16, (*kernel, channels)),
        weight_type=T("fixed<5,1>"),
        bias=rng.integers(-32, 32, channels),
        bias_type=T("fixed<6,2>"),
        accumulator=T(accumulator),
        strides=(1,) * axes,
        padding_before=(0,) * axes,
        padding_after=(0,) * axes,
        **more,
    )
    return Graph("g", (Input(name="x", inputs=(), shape=(*kernel, channels), result=T("fixed<6,2>")), node), ("fc",))
