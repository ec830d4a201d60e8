"""The layers that a recipe's model is made of: one frozen dataclass per type, free of Keras."""

# `key` makes a dataclass field, as dataclasses.field does.
# ruff: noqa: RUF009

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from codesign.frontend.quantizer_text import Quantizer, suggest
from codesign.train import section
from codesign.train.section import Where, key, read_section

Activation: TypeAlias = "Quantizer | str"

_UNITS = section.integer(1, 65536)
_PENALTY = section.number(0, 10)
_MOMENTUM = section.number(0, 1)
_EPSILON = section.number(0, 1, above=True)


@dataclass(frozen=True)
class Layer:
    """A layer of a recipe.

    Attributes:
        name: of the Keras layer; empty where the recipe leaves it to us.
    """

    name: str = key(section.name, "")


@dataclass(frozen=True, kw_only=True)
class Dense(Layer):
    """`keras.layers.Dense`."""

    units: int = key(_UNITS)
    activation: Activation = key(section.activation, "linear")
    use_bias: bool = key(section.flag, True)
    kernel_l1: float = key(_PENALTY, 0.0)
    kernel_l2: float = key(_PENALTY, 0.0)


@dataclass(frozen=True, kw_only=True)
class QDense(Layer):
    """`qkeras.QDense`; without a bias quantizer the bias is not quantized."""

    units: int = key(_UNITS)
    kernel_quantizer: Quantizer = key(section.quantizer)
    bias_quantizer: Quantizer | None = key(section.quantizer, None)
    activation: Activation = key(section.activation, "linear")
    use_bias: bool = key(section.flag, True)
    kernel_l1: float = key(_PENALTY, 0.0)
    kernel_l2: float = key(_PENALTY, 0.0)


@dataclass(frozen=True, kw_only=True)
class Activate(Layer):
    """`keras.layers.Activation`."""

    activation: Activation = key(section.activation)


@dataclass(frozen=True, kw_only=True)
class QActivation(Layer):
    """`qkeras.QActivation`."""

    activation: Quantizer = key(section.quantizer)


@dataclass(frozen=True, kw_only=True)
class BatchNormalization(Layer):
    """`keras.layers.BatchNormalization`."""

    momentum: float = key(_MOMENTUM, 0.9)
    epsilon: float = key(_EPSILON, 1e-3)


@dataclass(frozen=True, kw_only=True)
class QBatchNormalization(Layer):
    """`qkeras.QBatchNormalization`; a quantizer that is left out is qkeras's own default."""

    momentum: float = key(_MOMENTUM, 0.9)
    epsilon: float = key(_EPSILON, 1e-3)
    beta_quantizer: Quantizer | None = key(section.quantizer, None)
    gamma_quantizer: Quantizer | None = key(section.quantizer, None)
    mean_quantizer: Quantizer | None = key(section.quantizer, None)
    variance_quantizer: Quantizer | None = key(section.quantizer, None)


@dataclass(frozen=True, kw_only=True)
class Flatten(Layer):
    """`keras.layers.Flatten`."""


@dataclass(frozen=True, kw_only=True)
class Reshape(Layer):
    """`keras.layers.Reshape`; the shape is without the batch."""

    shape: tuple[int, ...] = key(section.items(section.integer(1, 65536), least=1))


@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """`keras.layers.Dropout`, which acts while training only."""

    rate: float = key(section.number(0, 0.95))


@dataclass(frozen=True, kw_only=True)
class Softmax(Layer):
    """`keras.layers.Softmax`."""


TYPES: Mapping[str, type[Layer]] = MappingProxyType(
    {
        "Dense": Dense,
        "QDense": QDense,
        "Activation": Activate,
        "QActivation": QActivation,
        "BatchNormalization": BatchNormalization,
        "QBatchNormalization": QBatchNormalization,
        "Flatten": Flatten,
        "Reshape": Reshape,
        "Dropout": Dropout,
        "Softmax": Softmax,
    }
)
"""What `type` may say, and what it means."""

TYPE_OF: Mapping[type[Layer], str] = MappingProxyType({cls: word for word, cls in TYPES.items()})


def read_layer(value: Any, where: Where) -> Layer:
    """Read one item of a recipe's `model`.

    Raises:
        RecipeError: unknown type, or a key of that type is unknown, missing or illegal.
    """
    legal = ", ".join(TYPES)
    if not isinstance(value, Mapping):
        raise where.refuse(f"{str(value)[:80]!r} is not a layer; give a section whose type is one of {legal}")
    if "type" not in value:
        raise where.refuse(f"key 'type' is missing; give one of {legal}")
    word = value["type"]
    if not isinstance(word, str) or word not in TYPES:
        hint = suggest(word, list(TYPES)) if isinstance(word, str) else ""
        raise where.key("type").refuse(f"{str(word)[:80]!r} is no layer{hint}; give one of {legal}")
    rest = {name: item for name, item in value.items() if name != "type"}
    return read_section(TYPES[word], rest, where)


def ends_in_softmax(layers: tuple[Layer, ...]) -> bool:
    """Whether the model's output is probabilities rather than logits."""
    last = layers[-1]
    return isinstance(last, Softmax) or getattr(last, "activation", None) == "softmax"


def output_width(layers: tuple[Layer, ...], input_shape: tuple[int, ...]) -> int:
    """The length of the model's last axis.

    Args:
        layers: the model.
        input_shape: of one sample.
    """
    shape = input_shape
    for layer in layers:
        if isinstance(layer, (Dense, QDense)):
            shape = (*shape[:-1], layer.units)
        elif isinstance(layer, Flatten):
            shape = (math.prod(shape),)
        elif isinstance(layer, Reshape):
            shape = layer.shape
    return shape[-1]
