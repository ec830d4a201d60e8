"""Reading a quantizer from text such as `quantized_bits(6,0,alpha=1)` without evaluating it.

QKeras looks such texts up among its module's globals and calls what it finds. Here a text is parsed to a syntax
tree, must be one call of a known quantizer with literal arguments, and each argument is checked, before QKeras sees it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeAlias

from codesign.errors import CodesignError

Argument: TypeAlias = "bool | int | float | str | tuple[int, ...] | None"

_LONGEST = 300


class QuantizerTextError(CodesignError):
    """A quantizer's text is not a call of a known quantizer with legal literal arguments."""


@dataclass(frozen=True)
class _Kind:
    """The legal values of one parameter: a sentence for people and a test."""

    legal: str
    accepts: Callable[[Any], bool]


def _is_int(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _optional(kind: _Kind) -> _Kind:
    return _Kind(f"None or {kind.legal}", lambda value: value is None or kind.accepts(value))


_FLAG = _Kind("True, False, 0 or 1", lambda value: isinstance(value, (bool, int)) and value in (0, 1))
_BITS = _Kind("an integer in 1..32", lambda value: _is_int(value, 1, 32))
_INTEGER = _Kind("an integer in -64..64", lambda value: _is_int(value, -64, 64))
_COUNT = _Kind("an integer in 1..100", lambda value: _is_int(value, 1, 100))
_NUMBER = _Kind("a finite number", _is_number)
_POSITIVE = _Kind("a number above 0", lambda value: _is_number(value) and value > 0)
_NOT_NEGATIVE = _Kind("a number of at least 0", lambda value: _is_number(value) and value >= 0)
_ALPHA = _Kind(
    "None, a number above 0, 'auto' or 'auto_po2'",
    lambda value: value is None or value in ("auto", "auto_po2") or (_is_number(value) and value > 0),
)
_AXES = _Kind(
    "None, an integer or a list of integers",
    lambda value: (
        value is None
        or _is_int(value, -8, 65536)
        or (isinstance(value, tuple) and all(_is_int(item, -8, 65536) for item in value))
    ),
)
_NAME = _Kind("None or a name", lambda value: value is None or (isinstance(value, str) and value.isidentifier()))
_LOG2_ROUNDING = _Kind("'rnd' or 'floor'", lambda value: value in ("rnd", "floor"))

_PARAMETERS: Mapping[str, _Kind] = {
    "bits": _BITS,
    "integer": _INTEGER,
    "symmetric": _FLAG,
    "keep_negative": _FLAG,
    "alpha": _ALPHA,
    "use_stochastic_rounding": _FLAG,
    "scale_axis": _AXES,
    "qnoise_factor": _NUMBER,
    "var_name": _NAME,
    "use_ste": _FLAG,
    "use_variables": _FLAG,
    "elements_per_scale": _AXES,
    "min_po2_exponent": _optional(_INTEGER),
    "max_po2_exponent": _optional(_INTEGER),
    "post_training_scale": _optional(_POSITIVE),
    "temperature": _POSITIVE,
    "use_real_sigmoid": _FLAG,
    "use_real_tanh": _FLAG,
    "threshold": _optional(_POSITIVE),
    "number_of_unrolls": _COUNT,
    "use_01": _FLAG,
    "training": _FLAG,
    "use_sigmoid": _FLAG,
    "negative_slope": _NOT_NEGATIVE,
    "relu_upper_bound": _optional(_POSITIVE),
    "is_quantized_clip": _FLAG,
    "u": _POSITIVE,
    "max_value": _optional(_POSITIVE),
    "quadratic_approximation": _FLAG,
    "log2_rounding": _LOG2_ROUNDING,
    "relu_shift": _COUNT,
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The parameters of each of qkeras's quantizers, in their order; a test holds them to qkeras's own signatures.
_SIGNATURES = {
    "quantized_linear": (
        "bits integer symmetric keep_negative alpha use_stochastic_rounding scale_axis qnoise_factor var_name "
        "use_variables"
    ),
    "quantized_bits": (
        "bits integer symmetric keep_negative alpha use_stochastic_rounding scale_axis qnoise_factor var_name use_ste "
        "use_variables elements_per_scale min_po2_exponent max_po2_exponent post_training_scale"
    ),
    "bernoulli": "alpha temperature use_real_sigmoid",
    "ternary": "alpha threshold use_stochastic_rounding number_of_unrolls",
    "stochastic_ternary": "alpha threshold temperature use_real_sigmoid number_of_unrolls",
    "binary": (
        "use_01 alpha training use_stochastic_rounding scale_axis elements_per_scale min_po2_exponent max_po2_exponent"
    ),
    "stochastic_binary": "alpha temperature use_real_sigmoid",
    "quantized_relu": (
        "bits integer use_sigmoid negative_slope use_stochastic_rounding relu_upper_bound is_quantized_clip "
        "qnoise_factor var_name use_ste use_variables"
    ),
    "quantized_ulaw": "bits integer symmetric u",
    "quantized_tanh": "bits use_stochastic_rounding symmetric use_real_tanh",
    "quantized_sigmoid": "bits symmetric use_real_sigmoid use_stochastic_rounding",
    "quantized_po2": (
        "bits max_value use_stochastic_rounding quadratic_approximation log2_rounding qnoise_factor var_name use_ste "
        "use_variables"
    ),
    "quantized_relu_po2": (
        "bits max_value negative_slope use_stochastic_rounding quadratic_approximation log2_rounding qnoise_factor "
        "var_name use_ste use_variables"
    ),
    "quantized_hswish": (
        "bits integer symmetric alpha use_stochastic_rounding scale_axis qnoise_factor var_name use_variables "
        "relu_shift relu_upper_bound"
    ),
}

SIGNATURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: tuple(parameters.split()) for name, parameters in _SIGNATURES.items()}
)
"""Every quantizer that a text may name, with its parameters in order."""

