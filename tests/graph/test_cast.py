"""Casts against hls4ml's own ap_fixed, compiled: every rounding and overflow mode, every word of the source."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.graph.cast import cast, count, round_to, shift_left

SOURCES = [
    FixedPoint(True, 9, 4),
    FixedPoint(False, 9, 4),
    FixedPoint(True, 9, -2),
    FixedPoint(False, 8, 10),
]
TARGETS = [(True, 5, 3), (False, 5, 3), (True, 12, 6), (True, 1, 1), (False, 6, 9)]


def words(type_: FixedPoint) -> range:
    return range(type_.min_int, type_.max_int + 1)


def cpp(type_: FixedPoint) -> str:
    base = "ap_fixed" if type_.signed else "ap_ufixed"
    return f"{base}<{type_.width},{type_.integer},AP_{type_.rounding.value},AP_{type_.overflow.value}>"


def all_targets() -> list[FixedPoint]:
    modes = itertools.product(TARGETS, Rounding, Overflow)
    return [FixedPoint(*grid, r, o) for grid, r, o in modes if grid[0] or o is not Overflow.WRAP_SM]


def pairs() -> list[tuple[FixedPoint, FixedPoint]]:
    """All but casts that cut away more bits than the source has: there ap_fixed's own header aborts."""
    return [(s, t) for s in SOURCES for t in all_targets() if s.fraction - t.fraction <= s.width]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[FixedPoint, FixedPoint], np.ndarray]:
    hls4ml = pytest.importorskip("hls4ml", reason="hls4ml brings ap_fixed")
    include = Path(hls4ml.__file__).parent / "templates" / "vivado" / "ap_types"
    folder = tmp_path_factory.mktemp("ap_fixed")
    calls = "\n".join(f"  go<{cpp(source)}, {cpp(target)}>({source.width});" for source, target in pairs())
    (folder / "casts.cpp").write_text(
        '#include "ap_fixed.h"\n#include <cstdio>\n'
        "template <class S, class T> void go(int bits) {\n"
        "  for (long i = 0; i < (1L << bits); i++) {\n"
        "    S s; s.range(S::width - 1, 0) = (unsigned long)i;\n"
        "    T t = s;\n"
        "    ap_int<80> r = 0; r.range(T::width - 1, 0) = t.range(T::width - 1, 0);\n"
        '    printf("%ld\\n", (long)r);\n'
        "  }\n}\n"
        f"int main() {{\n{calls}\n}}\n"
    )
    command = ["g++", "-O0", "-w", "-std=c++17", f"-I{include}", "casts.cpp", "-o", "casts"]
    subprocess.run(command, cwd=folder, check=True)
    text = subprocess.run([str(folder / "casts")], check=True, capture_output=True, text=True).stdout
    numbers = np.array(text.split(), dtype=np.int64)
    found, start = {}, 0
    for source, target in pairs():
        raw = numbers[start : start + (1 << source.width)]
        start += 1 << source.width
        found[source, target] = np.where(raw > target.max_int, raw - (1 << target.width), raw)
    assert start == numbers.size
    return found


@pytest.mark.tools
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
def test_every_word_as_ap_fixed(
    compiled: dict[tuple[FixedPoint, FixedPoint], np.ndarray], rounding: Rounding, overflow: Overflow
) -> None:
    for (source, target), expected in compiled.items():
        if (target.rounding, target.overflow) != (rounding, overflow):
            continue
        raw = np.arange(1 << source.width)
        values = np.where(raw > source.max_int, raw - (1 << source.width), raw) if source.signed else raw
        np.testing.assert_array_equal(
            cast(values, source.fraction, target, source=source), expected, f"{source} {target}"
        )


def test_identical_types_change_nothing() -> None:
    type_ = FixedPoint(True, 4, 2, Rounding.RND, Overflow.SAT_SYM)
    values = np.array([-8, 7])
    np.testing.assert_array_equal(cast(values, type_.fraction, type_, source=type_), [-8, 7])
    np.testing.assert_array_equal(cast(values, type_.fraction, type_), [-7, 7])


def types() -> st.SearchStrategy[FixedPoint]:
    def build(signed: bool, width: int, integer: int, rounding: Rounding, overflow: Overflow) -> FixedPoint:
        return FixedPoint(signed or overflow is Overflow.WRAP_SM, width, integer, rounding, overflow)

    return st.builds(
        build,
        st.booleans(),
        st.integers(1, 90),
        st.integers(-20, 60),
        st.sampled_from(Rounding),
        st.sampled_from(Overflow),
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-(2**80), 2**80), min_size=1, max_size=5), st.integers(-20, 60), types())
def test_wide_values_agree_with_python_integers(values: list[int], fraction: int, to: FixedPoint) -> None:
    """int64 where it fits and Python integers where not must be the same arithmetic."""
    wide = np.array(values, dtype=object)
    expected = cast(wide, fraction, to)
    if all(abs(v) < 2**62 for v in values):
        np.testing.assert_array_equal(cast(np.array(values, dtype=np.int64), fraction, to).astype(object), expected)
    assert all(to.min_int <= int(v) <= to.max_int for v in expected)


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**40), 2**40), st.integers(0, 30), st.integers(-10, 30), st.sampled_from(Rounding))
def test_rounding_is_within_one_step(value: int, fraction: int, to_fraction: int, mode: Rounding) -> None:
    to = FixedPoint(True, 80, 80 - to_fraction, mode)
    rounded = int(round_to(np.array([value], dtype=object), fraction, to)[0])
    scale = 2 ** max(fraction, to_fraction)
    error = abs(rounded * scale // 2**to_fraction - value * scale // 2**fraction) if to_fraction >= 0 else 0
    limit = scale // 2**to_fraction if to_fraction >= 0 else 1
    assert error <= limit if not mode.value.startswith("RND") else 2 * error <= limit


def test_counts() -> None:
    to = FixedPoint(True, 4, 2, Rounding.TRN, Overflow.SAT)
    found = count(np.array([-100, -3, 0, 1, 4, 100]), 4, to)
    assert (found.total, found.rounded, found.overflowed) == (6, 2, 2)


def test_shift_left_leaves_int64_when_it_must() -> None:
    assert shift_left(np.array([1]), 100).tolist() == [1 << 100]


def test_one_wide_number_alone_stays_an_array():
    shifted = shift_left(np.asarray(1), 70)
    assert shifted.shape == ()
    assert shifted.item() == 1 << 70
