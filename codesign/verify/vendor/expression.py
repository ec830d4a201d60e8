"""Constant expressions in Verilog, as widths and parameters have them."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

_BASED = re.compile(r"(?:\d+\s*)?'\s*[sS]?([bBoOdDhH])\s*([0-9a-fA-F_]+)")
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}
_LONGEST, _LARGEST = 500, 1 << 40

_BINARY: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.LShift: lambda a, b: a << min(b, 64),
    ast.RShift: operator.rshift,
    ast.Pow: lambda a, b: a ** min(b, 64),
}


def evaluate(text: str, names: Mapping[str, int]) -> int:
    """The value of an expression: numbers, names, + - * / % << >> **, parentheses and `$clog2`.

    Args:
        text: of the expression.
        names: values of parameters.

    Raises:
        ValueError: it is no such expression, or a name is unknown.
    """
    if len(text) > _LONGEST:
        raise ValueError("it is too long")
    numbers = _BASED.sub(lambda found: str(int(found[2].replace("_", ""), _BASES[found[1].lower()])), text)
    try:
        tree = ast.parse(numbers.replace("/", "//").replace("$clog2", "clog2").strip(), mode="eval")
        value = _value(tree.body, names)
    except (SyntaxError, ZeroDivisionError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text.strip()!r} is not a constant expression") from error
    if abs(value) > _LARGEST:
        raise ValueError(f"{text.strip()!r} is too large")
    return value


def _value(node: ast.expr, names: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int() as value):
            return value
        case ast.Name(id=name):
            if name not in names:
                raise ValueError(f"{name!r} is no parameter")
            return names[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            first, second = _value(left, names), _value(right, names)
            if max(abs(first), abs(second)) > _LARGEST or (
                second < 0 and not isinstance(op, (ast.Add, ast.Sub, ast.Mult))
            ):
                raise ValueError("it is too large")
            return _BINARY[type(op)](first, second)
        case ast.Call(func=ast.Name(id="clog2"), args=[argument], keywords=[]):
            return max(_value(argument, names) - 1, 0).bit_length()
    raise ValueError("it is not a constant expression")
