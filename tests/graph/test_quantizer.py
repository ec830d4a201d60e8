"""Quantizers check the types of their numbers."""

from __future__ import annotations

import pytest

from codesign.errors import GraphError
from codesign.graph import FixedPoint, Graph, Input, Overflow, Quantizer, Rounding, frozen

T = FixedPoint.parse("fixed<8,3>")


def graph(**changes: object) -> Graph:
    fields = {"signed": frozen([1, 0, 1]), "width": frozen([4, 2, 0]), "integer": frozen([2, 1, 0]), **changes}
    source = Input(name="x", inputs=(), shape=(3,), result=T)
    modes = {"rounding": Rounding.RND, "overflow": fields.pop("overflow", Overflow.SAT)}
    node = Quantizer(name="q", inputs=("x",), shape=(3,), result=T, **modes, **fields)
    return Graph("design", (source, node), ("q",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": frozen([4, 2])}, r"'q': width has shape \(2,\), expected \(3,\)"),
        ({"signed": frozen([1, 2, 0])}, r"'q': signed holds other numbers than 0 and 1"),
        ({"width": frozen([4, -2, 1])}, r"'q': fixed-point type of width -2"),
        ({"integer": frozen([9999, 2, 1])}, r"'q': fixed-point type with 9999 integer bits"),
        ({"overflow": Overflow.WRAP_SM}, r"'q': ufixed<2,1> with overflow WRAP_SM"),
    ],
)
def test_types_that_are_none_are_refused(changes, message):
    assert [type_ for type_, _ in graph().nodes[1].types] == [
        None,
        FixedPoint.parse("ufixed<2,1,RND,SAT>"),
        FixedPoint.parse("fixed<4,2,RND,SAT>"),
    ]
    with pytest.raises(GraphError, match=message):
        graph(**changes)
