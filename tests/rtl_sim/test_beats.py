"""Frames as words and back: any widths, signs, slots, several signals, a last beat that is not full."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtl_sim.beats import FrameError, bounds, elements, from_beats, keep, masks, to_beats, width
from rtl_sim.frames import corners, draw_frames
from rtl_sim.interface import Stream
from rtl_sim.packing import to_words
from rtl_sim.scenario import Words


@st.composite
def streams(draw):
    bits = draw(st.sampled_from([1, 2, 5, 8, 17, 33, 62, 70]))
    signals, each, beats = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    lanes = signals * each
    missing = draw(st.integers(0, lanes - 1))
    slot = draw(st.sampled_from([0, bits, bits + 3, (bits + 7) // 8 * 8]))
    data = tuple(f"d{index}" for index in range(signals))
    return Stream("s", data, bits, draw(st.booleans()), lanes, beats, slot, elements=lanes * beats - missing)


@settings(deadline=None, max_examples=100)
@given(streams(), st.integers(0, 3), st.sampled_from(list(Words)))
def test_there_and_back(stream, count, words):
    frames = draw_frames(stream, words, count, np.random.default_rng(1))
    beats = to_beats(stream, frames)
    for signal in stream.data:
        assert beats[signal].shape == (count * stream.beats, (width(stream) + 7) // 8)
    assert (from_beats(stream, beats, count) == frames).all()
    for index, signal in enumerate(stream.data):
        for beat, word in enumerate(to_words(beats[signal])):
            assert word & ~masks(stream, beat % stream.beats)[index] == 0


def test_where_the_numbers_lie():
    stream = Stream("s", ("d",), 5, True, 2, beats=2, slot=8, elements=3)
    words = to_words(to_beats(stream, np.array([[-1, 1, -16]]))["d"])
    assert words == [0x011F, 0x0010]
    assert masks(stream, 0) == (0x1F1F,)
    assert masks(stream, 1) == (0x001F,)
    assert (keep(stream, 0), keep(stream, 1)) == (0b11, 0b01)
    wide = replace(stream, bits=12, slot=12, lanes=3, elements=0)
    assert (elements(wide), keep(wide, 0)) == (6, 0b11111)


def test_corners_and_extremes():
    stream = Stream("s", ("d",), 4, True, 3)
    assert corners(stream) == [-8, -7, -4, -1, 0, 1, 3, 6, 7]
    assert corners(replace(stream, bits=1, signed=False)) == [0, 1]
    frames = draw_frames(stream, Words.EXTREME, 100, np.random.default_rng(0))
    assert (frames[:9] == np.array(corners(stream))[:, None]).all()
    assert bounds(stream) == (-8, 7)
    assert (np.unique(frames[10::2]) == corners(stream)).all()


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((2, 3), dtype=int), r"carries frames of 4 integers, not int64 of shape \(2, 3\)"),
        (np.zeros((2, 4)), "not float64"),
        (np.full((1, 4), 8), r"carries integers in \[-8, 7\], but the frames span \[8, 8\]"),
        (np.full((1, 4), -9), r"span \[-9, -9\]"),
    ],
)
def test_frames_that_do_not_fit(frames, message):
    with pytest.raises(FrameError, match=message):
        to_beats(Stream("s", ("d",), 4, True, 2, beats=2), frames)


def test_lanes_that_cannot_be_shared_out():
    with pytest.raises(FrameError, match="3 lanes for 2 data signals"):
        width(Stream("s", ("a", "b"), 4, True, 3))
