"""Random whole networks: topology, shapes, types and settings drawn as plain data, from which a Keras model is built.

Everything drawn is kept in `Network`, whose text is enough to build the same network again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        kind: name of a class in `keras.layers`, or `Skip`, which adds what was there two layers before.
        options: of the class.
    """

    kind: str
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Network:
    """A chain of layers behind one input.

    Attributes:
        shape: of the input.
        layers: in order.
        types: drawn in advance, taken one after another for every type that hls4ml's configuration has.
        reuse: reuse factors, taken one after another.
        strategy: of all layers.
        seed: of the weights.
    """

    shape: Shape
    layers: tuple[Layer, ...]
    types: tuple[str, ...]
    reuse: tuple[int, ...]
    strategy: str
    seed: int


ROUNDINGS = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
OVERFLOWS = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")


@st.composite
def type_texts(draw: st.DrawFn) -> str:
    width = draw(st.integers(3, 16))
    integer = draw(st.integers(0, width))
    sign = draw(st.sampled_from(["", "", "", "u"]))
    return f"{sign}fixed<{width},{integer},{draw(st.sampled_from(ROUNDINGS))},{draw(st.sampled_from(OVERFLOWS))},0>"


def _layer(kind: str, **options: Any) -> Layer:
    return Layer(kind, tuple(options.items()))


ELEMENTWISE = ("relu", "sigmoid", "tanh", "softplus", "softsign", "elu", "selu", "hard_sigmoid", "linear")


def _anywhere(draw: st.DrawFn, shape: Shape) -> tuple[Layer, Shape]:
    kind = draw(st.sampled_from(["Activation", "Activation", "LeakyReLU", "BatchNormalization", "Skip"]))
    if kind == "Activation":
        return _layer(kind, activation=draw(st.sampled_from(ELEMENTWISE))), shape
    if kind == "LeakyReLU":
        return _layer(kind, negative_slope=draw(st.sampled_from([0.125, 0.3]))), shape
    return _layer(kind), shape


def _flat(draw: st.DrawFn, shape: Shape) -> tuple[Layer, Shape]:
    if draw(st.booleans()):
        units = draw(st.integers(1, 6))
        return _layer("Dense", units=units), (units,)
    return _anywhere(draw, shape) if draw(st.booleans()) or shape[0] < 2 else (_layer("Softmax"), shape)


