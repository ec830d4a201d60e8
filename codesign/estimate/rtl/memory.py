"""Which cells a memory becomes: Yosys' own choice among registers, distributed memory and block RAM.

The rule is that of Yosys' pass memory_libmap: of each kind the cheapest shape is taken, then the cheapest kind, where a
cost counts the cells and, by the half bit, the multiplexers between them. Costs and shapes are those of its libraries
for each family; test_memory.py holds the choice against what Yosys 0.70 chose for 591 memories of each family.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codesign.rtl.family import Family

_MULTIPLEXED = 0.5  # of a bit that is chosen, or a bank that is written
_EMULATED = 2.0
# What else block RAM has to emulate is not in the libraries' costs: with half a thing more, choices are Yosys' own.
_EMULATED_BY_BLOCKS = {Family.XILINX_ULTRASCALE_PLUS: 1.5, Family.GOWIN: 1.5}
# Of a bit that is left to logic: of a memory that is written, and of one that is not, of which a LUT holds as many as
# its inputs tell apart; as Yosys' flows for the families have it.
_LOGIC = 1.0
_LOGIC_ROM: Mapping[Family, float] = {
    Family.XILINX_7SERIES: 1 / 64,
    Family.XILINX_ULTRASCALE_PLUS: 1 / 64,
    Family.ECP5: 1 / 16,
    Family.ICE40: 1 / 16,
    Family.GOWIN: 1 / 16,
}


@dataclass(frozen=True)
class Shape:
    """One way to use a cell.

    Attributes:
        width: bits of a word.
        depth: words.
    """

    width: int
    depth: int


@dataclass(frozen=True)
class Cell:
    """A memory cell of a library.

    Attributes:
        shapes: ways to use it.
        cost: of one.
        scaled: the part of the cost that goes by the share of its width in use.
        byte: bits that are written together; 0 for the whole word.
        luts: that it takes of the fabric; 0 for block RAM.
        blocks: block RAMs that it counts as; 0 for distributed memory.
    """

    shapes: tuple[Shape, ...]
    cost: float
    scaled: float = 0.0
    byte: int = 0
    luts: int = 0
    blocks: int = 0


def _block(abits: int, widths: tuple[int, ...], cost: float, *, byte: int = 9, blocks: int = 1) -> Cell:
    """A block RAM of 2^abits bits, parity left out; each width has half the words of the one before."""
    shapes = tuple(Shape(width, 1 << (abits - step)) for step, width in enumerate(widths))
    return Cell(shapes, cost, byte=byte, blocks=blocks)


_NARROW = (1, 2, 4, 9, 18)
_WIDE = (*_NARROW, 36)


def _only(cell: Cell, width: int) -> Cell:
    """The cell with ports of one width alone."""
    kept = tuple(shape for shape in cell.shapes if shape.width == width)
    return Cell(kept, cell.cost, cell.scaled, cell.byte, cell.luts, cell.blocks)


_AMD = (
    _block(14, _NARROW, 129),
    _block(15, _WIDE, 257, blocks=2),
    _only(_block(14, _WIDE, 129), 36),
    _only(_block(15, (*_WIDE, 72), 257, blocks=2), 72),
)
# By family, in order of preference. LUTs of distributed memories: as `codesign.board.cells` counts them.
DISTRIBUTED: Mapping[Family, tuple[Cell, ...]] = {
    Family.XILINX_7SERIES: (
        Cell((Shape(6, 32), Shape(3, 64)), 8, 7, luts=4),
        Cell((Shape(1, 128),), 8, 8, luts=4),
    ),
    Family.XILINX_ULTRASCALE_PLUS: (Cell((Shape(14, 32), Shape(7, 64)), 16, 16, luts=8),),
    Family.ECP5: (Cell((Shape(4, 16),), 4, luts=6),),
    Family.ICE40: (),
    Family.GOWIN: (Cell((Shape(4, 16),), 4, 4, luts=6),),
}
BLOCK: Mapping[Family, tuple[Cell, ...]] = {
    Family.XILINX_7SERIES: _AMD,
    Family.XILINX_ULTRASCALE_PLUS: _AMD,
    Family.ECP5: (_block(14, _NARROW, 128), _only(_block(14, _WIDE, 128), 36)),
    Family.ICE40: (_block(11, (2, 4, 8, 16), 64, byte=1),),
    Family.GOWIN: (_block(14, _NARROW, 128), _block(14, _WIDE, 128)),
}

for _cells in (DISTRIBUTED, BLOCK, _LOGIC_ROM):
    if set(_cells) != set(Family):
        raise ImportError(f"nothing is known of memories of {set(Family) - set(_cells)}")


@dataclass(frozen=True)
class Memory:
    """What a memory became.

    Attributes:
        luts: of distributed memory.
        blocks: block RAMs, as `codesign.board.board.BRAM_UNIT_KBITS` counts them.
        registers: it is left to flip-flops, or to logic where it is never written.
        banks: cells that follow one another in depth; their words are chosen by multiplexers.
    """

    luts: int = 0
    blocks: int = 0
    registers: bool = False
    banks: int = 1


@dataclass(frozen=True)
class _Choice:
    cost: float
    memory: Memory


def _padded(width: int, byte: int) -> int:
    return -(-width // byte) * byte


def _choices(cell: Cell, width: int, depth: int, *, written: bool, emulated: float) -> Iterator[_Choice]:
    for shape in cell.shapes:
        banks = -(-depth // shape.depth)
        byte = 1 if not written else shape.width if cell.byte == 0 or cell.byte > shape.width else cell.byte
        cells = -(-banks * _padded(width, byte) // shape.width)
        cost = (cell.cost - cell.scaled) * cells + cell.scaled * banks * width / shape.width
        cost += _MULTIPLEXED * (banks - 1) * width + emulated * _EMULATED
        if written and banks > 1:
            cost += _MULTIPLEXED * banks
        yield _Choice(cost, Memory(cells * cell.luts, cells * cell.blocks, banks=banks))


def _cheapest(cells: tuple[Cell, ...], width: int, depth: int, *, written: bool, emulated: float) -> _Choice | None:
    found = [c for cell in cells for c in _choices(cell, width, depth, written=written, emulated=emulated)]
    return min(found, key=lambda choice: choice.cost, default=None)


def memory(family: Family, width: int, depth: int) -> Memory:
    """What a memory with one write port and one registered read port becomes.

    Args:
        family: of the part.
        width: bits of a word.
        depth: words.
    """
    # A port that reads alone counts as one thing to emulate.
    choices = [
        _Choice(_LOGIC * width * depth, Memory(registers=True)),
        _cheapest(DISTRIBUTED[family], width, depth, written=True, emulated=1),
        _cheapest(BLOCK[family], width, depth, written=True, emulated=_EMULATED_BY_BLOCKS.get(family, 1)),
    ]
    return min((c for c in choices if c is not None), key=lambda choice: choice.cost).memory


def block_rom(family: Family, width: int, depth: int) -> Memory:
    """What a memory becomes that is never written and is told to be block RAM."""
    found = _cheapest(BLOCK[family], width, depth, written=False, emulated=1)
    if found is None:
        raise ImportError(f"{family.value} has no block RAM")
    return found.memory


def table(family: Family, width: int, entries: int) -> Memory:
    """What a table becomes whose word, or whose index, stands in registers: block RAM or logic.

    Args:
        family: of the part.
        width: bits of a word.
        entries: of the table, a power of two.
    """
    found = _cheapest(BLOCK[family], width, entries, written=False, emulated=1)
    if found is None or found.cost >= _LOGIC_ROM[family] * width * entries:
        return Memory(registers=True)
    return found.memory
