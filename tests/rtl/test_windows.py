"""The positions and steps of windows, for any geometry."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.rtl.taps import Taps
from codesign.rtl.windows import Windows, axis


@st.composite
def axes(draw):
    """A padded axis whose windows fit."""
    length, kernel, stride = draw(st.integers(1, 7)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    before, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    return axis(length, kernel, stride, before, after + max(kernel - length - before - after, 0))


@given(axes(), axes())
def test_every_pixel_is_taken_once_and_every_window_given_when_its_last_one_is_in(rows, columns):
    behaviour = Windows(rows, columns, 4).behaviour(0)
    pixels, count = rows.length * columns.length, rows.count * columns.count
    assert behaviour.takes.sum() == pixels
    assert behaviour.gives.sum() == count
    assert behaviour.takes[0, 0]
    taken = np.cumsum(behaviour.takes[:, 0])[behaviour.gives]
    lasts = [
        min(y, rows.length - 1) * columns.length + min(x, columns.length - 1) + 1
        for y in (rows.first + i * rows.stride for i in range(rows.count))
        for x in (columns.first + j * columns.stride for j in range(columns.count))
        if y >= 0
    ]
    late = taken[len(taken) - len(lasts) :]
    assert np.all(late >= np.array(lasts))


@given(axes(), axes())
def test_the_memory_of_taps_holds_every_pixel_until_its_last_window_has_read_it(rows, columns):
    taps = Taps(rows, columns, 4)
    pixels = rows.length * columns.length
    assert sum(step.take for step in taps.steps) == pixels
    assert sum(step.give for step in taps.steps) == rows.count * columns.count * rows.kernel * columns.kernel
    assert taps.steps[0].take
    taken = 0
    for step in taps.steps:
        taken += int(step.take)
        if step.give and step.span:
            # What is read is in, and neither it nor what waits ahead overwrites it.
            assert int(step.take) < step.span <= taken
            assert step.span + taps.ahead <= taps.depth
    assert taps.ahead >= 1


def test_padding_costs_the_positions_that_the_documentation_says():
    same = Windows(axis(28, 3, 1, 1, 1), axis(28, 3, 1, 1, 1), 6).behaviour(0)
    valid = Windows(axis(28, 3, 1, 0, 0), axis(28, 3, 1, 0, 0), 6).behaviour(0)
    assert same.clocks.sum() == 841
    assert valid.clocks.sum() == 784
