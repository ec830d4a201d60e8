"""Windows over a stream of pixels: where the template `cs_window.sv` takes pixels and gives windows."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from codesign.rtl.stream import Behaviour

TEMPLATE = "cs_window.sv"


@dataclass(frozen=True)
class Axis:
    """Positions of the newest pixel along one axis, counted from the first pixel of the image.

    Attributes:
        length: pixels of the image.
        kernel: of a window.
        stride: from one window to the next.
        before: cells of padding before the first pixel; negative where windows begin behind it.
        count: windows.
    """

    length: int
    kernel: int
    stride: int
    before: int
    count: int

    @property
    def first(self) -> int:
        """Where the first window is complete."""
        return self.kernel - 1 - self.before

    @property
    def last(self) -> int:
        """Where the last window is complete."""
        return self.first + (self.count - 1) * self.stride

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """All that the template goes through."""
        return np.arange(min(self.first, 0), max(self.last + 1, self.length))

    @property
    def real(self) -> npt.NDArray[np.bool_]:
        """At which of them a pixel comes."""
        return (self.positions >= 0) & (self.positions < self.length)

    @property
    def hits(self) -> npt.NDArray[np.bool_]:
        """At which of them a window is complete."""
        at = self.positions
        return np.asarray((at >= self.first) & (at <= self.last) & ((at - self.first) % self.stride == 0))


@dataclass(frozen=True)
class Windows:
    """Windows over an image; a sequence is an image of one row.

    Attributes:
        rows: down the image.
        columns: across it.
        bits: of a pixel with all its channels.
        cell: a pixel of padding, as a word of `bits`.
    """

    rows: Axis
    columns: Axis
    bits: int
    cell: int = 0

    @property
    def window_bits(self) -> int:
        """Bits of a window."""
        return self.rows.kernel * self.columns.kernel * self.bits

    def behaviour(self, latency: int) -> Behaviour:
        """When pixels are taken and windows given, with `latency` registers behind the window's own."""
        takes = np.logical_and.outer(self.rows.real, self.columns.real).ravel()
        gives = np.logical_and.outer(self.rows.hits, self.columns.hits).ravel()
        if not takes[0]:
            takes[int(np.argmax(takes))] = False
            takes[0] = True
        return Behaviour(
            takes=takes[:, None],
            gives=gives,
            clocks=np.ones(takes.size, dtype=np.int64),
            latency=latency + 1,
            slots=latency + 1,
        )

    def instance(self, name: str, *, window: str, valid: str, ce: str, data: str = "in0_data") -> list[str]:
        """Lines that instantiate the template on `in0`, and declare the wires of its window and its flag."""
        rows, columns = self.rows, self.columns
        parameters = {
            "BITS": self.bits,
            "HEIGHT": rows.length,
            "WIDTH": columns.length,
            "KERNEL_H": rows.kernel,
            "KERNEL_W": columns.kernel,
            "STRIDE_H": rows.stride,
            "STRIDE_W": columns.stride,
            "TOP": rows.before,
            "LEFT": columns.before,
            "OUT_H": rows.count,
            "OUT_W": columns.count,
        }
        given = ", ".join(f".{key}({value})" for key, value in parameters.items())
        return [
            f"wire [{self.window_bits - 1}:0] {window};",
            f"wire {valid};",
            f"cs_window #({given}, .CELL({self.bits}'h{self.cell:x})) {name} (",
            f"    .clk(clk), .rst(rst), .ce({ce}), .in_data({data}), .in_valid(in0_valid), .in_ready(in0_ready),",
            f"    .window({window}), .valid({valid})",
            ");",
        ]


def axis(length: int, kernel: int, stride: int, before: int, after: int) -> Axis:
    """The windows of a padded axis."""
    return Axis(length, kernel, stride, before, (length + before + after - kernel) // stride + 1)


def image_axes(axes: tuple[Axis, ...]) -> tuple[Axis, Axis]:
    """Rows and columns; a sequence has one row."""
    return (Axis(1, 1, 1, 0, 1), axes[0]) if len(axes) == 1 else (axes[0], axes[1])


def places(shape: tuple[int, ...]) -> int:
    """Pixels of a tensor whose last axis is the channels."""
    return prod(shape[:-1])
