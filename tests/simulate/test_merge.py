"""Merges and embeddings: what no differential test can show."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.errors import InputDataError
from codesign.graph import Embedding, FixedPoint, Graph, Input, frozen
from codesign.simulate import execute
from codesign.simulate.ap import Ap

ROWS = [[1, 2], [3, 4], [5, 6]]


def lookup(port: str, numbers: list[int]) -> list[list[int]]:
    """The rows of a table of three that a port's integers name."""
    type_, table_type = FixedPoint.parse(port), FixedPoint.parse("fixed<5,5>")
    ports = Input(name="x", inputs=(), shape=(len(numbers),), result=type_)
    node = Embedding(
        name="e", inputs=("x",), shape=(len(numbers), 2), result=table_type, table=frozen(ROWS), table_type=table_type
    )
    found = execute(Graph("design", (ports, node), ("e",)), {"x": np.array([numbers], dtype=np.int64)})["e"][0]
    rows: list[list[int]] = found.tolist()
    return rows


def test_rows_outside_a_table_are_refused():
    assert lookup("uint<3>", [2, 0]) == [[5, 6], [1, 2]]
    for numbers in ([3], [0, 7]):
        with pytest.raises(
            InputDataError, match=r"'e' looks up a row outside its table of 3: .* give row numbers from 0 to 2"
        ):
            lookup("uint<3>", numbers)
    with pytest.raises(InputDataError, match=r"from -1 to 2"):
        lookup("int<3>", [2, -1])


def test_half_a_row_starts_in_the_middle_of_one():
    assert lookup("ufixed<4,3>", [1, 3]) == [[2, 3], [4, 5]]  # the rows 0.5 and 1.5


def test_a_comparison_lifts_the_lowest_value_of_a_coarser_symmetric_right_side():
    coarse, fine = FixedPoint.parse("fixed<5,3,TRN,SAT_SYM>"), FixedPoint.parse("fixed<8,4>")
    lowest, above = Ap(np.array([-16]), coarse), Ap(np.array([-63]), fine)
    assert not (above > lowest)[0]  # in ap_fixed<7,3> of mode SAT_SYM, -4 is -3.9375
    assert (lowest < above)[0]  # a left side gets a bit more, and stays as it is
    assert above.same(lowest)[0]
    assert (above <= lowest)[0]
    assert (above >= lowest)[0]
