"""Boards: what ships is sound, and what users describe is read strictly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from codesign.board import Family, Resource, board_names, list_boards, load_board
from codesign.errors import BoardError
from codesign.resources import resource


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of a board, to spoil."""
    for name in ("arty-a7-100t.yaml", "arty-a7-100t.xdc"):
        shutil.copy(resource("boards") / name, tmp_path)
    return tmp_path / "arty-a7-100t.yaml"


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_boards_that_ship() -> None:
    assert {"arty-a7-100t", "ulx3s-85f", "pynq-z2", "tang-nano-9k", "kr260", "cora-z7-07s"} <= set(board_names())
    assert {board.family for board in list_boards()} == set(Family)
    for board in list_boards():
        assert board.constraints.is_file()
        assert board.clock_pin in board.constraints.read_text()
        assert all(board.limit(item) > 0 for item in (Resource.LUT, Resource.FF, Resource.DSP, Resource.BRAM))


def test_known_facts() -> None:
    arty, ulx3s, pynq = (load_board(name) for name in ("arty-a7-100t", "ulx3s-85f", "pynq-z2"))
    assert (arty.lut, arty.ff, arty.dsp, arty.bram, arty.family) == (63400, 126800, 240, 270, Family.XC7)
    assert (pynq.lut, pynq.ff, pynq.dsp, pynq.bram, pynq.part) == (53200, 106400, 220, 280, "xc7z020clg400-1")
    assert (ulx3s.lut, ulx3s.dsp, ulx3s.bram, ulx3s.family) == (83640, 156, 208, Family.ECP5)
    ice = load_board("icebreaker")
    assert (ice.lut, ice.lut_memory, ice.dsp, ice.bram, ice.bram_unit_kbits) == (5280, 0, 8, 30, 4)


def test_known_facts_of_gowin() -> None:
    nano = load_board("tang-nano-9k")
    assert (nano.lut, nano.lut_memory, nano.ff, nano.dsp, nano.bram) == (8640, 2160, 6480, 20, 26)
    assert (nano.part, nano.speed_grade, nano.clock_mhz, nano.clock_pin) == ("GW1NR-LV9QN88PC6/I5", "C6/I5", 27, "52")
    assert (nano.family, nano.bram_unit_kbits) == (Family.GOWIN, 18)


def test_known_facts_of_ultrascale_plus() -> None:
    kria = load_board("kr260")
    assert (kria.lut, kria.ff, kria.dsp, kria.bram, kria.family) == (117120, 234240, 1248, 288, Family.XCUP)
    assert (kria.part, kria.clock_mhz) == ("xck26-sfvc784-2LV-c", 25)


def test_known_facts_of_the_smallest_zynq() -> None:
    cora = load_board("cora-z7-07s")
    assert (cora.lut, cora.ff, cora.dsp, cora.bram, cora.part) == (14400, 28800, 66, 100, "xc7z007sclg400-1")


@pytest.mark.parametrize("part", ["a/b/c", "a/../b", "/a", "a/", "a/b;c", "a\nb", "GW1NR/I5\n"])
def test_a_part_is_one_word_with_at_most_a_grade(mine: Path, part: str) -> None:
    text = mine.read_text().replace("part: xc7a100tcsg324-1", f"part: {json.dumps(part)}")
    mine.write_text(text)
    with pytest.raises(BoardError, match=r"part: .* is illegal; give a part such as xc7a100tcsg324-1 or GW1NR"):
        load_board(mine)


def test_a_board_of_ones_own(mine: Path) -> None:
    spoil(mine, "lut: 63400", "lut: 70000")
    assert load_board(mine).lut == 70000
    assert load_board(str(mine)).lut == 70000


def test_an_unknown_name() -> None:
    with pytest.raises(BoardError, match=r"arty-a7-100.*arty-a7-100t"):
        load_board("arty-a7-100")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: Digilent", "titel: Digilent", r"titel: unknown key; did you mean title\?"),
        ("part: xc7a100tcsg324-1", "", r"key part is missing"),
        ("part: xc7a100tcsg324-1", "part: 'x; exec rm'", r"part: 'x; exec rm' is illegal"),
        ("family: xc7", "family: xc8", r"family: 'xc8' is illegal"),
        ("dsp: 240", "dsp: -1", r"resources\.dsp: -1 is illegal"),
        ("dsp: 240", "dsp: many", r"resources\.dsp: 'many' is illegal"),
        ("lut_memory: 19000", "lut_memory: 99999", r"resources\.lut_memory: 99999 is illegal"),
        ("bram_kbits: 36", "bram_kbits: 18", r"resources\.bram_kbits: 18 is illegal"),
        ("mhz: 100", "mhz: 0", r"clock\.mhz: 0 is illegal"),
        ("pin: E3", "pin: 'E3]'", r"clock\.pin: 'E3\]' is illegal"),
        ("constraints: arty-a7-100t.xdc", "constraints: ../x.xdc", r"constraints: '\.\./x\.xdc' is illegal"),
        ("constraints: arty-a7-100t.xdc", "constraints: none.xdc", r"constraints: 'none\.xdc' is illegal"),
        ("clock:", "clock: 3\nclocks:", r"clocks: unknown key"),
    ],
)
def test_what_is_refused(mine: Path, old: str, new: str, said: str) -> None:
    spoil(mine, old, new)
    with pytest.raises(BoardError, match=said):
        load_board(mine)


def test_no_yaml_at_all(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="does not exist"):
        load_board(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(BoardError, match=r"b\.yaml at line 1"):
        load_board(tmp_path / "b.yaml")
