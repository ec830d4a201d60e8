"""The matrix behind the C++ that da4ml generates for a layer of strategy distributed_arithmetic.

hls4ml throws the layer's weights away and keeps the code: sums and shifts of the inputs, one after another. Here the
code is read back, and every line shown to lose nothing; what is left is one matrix product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.cast import Integers, magnitude_bits, shift_left, widen
from codesign.graph.convert import from_float
from codesign.graph.exact import fraction_bits
from codesign.graph.fixed_point import FixedPoint, narrowest
from codesign.graph.nodes import IntArray, frozen
from codesign.graph.reading.precision import input_type

_TYPE = r"ap_(?P<{0}>u?fixed<\s*-?\d+\s*,\s*-?\d+\s*>)"
_VALUE = r"(?P<{0}>-?)(?:bit_shift<(?P<{0}_shift>-?\d+)>\()?(?P<{0}_name>v\d+)\)?"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ASSIGNED = re.compile(_TYPE.format("type") + r"\s+(?P<name>v\d+)\s*=\s*(?P<expression>.*);")
_INPUT = re.compile(r"model_inp\[(?P<index>\d+)\]")
_SUM = re.compile(_VALUE.format("a") + r"(?:\s*(?P<sign>[-+])\s*" + _VALUE.format("b") + ")?")
_OFFSET = re.compile(
    _VALUE.format("a") + r"\s*(?P<sign>[-+])\s*" + _TYPE.format("type") + rf"\((?P<number>{_NUMBER})\)"
)
_CONSTANT = re.compile(_NUMBER)
_OUTPUT = re.compile(
    r"model_out\[(?P<index>\d+)\]\s*=\s*(?:" + _TYPE.format("type") + r"\(" + _VALUE.format("a") + r"\)|0);"
)


@dataclass(frozen=True)
class Matrix:
    """`x @ weight + bias`.

    Attributes:
        weight: (n_in, n_out) integers of `weight_type`.
        weight_type: theirs.
        bias: (n_out,) integers of `bias_type`.
        bias_type: theirs.
        sums: a type that holds all results.
    """

    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    sums: FixedPoint


@dataclass(frozen=True, eq=False)
class _Affine:
    """`(x @ terms[:-1] + terms[-1]) * 2**-fraction`, over the real inputs x."""

    terms: Integers
    fraction: int

    def shifted(self, text: str | None) -> _Affine:
        return _Affine(self.terms, self.fraction - int(text or 0))

    def negated(self, sign: str) -> _Affine:
        return _Affine(-self.terms, self.fraction) if sign == "-" else self

    def __add__(self, other: _Affine) -> _Affine:
        fraction = max(self.fraction, other.fraction)
        mine, theirs = (shift_left(item.terms, fraction - item.fraction) for item in (self, other))
        bits = max(magnitude_bits(mine), magnitude_bits(theirs)) + 1
        return _Affine(widen(mine, bits) + theirs, fraction)

    def range(self, source: FixedPoint) -> tuple[Fraction, Fraction]:
        terms = self.terms.astype(object)
        ups, downs = int(np.maximum(terms[:-1], 0).sum()), int(np.minimum(terms[:-1], 0).sum())
        step = Fraction(2) ** -self.fraction
        low, high = ups * source.low + downs * source.high, ups * source.high + downs * source.low
        return (low + int(terms[-1])) * step, (high + int(terms[-1])) * step

    def fits(self, type_: FixedPoint, source: FixedPoint) -> bool:
        """Whether a cast into `type_` changes none of the values."""
        low, high = self.range(source)
        finest = [self.fraction + source.fraction - _spare_bits(self.terms[:-1])] if np.any(self.terms[:-1]) else []
        finest += [self.fraction - _spare_bits(self.terms[-1:])] if self.terms[-1] else []
        return type_.low <= low and high <= type_.high and all(bits <= type_.fraction for bits in finest)


def _spare_bits(integers: Any) -> int:
    """Low bits that are zero in all of them; 0 where all are zero."""
    return min(((int(value) & -int(value)).bit_length() - 1 for value in integers.ravel() if value), default=0)


class _Reader:
    """The state of reading one function."""

    def __init__(self, layer: str, source: FixedPoint, n_in: int, n_out: int) -> None:
        self._layer, self._source, self._n_in = layer, source, n_in
        self._known: dict[str, _Affine] = {}
        self.outputs: list[_Affine | None] = [None] * n_out

    def line(self, text: str) -> None:
        """Read one statement."""
        output, assigned = _OUTPUT.fullmatch(text), _ASSIGNED.fullmatch(text)
        if output is not None and int(output["index"]) < len(self.outputs):
            value = self._constant(0.0) if output["type"] is None else self._value(output, "a")
            self.outputs[int(output["index"])] = self._exact(value, output["type"], text)
        elif assigned is not None:
            value = self._expression(assigned["expression"].strip(), text)
            self._known[assigned["name"]] = self._exact(value, assigned["type"], text)
        else:
            raise self._refusal(text)

    def _refusal(self, text: str) -> UnsupportedLayerError:
        return UnsupportedLayerError(
            f"layer {self._layer!r}: da4ml's code for strategy distributed_arithmetic holds {text[:120]!r}, which is "
            "no exact sum of the inputs; choose strategy latency or resource"
        )

    def _exact(self, value: _Affine, type_: str | None, text: str) -> _Affine:
        if type_ is not None and not value.fits(FixedPoint.parse(type_), self._source):
            raise self._refusal(text)
        return value

    def _value(self, match: re.Match[str], group: str) -> _Affine:
        found = self._known.get(match[f"{group}_name"])
        if found is None:
            raise self._refusal(match[0])
        return found.shifted(match[f"{group}_shift"]).negated(match[group])

    def _constant(self, number: float) -> _Affine:
        terms = np.zeros(self._n_in + 1, dtype=object)
        fraction = fraction_bits(np.array([number]))
        terms[-1] = int(Fraction(number) * Fraction(2) ** fraction)
        return _Affine(terms, fraction)

    def _expression(self, text: str, line: str) -> _Affine:
        given = _INPUT.fullmatch(text)
        if given is not None and int(given["index"]) < self._n_in:
            terms = np.zeros(self._n_in + 1, dtype=np.int64)
            terms[int(given["index"])] = 1
            return _Affine(terms, 0)
        added = _SUM.fullmatch(text)
        if added is not None:
            first = self._value(added, "a")
            return first if added["sign"] is None else first + self._value(added, "b").negated(added["sign"])
        offset = _OFFSET.fullmatch(text)
        if offset is not None:
            type_ = FixedPoint.parse(offset["type"])
            constant = int(from_float(np.array([float(offset["number"])]), type_)[0])
            return self._value(offset, "a") + self._constant_of(constant, type_).negated(offset["sign"])
        if _CONSTANT.fullmatch(text):
            return self._constant(float(text))
        raise self._refusal(line)

    def _constant_of(self, integer: int, type_: FixedPoint) -> _Affine:
        terms = np.zeros(self._n_in + 1, dtype=object)
        terms[-1] = integer
        return _Affine(terms, type_.fraction)


def read_matrix(node: Any, n_in: int, n_out: int) -> Matrix:
    """The matrix that the code of a layer of strategy distributed_arithmetic computes.

    Args:
        node: the layer; its `da_codegen` holds the C++ text, whose first function is read.
        n_in: inputs of that function.
        n_out: its outputs.

    Raises:
        UnsupportedLayerError: the code is no exact matrix product (it holds quantizers, for example).
    """
    source, code = input_type(node), str(node.get_attr("da_codegen").code)
    reader = _Reader(node.name, source, n_in, n_out)
    body = code[code.index("{") + 1 :].split("\n}", 1)[0]
    for raw in body.split("\n"):
        text = raw.split("//")[0].strip()
        if text and not text.startswith("#pragma"):
            reader.line(text)
    outputs = [output for output in reader.outputs if output is not None]
    if len(outputs) != n_out:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: da4ml's code writes {len(outputs)} of {n_out} outputs; convert the model again"
        )
    return _matrix(outputs, source)


def _matrix(outputs: list[_Affine], source: FixedPoint) -> Matrix:
    fraction = max(output.fraction for output in outputs)
    terms = np.stack([shift_left(output.terms, fraction - output.fraction).astype(object) for output in outputs], -1)
    ranges = [output.range(source) for output in outputs]
    low, high = (edge(edge(item) for item in ranges) for edge in (min, max))
    weight, weight_type = _typed(terms[:-1], fraction)
    bias, bias_type = _typed(terms[-1], fraction)
    zero = Fraction(0)
    sums = narrowest(min(low, zero), max(high, zero), max(weight_type.fraction + source.fraction, bias_type.fraction))
    return Matrix(weight, weight_type, bias, bias_type, sums)


def _typed(values: Any, fraction: int) -> tuple[IntArray, FixedPoint]:
    """Integers on the coarsest grid that holds them, and their narrowest type."""
    spare = _spare_bits(values)
    integers = values >> spare
    step = Fraction(2) ** (spare - fraction)
    low, high = (Fraction(int(edge)) * step for edge in (integers.min(), integers.max()))
    return frozen(integers), narrowest(min(low, Fraction(0)), max(high, Fraction(0)), fraction - spare)
