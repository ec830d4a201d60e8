"""Folded matrix-vector units: values and cycles against the Graph and the behaviour that they claim."""

import itertools

import numpy as np
import pytest

from codesign.errors import UnsupportedLayerError
from codesign.graph import Overflow, Product, Rounding
from codesign.rtl.family import Family
from codesign.rtl.folded.choice import Wanted
from codesign.rtl.folded.fold import Fold
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.stream import Layout
from codesign.rtl.units.matvec import choose_fold
from tests.rtl.folded.layers import dense, depthwise, every_fold, trial
from tests.rtl.unit_bench import Bench, check


def _rows(pe, simd, outputs, n):
    return Fold(False, False, pe, simd, outputs, n, 1)


def _columns(pe, simd, outputs, lanes, beats):
    return Fold(True, False, pe, simd, outputs, lanes, beats)


def _cases():
    """(Graph, fold, more): a way of folding and a way of adding each."""
    rng = np.random.default_rng(11)
    sat = {"accumulator": "fixed<8,4,RND,SAT>"}
    return [
        (dense(rng, 5, 4), _rows(2, 2, 4, 5), {}),
        (dense(rng, 6, 2), _rows(1, 6, 2, 6), {"multipliers": Multipliers.DSP}),
        (dense(rng, 7, 3, x="ufixed<4,1>", w="fixed<7,1>"), _rows(3, 1, 3, 7), {"hold": True}),
        (dense(rng, 9, 2, accumulator="fixed<7,3,RND_CONV>"), _rows(1, 5, 2, 9), {}),
        (dense(rng, 8, 4), _columns(2, 1, 4, 4, 2), {"hold": True}),
        (dense(rng, 6, 6, accumulator="fixed<40,20>", result="fixed<9,5,RND,SAT>"), _columns(1, 2, 6, 3, 2), {}),
        (dense(rng, 6, 3), _columns(3, 3, 3, 3, 2), {"family": Family.ICE40}),
        (dense(rng, 5, 4, accumulator="ufixed<9,5>", result="fixed<12,7,TRN,SAT_SYM>"), _columns(2, 2, 4, 5, 1), {}),
        (dense(rng, 6, 4, **sat, strategy="resource", reuse_factor=3), _rows(1, 2, 4, 6), {}),
        (dense(rng, 6, 4, **sat), _columns(2, 1, 4, 2, 3), {}),
        (dense(rng, 6, 2, accumulator="fixed<6,3,TRN_ZERO,WRAP_SM>"), _rows(2, 1, 2, 6), {}),
        (dense(rng, 6, 2, accumulator="ufixed<6,4,RND,SAT>"), _rows(1, 3, 2, 6), {}),
        (dense(rng, 4, 2, b="fixed<20,1>", accumulator="fixed<20,1,TRN,SAT_SYM>", result="fixed<20,1,TRN,SAT_SYM>"),
         _rows(1, 1, 2, 4), {}),
        (dense(rng, 8, 2, x="ufixed<1,1>", product=Product.DATA_BINARY), _rows(1, 4, 2, 8), {}),
        (dense(rng, 8, 2, x="ufixed<1,1>", w="fixed<2,2>", product=Product.BOTH_BINARY, b="fixed<4,4>",
               accumulator="fixed<7,7>", counts_agreement=True, result="fixed<8,6>"), _rows(2, 4, 2, 8), {}),
        (depthwise(rng, (3,), 4), Fold(False, True, 2, 2, 4, 3, 1), {}),
        (depthwise(rng, (2, 2), 3, **sat, strategy="resource", reuse_factor=2), Fold(False, True, 1, 2, 3, 4, 1), {}),
    ]  # fmt: skip


@pytest.mark.tools
def test_values_and_cycles(tmp_path):
    rng = np.random.default_rng(12)
    trials = [trial(rng, f"u{index}", graph, fold, **more) for index, (graph, fold, more) in enumerate(_cases())]
    check(Bench(trials, tmp_path), seeds=(1,))


