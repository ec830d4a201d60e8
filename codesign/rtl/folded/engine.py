"""What stands in a folded matrix-vector unit: the template `cs_matvec.sv` with its weights, biases and casts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codesign.graph import FixedPoint, Overflow, Rounding
from codesign.rtl.family import Family
from codesign.rtl.folded.casts import OVERFLOWS, ROUNDINGS, TEMPLATE, Cast, Number, cast_of
from codesign.rtl.folded.fold import SPAN, Fold
from codesign.rtl.folded.matrix import Matrix
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.folded.price import uses_block, uses_dsp
from codesign.rtl.folded.rom import Rom, rom
from codesign.rtl.folded.sums import Sums
from codesign.rtl.stream import Behaviour
from codesign.simulate.kernels.sums import agreement_type

TEMPLATES = ("cs_matvec.sv", "cs_multiply.sv", TEMPLATE)


@dataclass(frozen=True)
class Engine:
    """The inside of a module whose ports are those of a unit with one input.

    Attributes:
        body: its lines.
        modules: the Verilog of those that only it instantiates.
        behaviour: when it takes and gives beats.
    """

    body: tuple[str, ...]
    modules: str
    behaviour: Behaviour


def engine(
    name: str,
    products: Matrix,
    added: Sums,
    source: FixedPoint,
    fold: Fold,
    *,
    family: Family,
    multipliers: Multipliers,
    hold: bool,
) -> Engine:
    """A folded matrix-vector unit.

    Args:
        name: of the module.
        products: of the layer.
        added: how they are.
        source: type of the numbers as they come.
        fold: of the matrix.
        family: of the target.
        multipliers: what they are made of.
        hold: each beat is used where it stands, and taken in the last clock of its use; else it is copied when it is
            taken. The behaviour is that of the copy: a beat that stood in a register in front behaves the same.
    """
    finish = _finish(products, added)
    registered = not all(cast.is_wiring for cast in finish) or products.agreement > 0
    beat = [f"in0_data[{lane * source.width}+:{source.width}]" for lane in range(fold.input.lanes)]
    lanes = _lanes(fold, products)
    memories = _memories(name, fold, products, added, family)
    body = [
        *(line for memory in memories for line in memory.lines),
        "wire ce = out_ready | ~out_valid;",
        f"wire [{len(lanes) * products.number.width - 1}:0] numbers = {{",
        ",\n".join(f"        {_number(products, beat, lane)}" for lane in reversed(lanes)),
        "    };",
        *_instance(fold, products, added, family, multipliers, len(lanes), hold),
        *_answer(fold, products, added, finish, registered),
    ]
    modules = "\n".join(memory.module for memory in memories if memory.module)
    return Engine(tuple(body), modules, fold.behaviour(fold.registers(chain=added.chain, finish=registered)))


def _number(products: Matrix, beat: list[str], lane: int | None) -> str:
    if lane is None:
        return f"{products.number.width}'d0"
    return f"{{~{beat[lane]}, 1'b1}}" if products.plus_minus else beat[lane]


def _lanes(fold: Fold, products: Matrix) -> list[int | None]:
    """Which number of a beat each lane of the template is; None for one that counts for nothing."""
    if fold.own:
        return [
            None if term is None else term * products.outputs + output
            for step in range(fold.groups * fold.parts)
            for term, output in _own_step(fold, products, step)
        ]
    if fold.columns:
        return list(range(fold.lanes))
    return [int(term) for term in products.order]


def _own_step(fold: Fold, products: Matrix, step: int) -> Iterator[tuple[int | None, int]]:
    """(term, output) of each multiplier in a step of a fold whose outputs have numbers of their own."""
    group, part = divmod(step, fold.parts)
    for output in range(group * fold.pe, (group + 1) * fold.pe):
        order = products.order[:, output]
        for place in range(part * fold.simd, (part + 1) * fold.simd):
            yield int(order[place]) if place < products.terms else None, output


def _step(fold: Fold, products: Matrix, step: int) -> Iterator[tuple[int | None, int]]:
    """(term, output) of each multiplier in a step."""
    if fold.own:
        yield from _own_step(fold, products, step)
        return
    if fold.columns:
        beat, rest = divmod(step, fold.groups * fold.parts)
        part, group = divmod(rest, fold.groups)
    else:
        beat = 0
        group, part = divmod(step, fold.parts)
    for output in range(group * fold.pe, (group + 1) * fold.pe):
        for place in range(part * fold.simd, (part + 1) * fold.simd):
            if place >= fold.lanes:
                yield None, output
            elif fold.columns:
                yield beat * fold.lanes + place, output
            else:
                yield int(products.order[place]), output


def _word(values: list[int], bits: int) -> int:
    """Two's complement numbers side by side, the first in the lowest bits."""
    mask = (1 << bits) - 1
    return sum((value & mask) << (index * bits) for index, value in enumerate(values))


def _memories(name: str, fold: Fold, products: Matrix, added: Sums, family: Family) -> tuple[Rom, Rom]:
    """The weights and biases."""
    bits = products.weight_bits
    weights = []
    for step in range(fold.steps):
        found = _step(fold, products, step)
        values = [0 if term is None else int(products.weight[term, output]) for term, output in found]
        weights.append(_word(values, bits))
    width = fold.multipliers * bits
    block = uses_block(family, width, fold.steps)
    biases = [
        _word([int(value) for value in added.bias[group * fold.pe : (group + 1) * fold.pe]], added.bits)
        for group in range(fold.groups)
    ]
    return (
        rom("weights", f"{name}_weights", weights, width, "address", block=block),
        rom("biases", f"{name}_biases", biases, fold.pe * added.bits, "group", block=False),
    )


