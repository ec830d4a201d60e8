"""How long logic takes on an FPGA: a model of the delay of each of alkaid's operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alkaid.types import CombLogic, Op

from codesign.errors import GraphError
from codesign.rtl.fabric import Fabric
from codesign.rtl.opcodes import ADDERS, NOT, Opcode


@dataclass(frozen=True)
class Signal:
    """A value within a stage, as the output of a LUT that may yet take more logic in.

    Attributes:
        arrival: nanoseconds after the stage's registers.
        leaves: when the last input of its LUT arrives; the same as `arrival` where there is no LUT to share.
        inputs: of that LUT, for each bit.
    """

    arrival: float
    leaves: float
    inputs: int


REGISTERED = Signal(0.0, 0.0, 1)


def _bits(op: Op) -> int:
    return int(sum(op.qint.kif))


def _hard(before: Sequence[Signal], delay: float) -> Signal:
    arrival = max(signal.arrival for signal in before) + delay
    return Signal(arrival, arrival, 1)


def _soft(fabric: Fabric, before: Sequence[Signal], inputs: int) -> Signal:
    """A function of each bit: in the LUTs of what it reads where these have room, else in a level of its own."""
    if inputs <= fabric.lut_inputs:
        leaves = max(signal.leaves for signal in before)
        return Signal(leaves + fabric.level_ns, leaves, inputs)
    leaves = max(signal.arrival for signal in before)
    return Signal(leaves + fabric.level_ns, leaves, len(before))


def _levels(inputs: int, lut_inputs: int) -> int:
    """Levels of LUTs that join that many inputs."""
    levels = 1
    while inputs > lut_inputs:
        inputs = -(-inputs // lut_inputs)
        levels += 1
    return levels


def _reduction(fabric: Fabric, before: Signal, bits: int) -> Signal:
    if before.inputs * bits <= fabric.lut_inputs:
        return Signal(before.leaves + fabric.level_ns, before.leaves, before.inputs * bits)
    arrival = before.arrival + _levels(bits, fabric.lut_inputs) * fabric.level_ns
    return Signal(arrival, arrival, 1)


def _carries(op: Op, ops: Sequence[Op]) -> int:
    """Bits of an adder's result that a carry can reach; 0 where its operands do not overlap."""
    if op.opcode in (0, 1):
        first, second = ops[op.addr[0]].qint, ops[op.addr[1]].qint
        shift = op.data[0]
        low, other = first.kif.fractional, second.kif.fractional - shift
        if op.opcode == 0 and min(first.min, second.min) >= 0:
            tops = first.kif.integers, second.kif.integers + shift
            if tops[0] <= -other or tops[1] <= -low:
                return 0
        copied = abs(low - other) if op.opcode == 0 or low > other else 0
        return max(_bits(op) - copied, 1)
    return _bits(op)


def signal(index: int, logic: CombLogic, before: Sequence[Signal], fabric: Fabric) -> Signal:
    """What an operation gives.

    Args:
        index: of the operation.
        logic: that holds it.
        before: what it reads, in order.
        fabric: that computes it.

    Raises:
        GraphError: alkaid knows an operation that this model does not.
    """
    ops = logic.ops
    op = ops[index]
    if not before or op.opcode == Opcode.CONSTANT:
        return REGISTERED
    if op.opcode in (Opcode.INPUT, Opcode.SLICE):
        return before[0]
    if op.opcode in ADDERS:
        carries = _carries(op, ops)
        if carries == 0:
            return max(before, key=lambda s: s.arrival)
        extra = fabric.level_ns if op.opcode == Opcode.SUM else 0.0
        return _hard(before, fabric.chain_ns + extra + fabric.bit_ns * carries)
    if op.opcode == Opcode.RELU:
        return before[0] if ops[op.addr[0]].qint.min >= 0 else _soft(fabric, before, before[0].inputs + 1)
    if op.opcode in (Opcode.MUX, Opcode.BINARY):
        moving = [s for s, address in zip(before, op.addr, strict=True) if ops[address].opcode != Opcode.CONSTANT]
        return _soft(fabric, moving or [REGISTERED], max(sum(s.inputs for s in moving), 1))
    if op.opcode == Opcode.UNARY:
        return before[0] if op.data[0] == NOT else _reduction(fabric, before[0], _bits(ops[op.addr[0]]))
    if op.opcode == Opcode.TABLE:
        index_bits = _bits(ops[op.addr[0]])
        if before[0].inputs * index_bits <= fabric.lut_inputs:
            return _soft(fabric, before, before[0].inputs * index_bits)
        return _hard(before, fabric.level_ns + fabric.table_bit_ns * max(index_bits - fabric.lut_inputs, 0))
    if op.opcode == Opcode.PRODUCT:
        return _hard(before, fabric.product_ns + fabric.product_bit_ns * _bits(op))
    raise GraphError(f"the delay of alkaid's operation {op.opcode} is not known")


def longest_path(logic: CombLogic, fabric: Fabric) -> float:
    """Nanoseconds from registers before the logic to registers behind it."""
    signals: list[Signal] = []
    for index, op in enumerate(logic.ops):
        signals.append(signal(index, logic, [signals[i] for i in op.input_ids], fabric))
    return fabric.stage_ns + max((s.arrival for s in signals), default=0.0)
