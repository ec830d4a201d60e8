"""Which cells a memory becomes: as Yosys 0.70 chose for every pair of widths and depths that was tried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.estimate.rtl.memory import block_rom, memory, table
from codesign.rtl import Family

FACTS = json.loads((Path(__file__).parent / "memories.json").read_text())


@pytest.mark.parametrize("family", Family)
def test_memories_become_what_yosys_made_of_them(family):
    wrong = []
    for width, depth, blocks, luts, registers in FACTS[family.value]:
        found = memory(family, width, depth)
        if (found.blocks, found.luts, found.registers) != (blocks, luts, bool(registers)):
            wrong.append((width, depth, found))
    assert len(FACTS[family.value]) == 604
    assert wrong == []


def test_a_rom_that_is_told_to_be_block_ram_takes_the_fewest():
    assert block_rom(Family.XILINX_7SERIES, 36, 512).blocks == 1
    assert block_rom(Family.ICE40, 16, 256).blocks == 1
    assert block_rom(Family.ICE40, 17, 256).blocks == 2


def test_large_tables_become_block_ram_where_that_is_cheaper_than_their_luts():
    # 1,024 words of 18 bits are the exponentials of a softmax, which synthesis for 7 series did put into block RAM.
    assert table(Family.XILINX_7SERIES, 18, 1024).blocks == 1
    assert table(Family.XILINX_7SERIES, 6, 1024).registers
    assert table(Family.ECP5, 6, 1024).blocks == 1
    assert table(Family.ECP5, 5, 64).registers
    assert table(Family.ICE40, 6, 1024).blocks == 2