def address_bits(depth: int) -> int:
    """Of the address of a memory."""
    return max((depth - 1).bit_length(), 1)


def _instance(
    fold: Fold, products: Matrix, added: Sums, family: Family, multipliers: Multipliers, lanes: int, hold: bool
) -> list[str]:
    number = products.number
    signed_bits = number.width + int(not number.signed)
    rounding = products.accumulator.rounding if products.fraction > products.accumulator.fraction else Rounding.TRN
    parameters = {
        "LANES": lanes,
        "BEATS": fold.beats,
        "X": number.width,
        "X_SIGNED": int(number.signed),
        "W": products.weight_bits,
        "PE": fold.pe,
        "SIMD": fold.simd,
        "OUTS": fold.groups,
        "COLUMNS": int(fold.columns),
        "OWN": int(fold.own),
        "HOLD": int(hold),
        "DSP": int(uses_dsp(family, multipliers, signed_bits, products.weight_bits)),
        "UP": min(added.up, added.bits),
        "ACC": added.bits,
        "ACC_SIGNED": int(added.signed),
        "ROUNDED": int(added.cast),
        "TERM": added.term,
        "TERM_SIGNED": int(added.term_signed),
        "DOWN": _down(products, signed_bits) if added.cast else 0,
        "ROUNDING": ROUNDINGS[rounding],
        "OVERFLOW": OVERFLOWS[products.accumulator.overflow if added.chain else Overflow.WRAP],
        "CHAIN": int(added.chain),
        "SPAN": SPAN,
        "DEPTH": fold.steps,
        "ADDRESS": address_bits(fold.steps),
        "GROUP": address_bits(fold.groups),
    }
    given = ", ".join(f".{key}({value})" for key, value in parameters.items())
    return [
        f"wire [{fold.pe * added.bits - 1}:0] sums;",
        "wire sums_valid;",
        f"cs_matvec #({given}) matvec (",
        "    .clk(clk), .rst(rst), .in0_data(numbers), .in0_valid(in0_valid), .in0_ready(in0_ready), .ce(ce),",
        "    .address(address), .weights(weights), .group(group), .biases(biases), .sums(sums),",
        "    .sums_valid(sums_valid)",
        ");",
    ]


def _down(products: Matrix, number_bits: int) -> int:
    """Fraction bits that a product loses, as far as the template can tell."""
    down = products.fraction - products.accumulator.fraction
    return max(min(down, number_bits + products.weight_bits + 2), -(products.accumulator.width + 1))


def _finish(products: Matrix, added: Sums) -> list[Cast]:
    """The casts from a sum to the result."""
    number = Number(added.bits, added.signed, added.fraction, added.low, added.high)
    if not products.agreement:
        return [cast_of(number, products.result, keeps=products.accumulator == products.result)]
    counted = agreement_type(products.agreement)
    doubled = _doubled(products, number)
    first = cast_of(doubled, counted)
    inside = Number(counted.width, True, counted.fraction, counted.min_int, counted.max_int)
    return [first, cast_of(inside, products.result, keeps=counted == products.result)]


def _doubled(products: Matrix, number: Number) -> Number:
    """Twice the sum, less the terms counted."""
    fraction = max(number.fraction, 0)
    low, high = (
        (end << (fraction - number.fraction + 1)) - (products.agreement << fraction)
        for end in (number.low, number.high)
    )
    bits = max(low.bit_length(), high.bit_length()) + 1
    return Number(bits, True, fraction, low, high)


def _answer(fold: Fold, products: Matrix, added: Sums, finish: list[Cast], registered: bool) -> list[str]:
    """From the sums to the output."""
    width = products.result.width
    lines = [f"wire [{fold.pe * width - 1}:0] results;"]
    for lane in range(fold.pe):
        value = f"sums[{lane * added.bits}+:{added.bits}]"
        if products.agreement:
            number = finish[0].number
            up = number.fraction - added.fraction + 1
            kind = "signed " if added.signed else ""
            lines += [
                f"wire {kind}[{added.bits - 1}:0] sum{lane} = {value};",
                f"wire signed [{number.bits - 1}:0] counted{lane} = "
                + (f"sum{lane}" if added.signed else f"$signed({{1'b0, sum{lane}}})")
                + f" * {number.bits + 1}'sd{1 << up} - {number.bits + 1}'sd{products.agreement << number.fraction};",
            ]
            value = f"counted{lane}"
        for index, cast in enumerate(finish):
            target = f"results[{lane * width}+:{width}]" if index == len(finish) - 1 else f"cast{lane}_{index}"
            if index < len(finish) - 1:
                lines.append(f"wire [{cast.to.width - 1}:0] {target};")
            lines.append(f"cs_cast #({cast.parameters()}) finish{lane}_{index} (.x({value}), .y({target}));")
            value = target
    if not registered:
        return [*lines, "assign out_data = results;", "assign out_valid = sums_valid;"]
    return [
        *lines,
        f"reg [{fold.pe * width - 1}:0] answer;",
        "reg answer_valid;",
        "always @(posedge clk) if (ce) answer <= results;",
        "always @(posedge clk)",
        "    if (rst) answer_valid <= 1'b0;",
        "    else if (ce) answer_valid <= sums_valid;",
        "assign out_data = answer;",
        "assign out_valid = answer_valid;",
    ]
