"""A node's definition as behavioural Verilog, written from the Graph alone: products with `*`, sums with `+`, casts.

It shares nothing with the RTL flow: neither its adder graphs nor its way to cast. Every number is a signed wire that is
wide enough to hold it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Dense,
    FixedPoint,
    Input,
    Node,
    Normalize,
    Overflow,
    Product,
    Reshape,
    Rounding,
)
from codesign.graph.cast import cast


class NoDefinitionError(Exception):
    """A node that is not written down here; says why."""


@dataclass(frozen=True)
class Number:
    """A signed wire.

    Attributes:
        name: of the wire.
        width: bits.
        fraction: its integer n stands for `n * 2**-fraction`.
    """

    name: str
    width: int
    fraction: int


@dataclass
class Body:
    """Wires of a module, one after another."""

    lines: list[str] = field(default_factory=list)

    def wire(self, width: int, fraction: int, expression: str) -> Number:
        """A new signed wire."""
        name = f"n{len(self.lines)}"
        self.lines.append(f"wire signed [{width - 1}:0] {name} = {expression};")
        return Number(name, width, fraction)

    def flag(self, expression: str) -> str:
        """A new wire of one bit."""
        name = f"n{len(self.lines)}"
        self.lines.append(f"wire {name} = {expression};")
        return name

    def product(self, number: Number, constant: int, fraction: int) -> Number:
        """`number * constant`."""
        bits = constant.bit_length() + 1
        return self.wire(number.width + bits, fraction, f"{number.name} * {_constant(constant, number.width + bits)}")

    def total(self, first: Number, second: Number) -> Number:
        """Their sum; both have the same fraction."""
        width = max(first.width, second.width) + 1
        return self.wire(width, first.fraction, f"{first.name} + {second.name}")

    def shifted(self, number: Number, fraction: int) -> Number:
        """The same number with more fraction bits."""
        up = fraction - number.fraction
        if up == 0:
            return number
        wide = self.wire(number.width + up, fraction, number.name)
        return self.wire(number.width + up, fraction, f"{wide.name} <<< {up}")

    def rounded(self, number: Number, to: FixedPoint) -> Number:
        """On the grid of a type, its range left alone."""
        cut = number.fraction - to.fraction
        if cut <= 0:
            return self.shifted(number, to.fraction)
        wide = self.wire(max(number.width, cut + 1) + 1, number.fraction, number.name)
        floored = self.wire(wide.width - cut + 1, to.fraction, f"{wide.name} >>> {cut}")
        rest, half = f"{wide.name}[{cut - 1}:0]", f"{cut}'d{1 << (cut - 1)}"
        above, tie = self.flag(f"{rest} > {half}"), self.flag(f"{rest} == {half}")
        negative, odd = f"{floored.name}[{floored.width - 1}]", f"{floored.name}[0]"
        up = {
            Rounding.TRN: "1'b0",
            Rounding.TRN_ZERO: f"{negative} & ({rest} != {cut}'d0)",
            Rounding.RND: f"{above} | {tie}",
            Rounding.RND_MIN_INF: above,
            Rounding.RND_INF: f"{above} | ({tie} & ~{negative})",
            Rounding.RND_ZERO: f"{above} | ({tie} & {negative})",
            Rounding.RND_CONV: f"{above} | ({tie} & {odd})",
        }[to.rounding]
        step = self.flag(up)
        return self.wire(floored.width + 1, to.fraction, f"{floored.name} + $signed({{1'b0, {step}}})")

    def cast(self, number: Number, to: FixedPoint, source: FixedPoint | None = None) -> Number:
        """As an assignment to a variable of a type; from the same type it changes nothing.

        Raises:
            NoDefinitionError: the type's overflow mode is not written down here.
        """
        if source == to:
            return number
        rounded = self.rounded(number, to)
        width = max(rounded.width, to.width) + 1
        wide = self.wire(width, to.fraction, rounded.name)
        sign = f"{wide.name}[{to.width - 1}]" if to.signed else "1'b0"
        kept = self.wire(to.width + 1, to.fraction, f"{{{sign}, {wide.name}[{to.width - 1}:0]}}")
        if to.overflow is Overflow.WRAP:
            return kept
        symmetric = to.overflow is Overflow.SAT_SYM and to.signed and to.width > 1
        low, high = -to.max_int if symmetric else to.min_int, to.max_int
        above = self.flag(f"{wide.name} > {_constant(high, width)}")
        below = self.flag(f"{wide.name} < {_constant(low, width)}")
        most, least = _constant(high, to.width + 1), _constant(low, to.width + 1)
        if to.overflow in (Overflow.SAT, Overflow.SAT_SYM):
            choice = f"{above} ? {most} : {below} ? {least} : {kept.name}"
        elif to.overflow is Overflow.SAT_ZERO:
            choice = f"{above} | {below} ? {_constant(0, to.width + 1)} : {kept.name}"
        else:
            raise NoDefinitionError(f"overflow mode {to.overflow.value} is not written down as a definition")
        return self.wire(to.width + 1, to.fraction, choice)


def _constant(value: int, width: int) -> str:
    """A signed literal."""
    return f"-{width}'sd{-value}" if value < 0 else f"{width}'sd{value}"


def _plain(*types: FixedPoint) -> None:
    if any(type_.significant is not None for type_ in types):
        raise NoDefinitionError("floating-point types are not written down as a definition")


@singledispatch
def define(node: Node, body: Body, x: list[Number], source: FixedPoint) -> list[Number]:
    """The node's results.

    Args:
        node: the operation.
        body: of the module that is written.
        x: the numbers that it reads, flattened in row-major order.
        source: their type.

    Raises:
        NoDefinitionError: the node, or something about it, is not written down here.
    """
    raise NoDefinitionError(f"a {type(node).__name__} is not written down as a definition")


@define.register(Input)
@define.register(Reshape)
def _(node: Node, body: Body, x: list[Number], source: FixedPoint) -> list[Number]:
    return [body.cast(number, node.result, source) for number in x]


@define.register
def _(node: Activation, body: Body, x: list[Number], source: FixedPoint) -> list[Number]:
    if node.function is ActivationFunction.RELU:
        x = [
            body.wire(number.width, number.fraction, f"{number.name}[{number.width - 1}] ? 0 : {number.name}")
            for number in x
        ]
        return [body.cast(number, node.result) for number in x]
    if node.function is ActivationFunction.LINEAR:
        return [body.cast(number, node.result, source) for number in x]
    raise NoDefinitionError(f"activation {node.function.value} is not written down as a definition")


@define.register
def _(node: Dense, body: Body, x: list[Number], source: FixedPoint) -> list[Number]:
    _plain(node.weight_type, node.bias_type, node.accumulator)
    if node.product is not Product.MULT or node.counts_agreement:
        raise NoDefinitionError(f"product {node.product.value} is not written down as a definition")
    if node.accumulator.overflow is not Overflow.WRAP:
        raise NoDefinitionError("an accumulator that saturates is not written down as a definition")
    fraction = source.fraction + node.weight_type.fraction
    bias = cast(node.bias, node.bias_type.fraction, node.accumulator, source=node.bias_type)
    results = []
    for column in range(node.weight.shape[1]):
        width = node.accumulator.width + 1
        total = body.wire(width, node.accumulator.fraction, _constant(int(np.resize(bias, column + 1)[column]), width))
        for number, weight in zip(x, node.weight[:, column].tolist(), strict=True):
            term = body.cast(body.product(number, int(weight), fraction), node.accumulator)
            total = body.cast(body.total(total, term), node.accumulator)
        results.append(body.cast(total, node.result, node.accumulator))
    return results


@define.register
def _(node: Normalize, body: Body, x: list[Number], source: FixedPoint) -> list[Number]:
    _plain(node.scale_type, node.bias_type)
    if node.product is not Product.MULT:
        raise NoDefinitionError(f"product {node.product.value} is not written down as a definition")
    fraction = source.fraction + node.scale_type.fraction
    common = max(fraction, node.bias_type.fraction)
    results = []
    for index, number in enumerate(x):
        scale, bias = int(node.scale[index % node.scale.size]), int(node.bias[index % node.bias.size])
        scaled = body.shifted(body.product(number, scale, fraction), common)
        bias <<= common - node.bias_type.fraction
        offset = body.wire(bias.bit_length() + 1, common, _constant(bias, bias.bit_length() + 1))
        results.append(body.cast(body.total(scaled, offset), node.result))
    return results


def definition(node: Node, source: FixedPoint, size: int, module: str) -> str:
    """A module with input `x`, packed as in the RTL, and an output `y<k>` for each number of the result.

    Args:
        node: the operation.
        source: type of what it reads.
        size: numbers that it reads.
        module: its name.

    Raises:
        NoDefinitionError: the node is not written down here.
    """
    _plain(source, node.result)
    body = Body()
    width = source.width
    x = []
    for index in range(size):
        slice_ = f"x[{index * width + width - 1}:{index * width}]"
        extended = slice_ if source.signed else f"{{1'b0, {slice_}}}"
        x.append(body.wire(width + int(not source.signed), source.fraction, extended))
    results = define(node, body, x, source)
    outputs = [f"output wire [{node.result.width - 1}:0] y{index}" for index in range(len(results))]
    ports = ", ".join(["input wire clk", f"input wire [{size * width - 1}:0] x", *outputs])
    ends = [f"assign y{index} = {number.name};" for index, number in enumerate(results)]
    return "\n".join([f"module {module} ({ports});", *body.lines, *ends, "endmodule", ""])
