"""Which bits of a window over an image anything needs, and which bits of the rows that are kept for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codesign.estimate.rtl.templates.windows import LIVE_WINDOW, LIVE_WORD


@dataclass(frozen=True)
class WindowBits:
    """What is needed of a window.

    Attributes:
        pixel: for each channel, the bits that are needed in some place, as a mask.
        parameters: what is left of the template `cs_window`.
    """

    pixel: tuple[int, ...]
    parameters: Mapping[str, int]


def _bits(masks: Sequence[int]) -> int:
    return sum(mask.bit_count() for mask in masks)


def _either(first: Sequence[int], second: Sequence[int]) -> list[int]:
    return [a | b for a, b in zip(first, second, strict=True)]


def window_bits(needed: Sequence[int], height: int, width: int, channels: int) -> WindowBits:
    """What is needed of a window whose pixels enter at the last column and move to the first.

    Args:
        needed: for each number of the window in row-major order, the bits that its logic reads.
        height: rows of the window.
        width: columns.
        channels: numbers of a pixel.
    """
    held = 0
    columns: list[list[int]] = []
    for row in range(height):
        so_far = [0] * channels
        for column in range(width):
            start = (row * width + column) * channels
            so_far = _either(so_far, needed[start : start + channels])
            held += _bits(so_far)
        columns.append(so_far)
    word = 0
    above = [0] * channels
    for row in range(height - 1):  # the oldest row first: its pixels pass through those of all rows below
        above = _either(above, columns[row])
        word += _bits(above)
    pixel = _either(above, columns[-1])
    return WindowBits(tuple(pixel), {"BITS": _bits(pixel), LIVE_WINDOW: held, LIVE_WORD: word})