ACTIVATIONS = _words(
    """
    linear relu relu6 softmax sigmoid tanh hard_sigmoid softplus softsign elu selu swish silu gelu exponential
    leaky_relu hard_tanh smooth_tanh smooth_sigmoid binary_tanh binary_sigmoid
    """
)
"""Plain activation functions that a text may name: Keras's own and qkeras's."""


@dataclass(frozen=True)
class Quantizer:
    """A checked quantizer: its name and the arguments that were given, as keywords.

    Attributes:
        name: a key of `SIGNATURES`.
        arguments: (parameter, value) in the signature's order; what is absent keeps qkeras's default.
    """

    name: str
    arguments: tuple[tuple[str, Argument], ...]

    def __str__(self) -> str:
        given = ",".join(f"{key}={_plain(value)!r}" for key, value in self.arguments)
        return f"{self.name}({given})"

    def keywords(self) -> dict[str, Any]:
        """The arguments as qkeras takes them."""
        return {key: _plain(value) for key, value in self.arguments}

    def build(self) -> Any:
        """A new qkeras quantizer (imports qkeras)."""
        from codesign.frontend.keras_import import import_keras

        _, qkeras = import_keras()
        return getattr(qkeras, self.name)(**self.keywords())


def _plain(value: Argument) -> Any:
    return list(value) if isinstance(value, tuple) else value


def suggest(word: str, legal: list[str]) -> str:
    """A question naming the nearest legal word, or nothing where none is near."""
    near = get_close_matches(word, legal, n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _literal(node: ast.expr, text: str, parameter: str) -> Argument:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise QuantizerTextError(
            f"{text!r}: argument {parameter!r} is not a literal; write a number, True, False, None, "
            "a quoted word or a list of integers"
        ) from None
    return tuple(value) if isinstance(value, list) else value


def make_quantizer(name: str, given: Mapping[str, Any], text: str) -> Quantizer:
    """A quantizer from its name and keyword arguments, each checked.

    Args:
        name: the quantizer.
        given: its arguments by parameter.
        text: what to quote in a refusal.

    Raises:
        QuantizerTextError: unknown quantizer or parameter, or an illegal value.
    """
    if name not in SIGNATURES:
        raise QuantizerTextError(
            f"{text!r} names no known quantizer{suggest(name, list(SIGNATURES))}; the quantizers are "
            f"{', '.join(SIGNATURES)}"
        )
    for key, value in given.items():
        if key not in SIGNATURES[name]:
            raise QuantizerTextError(
                f"{text!r}: {name} has no parameter {key!r}{suggest(key, list(SIGNATURES[name]))}; its parameters are "
                f"{', '.join(SIGNATURES[name])}"
            )
        if not _PARAMETERS[key].accepts(value):
            raise QuantizerTextError(f"{text!r}: {key}={value!r} is illegal; give {_PARAMETERS[key].legal}")
    return Quantizer(name, tuple((key, given[key]) for key in SIGNATURES[name] if key in given))


def parse_quantizer(text: str) -> Quantizer:
    """Read one quantizer, written as a call with literal arguments, or as a bare name.

    Raises:
        QuantizerTextError: it is not a call of a known quantizer with legal literal arguments.
    """
    quoted = text if len(text) <= _LONGEST else text[:40] + "…"
    wanted = "write a call such as quantized_bits(6,0,alpha=1)"
    if len(text) > _LONGEST:
        raise QuantizerTextError(f"{quoted!r} is {len(text)} characters long, more than any quantizer; {wanted}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise QuantizerTextError(f"{quoted!r} is not a quantizer; {wanted}") from None
    if isinstance(tree, ast.Name):
        return make_quantizer(tree.id, {}, quoted)
    if not isinstance(tree, ast.Call) or not isinstance(tree.func, ast.Name):
        raise QuantizerTextError(f"{quoted!r} is not a quantizer; {wanted}")
    name = tree.func.id
    parameters = SIGNATURES.get(name)
    if parameters is None:
        return make_quantizer(name, {}, quoted)
    if len(tree.args) > len(parameters):
        raise QuantizerTextError(f"{quoted!r}: {name} takes at most {len(parameters)} arguments, not {len(tree.args)}")
    given: dict[str, Argument] = {}
    for parameter, node in zip(parameters, tree.args, strict=False):
        given[parameter] = _literal(node, quoted, parameter)
    for keyword in tree.keywords:
        if keyword.arg is None:
            raise QuantizerTextError(f"{quoted!r}: ** is not allowed; write each argument out")
        if keyword.arg in given:
            raise QuantizerTextError(f"{quoted!r}: argument {keyword.arg!r} is given twice; give it once")
        given[keyword.arg] = _literal(keyword.value, quoted, keyword.arg)
    return make_quantizer(name, given, quoted)


def parse_activation(text: str) -> Quantizer | str:
    """Read an activation: a plain function's name (one of `ACTIVATIONS`) or a quantizer.

    Raises:
        QuantizerTextError: it is neither.
    """
    word = text.strip()
    if word in ACTIVATIONS:
        return word
    if word.isidentifier() and word not in SIGNATURES:
        raise QuantizerTextError(
            f"{text[:_LONGEST]!r} is no known activation{suggest(word, [*ACTIVATIONS, *SIGNATURES])}; the activations "
            f"are {', '.join(sorted(ACTIVATIONS))}, or a quantizer such as quantized_relu(6,2)"
        )
    return parse_quantizer(text)
