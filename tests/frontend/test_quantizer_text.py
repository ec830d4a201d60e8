"""Quantizer texts: what is understood, what is refused, and that nothing is ever evaluated."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.frontend.keras_import import import_keras
from codesign.frontend.quantizer_text import (
    ACTIVATIONS,
    SIGNATURES,
    Quantizer,
    QuantizerTextError,
    parse_activation,
    parse_quantizer,
)


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("quantized_bits(6,0,alpha=1)", "quantized_bits", {"bits": 6, "integer": 0, "alpha": 1}),
        (" quantized_bits( 8 , -2 ) ", "quantized_bits", {"bits": 8, "integer": -2}),
        ("quantized_relu(bits=6, integer=2)", "quantized_relu", {"bits": 6, "integer": 2}),
        ("quantized_bits(4, 0, 1, alpha='auto_po2')", "quantized_bits", {"bits": 4, "integer": 0, "symmetric": 1}),
        ("binary", "binary", {}),
        ("ternary()", "ternary", {}),
        ("quantized_bits(4,0,scale_axis=[0, 1])", "quantized_bits", {"scale_axis": (0, 1)}),
    ],
)
def test_reads_calls_with_literal_arguments(text, name, arguments):
    quantizer = parse_quantizer(text)
    assert quantizer.name == name
    assert dict(quantizer.arguments).items() >= arguments.items()
    assert parse_quantizer(str(quantizer)) == quantizer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("quantized_bit(6,0)", "did you mean 'quantized_bits'"),
        ("quantized_bits(6,0,alfa=1)", "did you mean 'alpha'"),
        ("quantized_bits(0)", "bits=0 is illegal; give an integer in 1..32"),
        ("quantized_bits(6.0)", "bits=6.0 is illegal"),
        ("quantized_bits(True)", "bits=True is illegal"),
        ("quantized_bits(6,0,alpha='automatic')", "'auto_po2'"),
        ("quantized_bits(6,bits=6)", "given twice"),
        ("quantized_bits(*[6])", "not a literal"),
        ("quantized_bits(**{'bits':6})", "write each argument out"),
        ("quantized_bits(__import__('os').system('true'))", "not a literal"),
        ("quantized_bits(2**31)", "not a literal"),
        ("__import__('os').system('true')", "is not a quantizer"),
        ("quantized_bits(6) or 1", "is not a quantizer"),
        ("quantized_bits(6", "is not a quantizer"),
        ("lambda: 0", "is not a quantizer"),
        ("quantized_relu(6,2,0,0.0,False,None,True,1.0,None,True,False,9)", "at most 11 arguments"),
        ("quantized_relu(6,var_name='a; rm')", "None or a name"),
        ("get_quantizer('x')", "names no known quantizer"),
        ("", "is not a quantizer"),
        ("quantized_bits(" + "(" * 200 + "6", "is not a quantizer"),
        ("quantized_bits(" + " " * 400 + "6)", "characters long"),
        ("quantized_bits(6)\0", "is not a quantizer"),
    ],
)
def test_refuses_by_name(text, message):
    with pytest.raises(QuantizerTextError) as refusal:
        parse_quantizer(text)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_activations_are_known_names_or_quantizers():
    assert parse_activation("relu") == "relu"
    assert isinstance(parse_activation("quantized_relu(6,2)"), Quantizer)
    with pytest.raises(QuantizerTextError, match="did you mean 'softmax'"):
        parse_activation("sofmax")
    with pytest.raises(QuantizerTextError, match="no known activation"):
        parse_activation("eval")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    assert read_or_refused(parse_quantizer, text)
    assert read_or_refused(parse_activation, text)


def read_or_refused(parse, text):
    try:
        parsed = parse(text)
    except QuantizerTextError as error:
        return "\n" not in str(error)
    return isinstance(parsed, Quantizer) or parsed in ACTIVATIONS


def test_signatures_are_those_of_qkeras():
    _, qkeras = import_keras()
    for name, parameters in SIGNATURES.items():
        assert tuple(inspect.signature(getattr(qkeras, name)).parameters) == parameters


def test_builds_the_qkeras_object():
    quantizer = parse_quantizer("quantized_bits(6,1,alpha=1,keep_negative=False)").build()
    assert (type(quantizer).__name__, quantizer.bits, int(quantizer.integer)) == ("quantized_bits", 6, 1)
    assert not quantizer.keep_negative