def _extent(size: int, kernel: int, stride: int, padding: str) -> int:
    return -(-size // stride) if padding in ("same", "causal") else (size - kernel) // stride + 1


def _window(draw: st.DrawFn, sizes: Shape, *, paddings: tuple[str, ...]) -> tuple[Shape, Shape, str, Shape]:
    kernel = tuple(draw(st.integers(1, min(3, size))) for size in sizes)
    stride = (draw(st.integers(1, 2)),) * len(sizes)
    padding = draw(st.sampled_from(paddings))
    after = tuple(_extent(n, k, s, padding) for n, k, s in zip(sizes, kernel, stride, strict=True))
    return kernel, stride, padding, after


def _image(draw: st.DrawFn, shape: Shape) -> tuple[Layer, Shape]:
    """A layer on (width, channels) or (height, width, channels)."""
    sizes, channels = shape[:-1], shape[-1]
    axes = len(sizes)
    kind = draw(
        st.sampled_from(["Conv", "Conv", "DepthwiseConv", "MaxPooling", "AveragePooling"])
        if draw(st.booleans())
        else st.sampled_from(["GlobalMaxPooling", "GlobalAveragePooling", "ZeroPadding", "Cropping", "UpSampling"])
    )
    name = f"{kind}{axes}D"
    if kind.startswith("Global"):
        return _layer(name), (channels,)
    if kind == "ZeroPadding":
        return _layer(name, padding=1), (*(n + 2 for n in sizes), channels)
    if kind == "UpSampling":
        return _layer(name, size=2), (*(2 * n for n in sizes), channels)
    if kind == "Cropping":
        if min(sizes) < 3:
            return _layer("Flatten"), (int(np.prod(shape)),)
        return _layer(name, cropping=1), (*(n - 2 for n in sizes), channels)
    if kind.endswith("Pooling"):
        pool, stride, padding, after = _window(draw, sizes, paddings=("valid", "same"))
        return _layer(name, pool_size=pool, strides=stride, padding=padding), (*after, channels)
    paddings = ("valid", "same", "causal") if name == "Conv1D" else ("valid", "same")
    kernel, stride, padding, after = _window(draw, sizes, paddings=paddings)
    options = {"kernel_size": kernel, "strides": stride, "padding": padding}
    if kind == "DepthwiseConv":
        multiplier = draw(st.integers(1, 2))
        return _layer(name, **options, depth_multiplier=multiplier), (*after, channels * multiplier)
    filters = draw(st.integers(1, 4))
    return _layer(name, filters=filters, **options), (*after, filters)


def _sequence(draw: st.DrawFn, shape: Shape) -> tuple[Layer, Shape]:
    units = draw(st.integers(1, 4))
    every = draw(st.booleans())
    kind = draw(st.sampled_from(["LSTM", "GRU", "SimpleRNN"]))
    return _layer(kind, units=units, return_sequences=every), (shape[0], units) if every else (units,)


def _next(draw: st.DrawFn, shape: Shape) -> tuple[Layer, Shape]:
    if len(shape) == 1:
        return _flat(draw, shape)
    choices: list[Callable[[st.DrawFn, Shape], tuple[Layer, Shape]]] = [_image, _image, _anywhere]
    if len(shape) == 2:
        choices.append(_sequence)
    if draw(st.integers(0, 4)) == 0:
        return _layer("Flatten"), (int(np.prod(shape)),)
    return draw(st.sampled_from(choices))(draw, shape)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    shape: Shape = draw(st.sampled_from([(5,), (8,), (6, 2), (7, 3), (5, 5, 2), (6, 4, 1)]))
    first, layers = shape, []
    for _ in range(draw(st.integers(1, 5))):
        layer, shape = _next(draw, shape)
        layers.append(layer)
        if int(np.prod(shape)) > 200:
            break
    return Network(
        first,
        tuple(layers),
        tuple(draw(st.lists(type_texts(), min_size=6, max_size=12))),
        tuple(draw(st.lists(st.sampled_from([1, 2, 3, 6]), min_size=1, max_size=3))),
        draw(st.sampled_from(["Latency", "Latency", "Resource", "Resource_Unrolled"])),
        draw(st.integers(0, 1000)),
    )


def build(networks: Sequence[Network]) -> Any:
    """One Keras model of networks beside each other, their weights on a grid of 1/32."""
    import keras

    inputs, outputs = [], []
    for number, network in enumerate(networks):
        rng = np.random.default_rng(network.seed)
        given = keras.layers.Input(network.shape, name=f"n{number}_x")
        tensor = before = given
        for index, layer in enumerate(network.layers):
            name = f"n{number}_l{index}"
            if layer.kind == "Skip":
                if before.shape != tensor.shape or before is tensor:
                    before = keras.layers.Activation("linear", name=f"{name}_copy")(tensor)
                before, tensor = tensor, keras.layers.Add(name=name)([tensor, before])
                continue
            made = getattr(keras.layers, layer.kind)(name=name, **dict(layer.options))
            before, tensor = tensor, made(tensor)
            values = [rng.integers(-40, 41, weight.shape) / 32 for weight in made.weights]
            if layer.kind == "BatchNormalization":
                values[3] = np.abs(values[3]) + 0.5
            made.set_weights(values)
        inputs.append(given)
        outputs.append(tensor)
    return keras.Model(inputs, outputs)


_STATED = re.compile(r"table|inv_inp|inp_norm")


def configure(networks: Sequence[Network], config: dict[str, Any]) -> dict[str, Any]:
    """hls4ml's configuration with the drawn types and settings."""
    for number, network in enumerate(networks):
        taken = 0
        own = [(name, values) for name, values in config["LayerName"].items() if name.startswith(f"n{number}_")]
        for index, (name, values) in enumerate(own):
            for key in values["Precision"]:
                if not _STATED.search(key):
                    values["Precision"][key] = network.types[taken % len(network.types)]
                    taken += 1
            if name == f"n{number}_x":
                values["Precision"]["result"] = network.types[0]
            if "ReuseFactor" in values:
                values["ReuseFactor"] = network.reuse[index % len(network.reuse)]
                values["Strategy"] = network.strategy
    return config
