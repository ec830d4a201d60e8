"""The C++ program around a top function, as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesign.errors import GraphError
from codesign.hls.bridge import Top, Variable, Watched, render

TOP = Top(
    project="design",
    stream=False,
    inputs=(Variable("input_t", 8), Variable("input2_t", 2)),
    outputs=(Variable("result_t", 4),),
    memories=("w2", "b2"),
    watched=(Watched("first", 6, True), Watched("wide", 3, False)),
)


def test_every_parameter_is_passed_in_order():
    text = render(TOP)
    assert "    input2_t input_1[2];\n    get_port(input_1, 2);\n" in text
    assert "    ::design(input_0, input_1, output_0, w2, b2);\n    put_port(output_0, 4);\n" in text
    assert '#include "firmware/weights/w2.h"\n' in text


def test_streams_are_streams():
    text = render(replace(TOP, stream=True))
    assert 'hls::stream<input_t> input_0("input_0");' in text
    assert "input_t input_0[" not in text


def test_only_what_doubles_hold_is_given_out():
    text = render(TOP)
    assert 'watch("first", 6);' in text
    assert 'watch("wide", 3);' in text
    assert 'put_layer("first", 6);' in text
    assert 'put_layer("wide"' not in text


def test_nothing_of_the_template_is_left_unfilled():
    assert "${" not in render(TOP)


@pytest.mark.parametrize(
    "top",
    [
        replace(TOP, project="design; system"),
        replace(TOP, inputs=(Variable("ap_fixed<8,3>", 1),)),
        replace(TOP, watched=(Watched('a"); system("', 1, True),)),
        replace(TOP, memories=("../w2",)),
        replace(TOP, namespace="a b"),
    ],
)
def test_what_is_no_identifier_is_never_written(top):
    with pytest.raises(GraphError, match="cannot be written into C\\+\\+; rename the layer to letters, digits and _"):
        render(top)
