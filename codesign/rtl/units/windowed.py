"""Units that compute something of every window of an image: the generator of windows, and logic behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codesign.rtl.node_module import NodeModule
from codesign.rtl.stream import Behaviour, Layout, Unit
from codesign.rtl.units.text import module
from codesign.rtl.windows import TEMPLATE, Windows


def pipeline_behind(full: str, latency: int) -> list[str]:
    """The handshake of logic with `latency` registers behind a register whose flag is `full`.

    All of them are to be enabled by the wire `ce`, which is declared before.
    """
    if latency == 0:
        return [f"assign out_valid = {full};", "assign ce = out_ready | ~out_valid;"]
    shifted = f"{{valid[{latency - 2}:0], {full}}}" if latency > 1 else full
    return [
        f"reg [{latency - 1}:0] valid;",
        "always @(posedge clk)",
        f"    if (rst) valid <= {latency}'d0;",
        f"    else if (ce) valid <= {shifted};",
        f"assign out_valid = valid[{latency - 1}];",
        "assign ce = out_ready | ~out_valid;",
    ]


def repeated(behaviour: Behaviour, times: int) -> Behaviour:
    """The same phases so many times for one sample."""
    return replace(
        behaviour,
        takes=np.tile(behaviour.takes, (times, 1)),
        gives=np.tile(behaviour.gives, times),
        clocks=np.tile(behaviour.clocks, times),
    )


def _marked(windows: Windows) -> list[str]:
    """Lines that take a window's cells apart into their numbers and the mark at the top of each."""
    bits, cells = windows.bits - 1, windows.window_bits // windows.bits
    numbers = [f"window[{cell * windows.bits + bits - 1}:{cell * windows.bits}]" for cell in reversed(range(cells))]
    marks = [f"window[{cell * windows.bits + bits}]" for cell in reversed(range(cells))]
    return [
        f"wire [{cells * bits - 1}:0] numbers = {{{', '.join(numbers)}}};",
        f"wire [{cells - 1}:0] marks = {{{', '.join(marks)}}};",
    ]


def windowed(
    name: str,
    windows: Windows,
    logic: NodeModule,
    inputs: Layout,
    output: Layout,
    width: int,
    *,
    images: int = 1,
    marked: bool = False,
) -> Unit:
    """A unit that gives what its logic makes of every window, one position a clock.

    Args:
        name: of the module.
        windows: over the beats that come in.
        logic: of one window, its input `x0`.
        inputs: the layout that is read.
        output: the layout that is given, a beat for each window.
        width: bits of a number that is given.
        images: in a sample.
        marked: each pixel has one bit more at the top, which tells it from padding; these are the logic's `x1`.
    """
    data = "{1'b1, in0_data}" if marked else "in0_data"
    read = ".x0(numbers), .x1(marks)" if marked else ".x0(window)"
    body = [
        "wire ce;",
        *windows.instance("windows", window="window", valid="full", ce="ce", data=data),
        *(_marked(windows) if marked else []),
        f"{logic.name} arithmetic (.clk(clk), .ce(ce), {read}, .y(out_data));",
        *pipeline_behind("full", logic.latency),
    ]
    text = module(name, [windows.bits - int(marked)], output.lanes * width, body)
    behaviour = repeated(windows.behaviour(logic.latency), images)
    files = {f"{name}.v": text + "\n" + logic.text}
    return Unit(name, (inputs,), output, behaviour, files, (TEMPLATE,), logic.stages)
