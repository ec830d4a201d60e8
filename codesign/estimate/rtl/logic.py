"""What alkaid's logic is made of, before synthesis: carry chains, LUTs of logic bit by bit, tables, products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from alkaid.types import Op

from codesign.errors import EstimateError
from codesign.estimate.rtl.live import Live
from codesign.estimate.rtl.memory import table
from codesign.estimate.rtl.pieces import Pieces
from codesign.estimate.rtl.products import product
from codesign.estimate.rtl.registers import registers
from codesign.estimate.rtl.spans import Span
from codesign.estimate.rtl.tables import columns, table_luts
from codesign.estimate.rtl.wires import Wires
from codesign.rtl.family import TIMING, Family
from codesign.rtl.opcodes import NOT, WIRING, Opcode


@dataclass
class _Soft:
    """Logic bit by bit that is not yet in a LUT of its own.

    Attributes:
        bits: LUTs that it takes unless what reads it takes it in.
        leaves: what a bit of it depends on.
    """

    bits: int
    leaves: frozenset[tuple[int, str]]


@dataclass
class _Counting:
    """A stage as it is counted."""

    stage: Wires
    masks: Sequence[int]
    spans: Sequence[Span]
    family: Family
    found: Pieces = field(default_factory=Pieces)
    soft: dict[int, _Soft] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)

    @property
    def lut_inputs(self) -> int:
        return TIMING[self.family].fabric.lut_inputs

    def bits(self, index: int) -> int:
        """Bits of a result that anything needs."""
        return self.masks[index].bit_count()

    def reach(self, index: int) -> int:
        """Bits up to the highest that anything needs."""
        return self.masks[index].bit_length()

    def add(self, pieces: Pieces) -> None:
        self.found = self.found + pieces

    def root(self, address: int) -> int:
        return self.stage.roots[address]

    def is_constant(self, address: int) -> bool:
        return (
            bool(self.stage.logic.ops[self.root(address)].opcode == Opcode.CONSTANT) or self.spans[address].is_constant
        )

    def leaf(self, address: int, room: int) -> frozenset[tuple[int, str]]:
        """What a bit depends on that reads a bit of an operand, which is taken in where there is room."""
        root = self.root(address)
        if self.is_constant(address):
            return frozenset()
        inner = self.soft.get(root)
        if inner is not None and self.stage.readers[root] == 1 and len(inner.leaves) <= room:
            self.taken.add(root)
            return inner.leaves
        return frozenset({(root, "bit")})


def _stripped(lows: tuple[int, int], out: int, *, minus: bool) -> int:
    """Bits of a carry chain: below the lowest bit of one operand the other's are copied, unless they are subtracted."""
    low, other = lows
    if minus and other < low:
        return out
    return max(out - abs(low - other), 1)


def _adder(index: int, op: Op, at: _Counting) -> None:
    ops, stage = at.stage.logic.ops, at.stage
    a, b = op.addr
    lows = (
        at.spans[a].low - stage.fractions[a],
        at.spans[b].low - stage.fractions[b] + op.data[0],
    )
    dropped = -stage.fractions[index] - min(lows)
    bits = _stripped(lows, max(at.reach(index) + dropped, 0), minus=op.opcode == Opcode.SUBTRACT)
    tops = at.spans[a].high - stage.fractions[a], at.spans[b].high - stage.fractions[b] + op.data[0]
    apart = tops[0] <= lows[1] or tops[1] <= lows[0]
    if apart and op.opcode == Opcode.ADD and min(ops[a].qint.min, ops[b].qint.min) >= 0:
        return  # the operands do not overlap: wires
    if at.is_constant(a) or at.is_constant(b):
        at.add(Pieces(constant_adder_bits=bits, adders=1))
        return
    # A signed number goes on above its highest bit, by copies of that.
    ends = [top for address, top in zip((a, b), tops, strict=True) if ops[address].qint.min >= 0]
    shared = min([at.reach(index) - stage.fractions[index], *ends]) - max(lows)
    both = min(max(shared, 0), bits)
    at.add(Pieces(adder_bits=both, carry_bits=bits - both, adders=1))


def _add_constant(index: int, op: Op, at: _Counting) -> None:
    value, fraction = int(op.data[0]), int(op.data[1])
    zeros = (abs(value) & -abs(value)).bit_length() - 1 if value else 0
    lowest = at.spans[op.addr[0]].low
    low = max(at.stage.fractions[op.addr[0]] - fraction + zeros, lowest)
    at.add(Pieces(constant_adder_bits=max(at.reach(index) - low, 1), adders=1))


def _negate(index: int, op: Op, at: _Counting) -> None:
    at.add(Pieces(constant_adder_bits=at.reach(index), adders=1))


def _sum(index: int, op: Op, at: _Counting) -> None:
    chains = len(op.addr) - 1
    at.add(Pieces(adder_bits=at.reach(index) * chains, adders=chains))


def _logic(index: int, leaves: Sequence[frozenset[tuple[int, str]]], at: _Counting) -> None:
    joined = frozenset().union(*leaves)
    at.soft[index] = _Soft(at.bits(index), joined)


def _relu(index: int, op: Op, at: _Counting) -> None:
    sign = frozenset({(at.root(op.addr[0]), "sign")})
    _logic(index, [at.leaf(op.addr[0], at.lut_inputs - 1), sign], at)


