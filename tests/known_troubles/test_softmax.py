"""Softmax as hls4ml 1.3.0 has it: what is wrong with its defaults, that the simulator shows it, and what to do.

The simulator's answer is right where it is that of hls4ml's compiled C++, wrong classes included: that is what the
hardware will do.
"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.graph import Softmax, SoftmaxDifference
from codesign.graph.nodes import replace_arrays
from codesign.hls import run_csim
from codesign.simulate import execute
from codesign.simulate.execute import run_node
from codesign.simulate.kernels import Operand

keras = pytest.importorskip("keras")
pytest.importorskip("hls4ml")

from codesign.frontend.convert import convert as convert_model  # noqa: E402
from codesign.frontend.options import ConvertOptions, Head, SoftmaxChoice  # noqa: E402
from tests.hls.designs import convert, layers  # noqa: E402
from tests.hls.test_csim import check, write  # noqa: E402

ONE = 1 << 10  # of fixed<16,6>, hls4ml's default


def two_classes(**settings):
    given = layers().Input((2,), name="logits")
    model = keras.Model(given, layers().Softmax(name="head")(given))
    return convert(model, {"logits": {"result": "fixed<16,6>"}}, settings={"head": settings})


def head_of(choice, head=Head.MODEL):
    given = layers().Input((2,), name="logits")
    model = keras.Model(given, layers().Softmax(name="softmax")(given))
    return convert_model(model, ConvertOptions(softmax=choice, head=head)).graph


def answers(graph, logits):
    return execute(graph, {graph.input_nodes[0].name: np.array(logits)})[graph.outputs[0]]


FAR = [[-16 * ONE, 16 * ONE]]
NEAR = [[ONE, ONE + ONE // 64]]
LARGE = [[6 * ONE, 8 * ONE]]
BELOW = [[-2 * ONE, 0]]


def test_default_stable_softmax_takes_distant_classes_for_the_winner():
    """hls4ml#1512. The type of max - x is made of the input's by dropping its sign bit: ufixed<15,5> wraps at 32."""
    graph = two_classes().graph
    assert str(graph["head"].norm) == "ufixed<15,5>"
    assert answers(graph, FAR).tolist() == [[ONE // 2, ONE // 2]]  # the true ones are 0 and 1
    ours = answers(head_of(SoftmaxChoice.STABLE), FAR)
    assert ours.argmax(axis=1).tolist() == [1]  # our types hold the distance, saturating


def test_default_stable_softmax_does_not_tell_close_classes_apart():
    """hls4ml#1512. 1024 entries are indexed by 10 of the 15 bits: logits less than 1/32 apart may have one entry."""
    assert answers(two_classes().graph, NEAR).tolist() == [[ONE // 2, ONE // 2]]  # argmax gives class 0
    argmax = head_of(SoftmaxChoice.STABLE, Head.ARGMAX)
    assert answers(argmax, NEAR).argmax(axis=1).tolist() == [1]  # what needs the class alone compares logits


def test_latency_softmax_saturates_on_positive_logits():
    """hls4ml#1443. It takes exp(x) itself, which fixed<18,8> does not hold beyond x = 4.85: large logits are equal."""
    graph = two_classes(implementation="latency").graph
    first, second = answers(graph, LARGE)[0].tolist()
    assert first == second
    assert answers(graph, BELOW).argmax(axis=1).tolist() == [1]  # the same distance where exp(x) is at most 1
    assert answers(two_classes().graph, LARGE).argmax(axis=1).tolist() == [1]  # stable moves all logits there


def test_probabilities_of_the_defaults_need_not_sum_to_one():
    """The sum of exponentials indexes the inverse table by 10 of its 18 bits, so in steps of 1/4."""
    assert answers(two_classes().graph, BELOW).tolist() == [[139, ONE]]  # exp(-2) / 1 and 1 / 1


@pytest.mark.tools
@pytest.mark.parametrize("implementation", ["stable", "latency"])
def test_the_compiled_cpp_gives_these_very_answers(tmp_path, implementation):
    made = write(two_classes(implementation=implementation), tmp_path)
    rng = np.random.default_rng(4)
    inputs = {"logits": np.concatenate([FAR, NEAR, LARGE, rng.integers(-32768, 32768, (2000, 2))])}
    check(made.graph, run_csim(made.folder, inputs, made.work, trace=True), inputs, {"head"})


def test_older_releases_had_another_softmax():
    """The same tables mean other things in it, so a Graph says which it is (`difference`)."""
    node = two_classes().graph["head"]
    older = Softmax(**{**replace_arrays(node), "difference": SoftmaxDifference.X_MINUS_MAX})
    operand = Operand(np.array(LARGE), two_classes().graph["logits"].result)
    assert not np.array_equal(run_node(node, [operand]), run_node(older, [operand]))
