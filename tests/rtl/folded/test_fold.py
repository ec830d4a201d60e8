import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.rtl.folded.fold import divisors, folds, reuse_choices
from codesign.rtl.stream import Layout


@given(outputs=st.integers(1, 12), lanes=st.integers(1, 9), beats=st.integers(1, 5), reuse=st.integers(1, 200))
def test_folds_take_at_most_the_clocks_asked_for(outputs, lanes, beats, reuse):
    for columns in (False, True):
        layout = Layout(lanes, beats if columns else 1)
        found = list(folds(outputs, layout, reuse, columns=columns))
        assert {fold.pe for fold in found} == {pe for pe in divisors(outputs) if outputs // pe * layout.beats <= reuse}
        for fold in found:
            assert fold.steps <= reuse
            assert fold.multipliers * fold.steps >= layout.size * outputs
            assert (fold.input, fold.output.size) == (layout, outputs)


@given(outputs=st.integers(1, 12), lanes=st.integers(1, 9), beats=st.integers(1, 5), reuse=st.integers(1, 200))
def test_the_phases_of_a_fold_take_every_beat_give_every_group_and_last_its_steps(outputs, lanes, beats, reuse):
    for columns in (False, True):
        layout = Layout(lanes, beats if columns else 1)
        for fold in folds(outputs, layout, reuse, columns=columns):
            behaviour = fold.behaviour(4)
            assert behaviour.takes.sum() == layout.beats
            assert behaviour.gives.sum() == fold.output.beats
            assert behaviour.clocks.sum() == fold.steps
            assert behaviour.clocks.min() >= 1
            # The last answer comes `latency` registers behind the last step.
            last = int(behaviour.clocks[:-1].sum()) + behaviour.latency
            assert last == fold.steps + 4


def test_reuse_choices_are_the_clocks_of_folds():
    assert reuse_choices(4, 2) == (1, 2, 4, 8)
    assert reuse_choices(3, 2) == (1, 2, 3, 4, 6)
    choices = np.array(reuse_choices(64, 10))
    for reuse in (1, 7, 63, 640, 1000):
        fewest = max(fold.steps for fold in folds(10, Layout(64, 1), reuse, columns=False))
        assert fewest in choices
