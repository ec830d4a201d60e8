"""Numbers that are each cast into a type of their own (hgq_proxy_model.py writes a line of C++ for every one)."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.graph import Overflow, Quantizer
from codesign.rtl.arithmetic import Variable, constant, shift_left
from codesign.rtl.casting import cast
from codesign.rtl.logic.base import Wires, precast


@precast.register
def _(node: Quantizer, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    # A number of a SAT_SYM type that has it already keeps its lowest value.
    ends_here = node.result.overflow is Overflow.SAT_SYM
    fractions = [type_.fraction for type_, _ in node.types if type_ is not None]
    fraction = node.result.fraction if ends_here else max(fractions, default=0)
    found = [constant(0)] * len(x.values)
    for type_, places in node.types:
        if type_ is None:
            continue
        for place in places:
            each = cast(x.values[place], x.type.fraction, type_, source=x.type)
            found[place] = (
                cast(each, type_.fraction, node.result, source=type_)
                if ends_here
                else shift_left(each, fraction - type_.fraction)
            )
    return found, fraction
