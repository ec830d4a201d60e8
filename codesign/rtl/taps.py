"""The pixels of windows one after the other: the steps that the template `cs_taps.sv` goes through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codesign.rtl.windows import Axis

TEMPLATE = "cs_taps.sv"


@dataclass(frozen=True)
class Step:
    """A step of the template.

    Attributes:
        take: a pixel of the image is taken.
        give: a pixel of a window is given.
        span: pixels from the one that is given to the newest one behind this step, both counted; 0 for padding.
    """

    take: bool
    give: bool
    span: int = 0


@dataclass(frozen=True)
class Taps:
    """The pixels of every window over an image; a sequence is an image of one row.

    Attributes:
        rows: down the image.
        columns: across it.
        bits: of a pixel with all its channels.
    """

    rows: Axis
    columns: Axis
    bits: int

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All of a sample."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        rows, columns = self.rows, self.columns
        width, pixels = columns.length, rows.length * columns.length
        owed = max((rows.kernel - 1 - rows.before) * width + columns.kernel - columns.before, 1)
        turn = rows.stride * width - (columns.count - 1) * columns.stride
        taken = 0
        for row in range(rows.count):
            for column in range(columns.count):
                while owed > 0 and taken < pixels:
                    owed, taken = owed - 1, taken + 1
                    yield Step(True, False)
                for index, (y, x) in enumerate(self._window(row, column)):
                    take = index > 0 and owed > 0 and taken < pixels
                    owed, taken = owed - int(take), taken + int(take)
                    if index == 0:
                        owed += turn if column == columns.count - 1 else columns.stride
                    real = 0 <= y < rows.length and 0 <= x < width
                    yield Step(take, True, taken - (y * width + x) if real else 0)
        for _ in range(pixels - taken):
            yield Step(True, False)

    def _window(self, row: int, column: int) -> Iterator[tuple[int, int]]:
        """The places of a window's pixels, counted from the image's first."""
        for i in range(self.rows.kernel):
            for j in range(self.columns.kernel):
                yield (
                    row * self.rows.stride - self.rows.before + i,
                    column * self.columns.stride - self.columns.before + j,
                )

    @cached_property
    def _needed(self) -> int:
        """Pixels in the memory that windows still need, at most."""
        return max(step.span for step in self.steps)

    @property
    def depth(self) -> int:
        """Pixels in the memory, a power of two."""
        # Behind pooling, for example, the pixels of a row come at once, and then none for as long as that took.
        burst = self.columns.length // 2 if self.rows.length > 1 else self.columns.kernel
        return 1 << (self._needed + max(burst, 1) - 1).bit_length()

    @property
    def ahead(self) -> int:
        """Pixels that may wait in the memory before they are taken."""
        return self.depth - self._needed

    def instance(self, name: str, *, tap: str, valid: str, used: str, ce: str) -> list[str]:
        """Lines that instantiate the template on `in0`, and declare the wires of its tap and its flag."""
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
            "DEPTH": self.depth,
            "AHEAD": self.ahead,
        }
        given = ", ".join(f".{key}({value})" for key, value in parameters.items())
        return [
            f"wire [{self.bits - 1}:0] {tap};",
            f"wire {valid};",
            f"cs_taps #({given}) {name} (",
            f"    .clk(clk), .rst(rst), .ce({ce}), .in_data(in0_data), .in_valid(in0_valid), .in_ready(in0_ready),",
            f"    .tap({tap}), .valid({valid}), .used({used})",
            ");",
        ]