def _mux(index: int, op: Op, at: _Counting) -> None:
    first, second, key = op.addr
    moving = [address for address in (first, second) if not at.is_constant(address)]
    room = at.lut_inputs - 1
    leaves: list[frozenset[tuple[int, str]]] = []
    for address in moving:
        leaves.append(at.leaf(address, room - (len(moving) - 1 - len(leaves))))
        room -= len(leaves[-1])
    selector = at.soft.get(at.root(key))
    if selector is not None and at.stage.readers[at.root(key)] == 1 and at.stage.widths[index] == 1:
        leaves.append(at.leaf(key, max(room + 1, 0)))
    else:
        leaves.append(frozenset({(at.root(key), "sign")}))
    only_out = at.stage.readers[index] == 1 and index in {at.root(i) for i in at.stage.logic.out_idxs if i >= 0}
    if len(moving) < 2 and only_out:
        # A register that is set or cleared needs no LUT for that.
        at.add(Pieces(gate_bits=at.bits(index)))
        return
    _logic(index, leaves, at)


def _binary(index: int, op: Op, at: _Counting) -> None:
    room = at.lut_inputs
    leaves = []
    for place, address in enumerate(op.addr):
        leaves.append(at.leaf(address, room - (len(op.addr) - 1 - place)))
        room -= len(leaves[-1])
    _logic(index, leaves, at)


def _unary(index: int, op: Op, at: _Counting) -> None:
    source = op.addr[0]
    if op.data[0] == NOT:
        _logic(index, [at.leaf(source, at.lut_inputs)], at)
        return
    bits = at.stage.widths[source]
    if bits <= at.lut_inputs:
        at.soft[index] = _Soft(1, frozenset((at.root(source), f"bit{bit}") for bit in range(bits)))
    else:
        at.add(Pieces(soft_luts=-(-(bits - 1) // (at.lut_inputs - 1))))


def _is_registered(index: int, op: Op, at: _Counting) -> bool:
    """Whether a table's word goes to registers alone, or its index comes from some."""
    given = {at.root(out) for out in at.stage.logic.out_idxs if out >= 0}
    read = {at.root(a) for i, other in enumerate(at.stage.logic.ops) if not at.stage.is_wire(other) for a in other.addr}
    return (index in given and index not in read) or at.stage.logic.ops[at.root(op.addr[0])].opcode == Opcode.INPUT


def _table(index: int, op: Op, at: _Counting) -> None:
    logic, width = at.stage.logic, at.stage.widths[index]
    tables = logic.lookup_tables
    if tables is None or width == 0:
        return
    entries = tables[op.data[0]].padded_table(logic.ops[op.addr[0]].qint)
    words = [0 if np.isnan(value) else int(value) for value in entries]
    found = table(at.family, width, len(words))
    if found.blocks and _is_registered(index, op, at):
        at.add(Pieces(bram=found.blocks, ff=-at.bits(index)))
        return
    bits = columns(words, width)[[bit for bit in range(width) if at.masks[index] >> bit & 1]]
    at.add(Pieces(table_luts=table_luts(bits, at.lut_inputs)))


def _product(index: int, op: Op, at: _Counting) -> None:
    ops = at.stage.logic.ops
    a, b = op.addr
    signed = bool(ops[a].qint.min < 0), bool(ops[b].qint.min < 0)
    at.add(product(at.family, (at.stage.widths[a], at.stage.widths[b]), signed, at.reach(index)))


def _wire(index: int, op: Op, at: _Counting) -> None:
    return


_COUNTED: Mapping[int, Callable[[int, Op, _Counting], None]] = {
    Opcode.INPUT: _wire,
    Opcode.CONSTANT: _wire,
    Opcode.NEGATE: _negate,
    Opcode.ADD: _adder,
    Opcode.SUBTRACT: _adder,
    Opcode.ADD_CONSTANT: _add_constant,
    Opcode.RELU: _relu,
    Opcode.MUX: _mux,
    Opcode.PRODUCT: _product,
    Opcode.TABLE: _table,
    Opcode.UNARY: _unary,
    Opcode.BINARY: _binary,
    Opcode.SUM: _sum,
}


def _stage(stage: Wires, masks: Sequence[int], spans: Sequence[Span], family: Family) -> Pieces:
    at = _Counting(stage, masks, spans, family)
    for index, op in enumerate(stage.logic.ops):
        if masks[index] == 0 or stage.is_wire(op):
            continue
        count = _COUNTED.get(op.opcode)
        if count is None:
            raise EstimateError(f"the cost of alkaid's operation {op.opcode} is not known; use an alkaid that has none")
        count(index, op, at)
    luts = sum(soft.bits for index, soft in at.soft.items() if index not in at.taken)
    return at.found + Pieces(soft_luts=luts)


def logic_pieces(stages: Sequence[Wires], needed: Live, family: Family) -> Pieces:
    """What a pipeline of alkaid's logic is made of.

    Args:
        stages: in order.
        needed: of them.
        family: of the part.

    Raises:
        EstimateError: alkaid knows an operation that this count does not.
    """
    # As in `node_module`: wires alone have no register behind them.
    moves = any(op.opcode not in WIRING for stage in stages for op in stage.logic.ops)
    total = registers(stages, needed) if moves else Pieces()
    for stage, masks, spans in zip(stages, needed.stages, needed.spans, strict=True):
        total = total + _stage(stage, masks, spans, family)
    return total
