"""The mutation score of a small design: most faults are caught, the rest is proven harmless or told."""

from __future__ import annotations

import pytest

from codesign.errors import ToolFailedError
from codesign.report.mutation import summary, survivors, table
from codesign.verify.mutation.equivalence import proven_equal
from codesign.verify.mutation.faults import FaultKind
from codesign.verify.mutation.score import FORMAT, Fate, Score, Verdict, mutate_rtl
from tests.verify.test_stress import small, write


def verdict(fate, kind=FaultKind.OPERATOR):
    return Verdict(kind, "a.v", 3, "a", "x + y", "x - y", fate, "", "told")


def test_the_share_leaves_out_what_changes_nothing():
    fates = [Fate.CAUGHT] * 6 + [Fate.EQUIVALENT] * 2 + [Fate.SURVIVED] * 2
    score = Score(tuple(verdict(fate) for fate in fates), 10, 0, 3)
    assert score.share == 6 / 8
    assert summary(score) == "6 of 8 faults that change the design are caught: 75.0 %"
    document = score.document()
    assert (document["format"], document["caught"], document["survived"], document["equivalent"]) == (FORMAT, 6, 2, 2)
    assert document["faults"][0]["kind"] == "operator"
    assert table(score).row_count == 1
    assert survivors(score).row_count == 4
    assert survivors(Score((verdict(Fate.CAUGHT),), 1, 0, 0)) is None
    assert Score((), 1, 0, 0).share == 1.0


@pytest.mark.tools
@pytest.mark.slow
def test_a_small_design(tmp_path):
    write(small(), tmp_path / "rtl")
    before = {path: path.read_bytes() for path in (tmp_path / "rtl").rglob("*") if path.is_file()}
    score = mutate_rtl(small(), tmp_path / "rtl", tmp_path / "work", faults=60, seed=1, frames=128)
    assert len(score.verdicts) == 60
    assert score.share >= 0.9, [item for item in score.verdicts if item.fate is Fate.SURVIVED]
    assert {item.fate for item in score.verdicts} >= {Fate.CAUGHT}
    for item in score.verdicts:
        assert bool(item.scenario) == (item.fate is Fate.CAUGHT)
        assert item.told
    again = mutate_rtl(small(), tmp_path / "rtl", tmp_path / "work", faults=60, seed=1, frames=128)
    assert again == score
    assert {path: path.read_bytes() for path in (tmp_path / "rtl").rglob("*") if path.is_file()} == before


@pytest.mark.tools
@pytest.mark.slow
def test_a_design_that_is_wrong_without_a_fault(tmp_path):
    manifest = write(small(), tmp_path / "rtl")
    module = next(bus.module for bus in manifest.layers if bus.node == "relu")
    path = tmp_path / "rtl" / "src" / f"{module}.v"
    path.write_text(path.read_text().replace("ce = out_ready | ~valid", "ce = 1'b1 | ~valid"))
    with pytest.raises(ToolFailedError, match=r"fails in scenario '.*' without any fault: .*; see `codesign verify"):
        mutate_rtl(small(), tmp_path / "rtl", tmp_path / "work", faults=5)


@pytest.mark.tools
def test_equal_and_different(tmp_path):
    text = "module a (input clk, input x, y, output reg z); always @(posedge clk) z <= x & y; endmodule\n"
    sources = {"a.v": text, "b.v": "module b (input x, output y); assign y = x; endmodule\n"}
    same = text.replace("x & y", "~(~x | ~y)")
    assert proven_equal("a", sources, "a.v", same, tmp_path / "same")
    assert not proven_equal("a", sources, "a.v", text.replace("&", "|"), tmp_path / "other")
    assert not proven_equal("a; shell ls", sources, "a.v", same, tmp_path / "name")
