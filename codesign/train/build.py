"""Making the Keras model that a recipe describes."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from codesign.frontend.keras_import import import_keras, no_warnings
from codesign.frontend.quantizer_text import Quantizer
from codesign.train import layers as recipe_layers
from codesign.train.layers import TYPE_OF, Activation, Layer
from codesign.train.section import Where


def build_model(layers: tuple[Layer, ...], input_shape: tuple[int, ...], name: str, where: Where) -> Any:
    """An uncompiled, freshly initialised `keras.Sequential`.

    Args:
        layers: of the recipe.
        input_shape: of one sample.
        name: of the model.
        where: the recipe, for a refusal.

    Raises:
        RecipeError: a layer cannot follow the one before it.
    """
    keras, _ = import_keras()
    with no_warnings():
        model = keras.Sequential(name=name)
        model.add(keras.layers.Input(input_shape, name="x"))
        for index, layer in enumerate(layers):
            word = TYPE_OF[type(layer)]
            before = tuple(model.output_shape[1:]) if index else input_shape
            try:
                model.add(keras_layer(layer, layer.name or f"{word.lower()}_{index}"))
            except (ValueError, TypeError) as error:
                reason = str(error).strip().splitlines()[0]
                raise (
                    where.key("model")
                    .item(index)
                    .refuse(
                        f"{word} cannot be added after an output of shape {before} ({reason}); "
                        "change that layer or the one before it"
                    )
                ) from error
    return model


@singledispatch
def keras_layer(layer: Layer, name: str) -> Any:
    """The Keras layer for a recipe's layer.

    Args:
        layer: of the recipe.
        name: for the Keras layer.

    Raises:
        TypeError: the type has no builder (checked for every type when this module is imported).
    """
    raise TypeError(f"no builder for {type(layer).__name__}")


def _quantizer(quantizer: Quantizer | None) -> Any:
    return None if quantizer is None else quantizer.build()


def _activation(activation: Activation) -> Any:
    return activation.build() if isinstance(activation, Quantizer) else activation


def _penalty(l1: float, l2: float) -> Any:
    keras, _ = import_keras()
    return keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None


@keras_layer.register
def _dense(layer: recipe_layers.Dense, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.Dense(
        layer.units,
        activation=_activation(layer.activation),
        use_bias=layer.use_bias,
        kernel_regularizer=_penalty(layer.kernel_l1, layer.kernel_l2),
        name=name,
    )


@keras_layer.register
def _qdense(layer: recipe_layers.QDense, name: str) -> Any:
    _, qkeras = import_keras()
    return qkeras.QDense(
        layer.units,
        activation=None if layer.activation == "linear" else _activation(layer.activation),
        use_bias=layer.use_bias,
        kernel_quantizer=_quantizer(layer.kernel_quantizer),
        bias_quantizer=_quantizer(layer.bias_quantizer),
        kernel_regularizer=_penalty(layer.kernel_l1, layer.kernel_l2),
        name=name,
    )


@keras_layer.register
def _activate(layer: recipe_layers.Activate, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.Activation(_activation(layer.activation), name=name)


@keras_layer.register
def _qactivation(layer: recipe_layers.QActivation, name: str) -> Any:
    _, qkeras = import_keras()
    return qkeras.QActivation(layer.activation.build(), name=name)


@keras_layer.register
def _batch_normalization(layer: recipe_layers.BatchNormalization, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, name=name)


@keras_layer.register
def _qbatch_normalization(layer: recipe_layers.QBatchNormalization, name: str) -> Any:
    _, qkeras = import_keras()
    given = {
        "beta_quantizer": layer.beta_quantizer,
        "gamma_quantizer": layer.gamma_quantizer,
        "mean_quantizer": layer.mean_quantizer,
        "variance_quantizer": layer.variance_quantizer,
    }
    quantizers = {key: value.build() for key, value in given.items() if value is not None}
    return qkeras.QBatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon, name=name, **quantizers)


@keras_layer.register
def _flatten(layer: recipe_layers.Flatten, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.Flatten(name=name)


@keras_layer.register
def _reshape(layer: recipe_layers.Reshape, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.Reshape(layer.shape, name=name)


@keras_layer.register
def _dropout(layer: recipe_layers.Dropout, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.Dropout(layer.rate, name=name)


@keras_layer.register
def _softmax(layer: recipe_layers.Softmax, name: str) -> Any:
    keras, _ = import_keras()
    return keras.layers.Softmax(name=name)


_missing = [
    word for word, cls in recipe_layers.TYPES.items() if keras_layer.dispatch(cls) is keras_layer.dispatch(object)
]
if _missing:
    raise ImportError(f"layer types without a builder: {', '.join(_missing)}")