@pytest.mark.tools
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_random_folds_in_every_rounding_and_overflow(tmp_path, seed):
    rng = np.random.default_rng(seed)
    trials = []
    for rounding, overflow in itertools.product(Rounding, Overflow):
        accumulator = f"fixed<{rng.integers(5, 12)},4,{rounding.value},{overflow.value}>"
        width, integer = rng.integers(2, 12), rng.integers(0, 7)
        result = f"fixed<{width},{integer},{rng.choice([mode.value for mode in Rounding])},{overflow.value}>"
        graph = dense(rng, 6, 4, accumulator=accumulator, result=result)
        every = list(every_fold(6, 4, int(rng.integers(3, 25)), lanes=3))
        trials.append(trial(rng, f"u{len(trials)}", graph, every[rng.integers(len(every))]))
    check(Bench(trials, tmp_path))


def _wanted(reuse, layout, spread=1):
    return Wanted(layout, spread, reuse, Family.ECP5, Multipliers.AUTO)


@pytest.mark.parametrize("reuse", [2, 3, 7, 12, 50, 1000])
def test_a_chosen_fold_takes_no_more_clocks_than_asked_and_not_far_fewer(reuse):
    graph = dense(np.random.default_rng(1), 12, 10)
    fold = choose_fold(graph["fc"], graph["x"].result, _wanted(reuse, Layout(12, 1)))
    assert reuse / 2 < fold.steps <= reuse or fold.steps == 120


def test_beats_are_added_as_they_come_unless_they_come_faster_than_they_are_used():
    graph = dense(np.random.default_rng(1), 12, 10)
    evenly = choose_fold(graph["fc"], graph["x"].result, _wanted(60, Layout(2, 6), spread=10))
    burst = choose_fold(graph["fc"], graph["x"].result, _wanted(60, Layout(2, 6)))
    assert (evenly.columns, evenly.input) == (True, Layout(2, 6))
    assert (burst.columns, burst.input) == (False, Layout(12, 1))


def test_sums_whose_order_counts_wait_for_the_whole_vector():
    graph = dense(np.random.default_rng(1), 6, 4, accumulator="fixed<6,2,RND,SAT>", strategy="resource", reuse_factor=3)
    fold = choose_fold(graph["fc"], graph["x"].result, _wanted(12, Layout(2, 3), spread=50))
    assert (fold.columns, fold.input) == (False, Layout(6, 1))


def test_refused_by_name():
    rng = np.random.default_rng(1)
    chain = dense(rng, 24, 4, accumulator="fixed<8,4,RND,SAT>")
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': reuse factor 2 .* give it at least 6"):
        choose_fold(chain["fc"], chain["x"].result, _wanted(2, Layout(24, 1)))
    assert choose_fold(chain["fc"], chain["x"].result, _wanted(6, Layout(24, 1))).steps == 6
    shifts = dense(rng, 4, 2, w="fixed<4,1>", product=Product.WEIGHT_EXPONENTIAL, exponent_width=3)
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': .*weight_exponential.*reuse factor 1"):
        choose_fold(shifts["fc"], shifts["x"].result, _wanted(4, Layout(4, 1)))
    floats = dense(rng, 4, 2, result="float")
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': .*floating-point"):
        choose_fold(floats["fc"], floats["x"].result, _wanted(4, Layout(4, 1)))
    counts = dense(
        rng, 8, 2, x="ufixed<1,1>", w="fixed<2,2>", product=Product.BOTH_BINARY, accumulator="fixed<3,3,TRN,SAT>"
    )
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': accumulator fixed<3,3,TRN,SAT> .*equal bits"):
        choose_fold(counts["fc"], counts["x"].result, _wanted(4, Layout(8, 1)))
    lowest = dense(
        rng, 8, 2, b="fixed<8,4,TRN,SAT_SYM>", accumulator="fixed<8,4,TRN,SAT_SYM>", strategy="resource_unrolled",
        bias=np.array([-128, 3]),
    )  # fmt: skip
    with pytest.raises(UnsupportedLayerError, match=r"layer 'fc': a bias is the lowest number"):
        choose_fold(lowest["fc"], lowest["x"].result, _wanted(4, Layout(8, 1)))
