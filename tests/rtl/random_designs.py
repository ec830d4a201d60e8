"""Random whole designs over images and sequences: convolutions, pooling, branches that meet again, dense layers."""

from __future__ import annotations

import math

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Concatenate,
    Convolution,
    Cropping,
    Dense,
    DepthwiseConvolution,
    FixedPoint,
    Graph,
    Input,
    Merge,
    MergeOperation,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    Reshape,
    Resize,
    Rounding,
    Softmax,
    SoftmaxImplementation,
    ZeroPadding,
    frozen,
)

_OVERFLOWS = (Overflow.WRAP, Overflow.SAT, Overflow.SAT_ZERO, Overflow.SAT_SYM)


class Designer:
    """Puts one node behind another, with settings drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[Node] = []

    def pick(self, *choices):
        """One of them."""
        return choices[int(self.rng.integers(len(choices)))]

    def type_(self, least: int = 3, most: int = 9) -> FixedPoint:
        """A type of any modes."""
        signed = bool(self.rng.random() < 0.7)
        width = int(self.rng.integers(least, most + 1))
        rounding = self.pick(*Rounding)
        return FixedPoint(signed, width, int(self.rng.integers(0, width + 1)), rounding, self.pick(*_OVERFLOWS))

    def words(self, type_: FixedPoint, shape) -> np.ndarray:
        """Integers of a type, a third of them zero."""
        values = self.rng.integers(type_.min_int, type_.max_int, size=shape, endpoint=True)
        return frozen(np.where(self.rng.random(shape) < 0.33, 0, values))

    def put(self, node: Node) -> Node:
        """Keep a node."""
        self.nodes.append(node)
        return node

    def common(self, shape, *reads: Node, result: FixedPoint | None = None):
        """The fields that every node has."""
        return {
            "name": f"n{len(self.nodes)}",
            "inputs": tuple(node.name for node in reads),
            "shape": tuple(int(length) for length in shape),
            "result": result or self.type_(),
        }

    def weighted(self, source: Node, shape, outputs: int):
        """Weights, biases and an accumulator: wide, or too narrow for what is added."""
        weight, bias = self.type_(2, 6), self.type_(2, 6)
        exact = self.rng.random() < 0.7
        fraction = source.result.fraction + weight.fraction if exact else int(self.rng.integers(0, 6))
        width = source.result.width + weight.width + 6 if exact else int(self.rng.integers(6, 14))
        accumulator = FixedPoint(
            True, width, width - fraction, *(() if exact else (self.pick(*Rounding), self.pick(*_OVERFLOWS)))
        )
        return {
            "weight": self.words(weight, shape),
            "weight_type": weight,
            "bias": self.words(bias, outputs),
            "bias_type": bias,
            "accumulator": accumulator,
        }

    def reuse(self, numbers: int, outputs: int):
        """A strategy with a reuse factor that hls4ml would take."""
        if self.rng.random() < 0.5:
            return {}
        factor = self.pick(*[d for d in range(1, numbers + 1) if numbers % d == 0], numbers * outputs)
        return {"strategy": self.pick("latency", "resource"), "reuse_factor": factor}

    def dense(self, source: Node) -> Node:
        """A dense layer."""
        n_in, n_out = source.size, int(self.rng.integers(2, 6))
        return self.put(
            Dense(
                **self.common((n_out,), source),
                **self.weighted(source, (n_in, n_out), n_out),
                **self.reuse(n_in, n_out),
            )
        )

    def convolution(self, source: Node) -> Node:
        """A convolution of any kind."""
        axes = len(source.shape) - 1
        channels, depthwise = source.shape[-1], self.rng.random() < 0.3
        filters = channels if depthwise else int(self.rng.integers(1, 5))
        before, after = self.padding(axes), self.padding(axes)
        lengths = [n + b + a for n, b, a in zip(source.shape, before, after, strict=False)]
        kernel = tuple(int(self.rng.integers(1, min(3, length) + 1)) for length in lengths)
        strides = tuple(int(self.rng.integers(1, 3)) for _ in range(axes))
        counts = [(n - k) // s + 1 for n, k, s in zip(lengths, kernel, strides, strict=True)]
        shape = (*kernel, channels) if depthwise else (*kernel, channels, filters)
        cls = DepthwiseConvolution if depthwise else Convolution
        return self.put(
            cls(
                **self.common((*counts, filters), source),
                **self.weighted(source, shape, filters),
                **self.reuse(math.prod(kernel) * channels, filters),
                strides=strides,
                padding_before=before,
                padding_after=after,
            )
        )

    def padding(self, axes: int):
        """Zeros at one end."""
        return tuple(int(self.rng.integers(0, 2)) for _ in range(axes))

    def pooling(self, source: Node) -> Node:
        """Pooling over windows that may overlap, or one over everything."""
        lengths = source.shape[:-1]
        everything = self.rng.random() < 0.2
        window = lengths if everything else tuple(min(2, n) for n in lengths)
        stride = window if everything else tuple(int(self.rng.integers(1, 3)) for _ in lengths)
        counts = [(n - w) // s + 1 for n, w, s in zip(lengths, window, stride, strict=True)]
        kind = self.pick(*PoolingKind)
        accumulator = self.type_(10, 14)
        accumulator = FixedPoint(True, accumulator.width, accumulator.width - source.result.fraction)
        return self.put(
            Pooling(
                **self.common((*counts, source.shape[-1]), source),
                kind=kind,
                arithmetic=PoolingArithmetic.PARALLEL,
                window=window,
                stride=stride,
                before=(0,) * len(lengths),
                after=(0,) * len(lengths),
                count_padding=True,
                accumulator=source.result if kind is PoolingKind.MAX else accumulator,
            )
        )

    def moved(self, source: Node) -> Node:
        """Padding, cropping or repetition."""
        axes = len(source.shape) - 1
        kind = self.pick(ZeroPadding, Cropping, Resize)
        if kind is Resize:
            shape = (*(2 * n for n in source.shape[:-1]), source.shape[-1])
            image = (*(1,) * (2 - axes), *source.shape)
            rows, columns = (
                tuple(index // (2 if axes == 2 or axis else 1) for index in range(n * (2 if axes == 2 or axis else 1)))
                for axis, n in enumerate(image[:2])
            )
            return self.put(
                Resize(**self.common(shape, source, result=source.result), image=image, rows=rows, columns=columns)
            )
        sizes = [(self.padding(1)[0], self.padding(1)[0]) for _ in range(axes)]
        sign = 1 if kind is ZeroPadding else -1
        if any(n + sign * sum(size) < 1 for n, size in zip(source.shape, sizes, strict=False)):
            return source
        shape = (*(n + sign * sum(size) for n, size in zip(source.shape, sizes, strict=False)), source.shape[-1])
        before, after = ((*(size[end] for size in sizes), 0) for end in (0, 1))
        return self.put(kind(**self.common(shape, source, result=source.result), before=before, after=after))

    def activation(self, source: Node) -> Node:
        """relu, or a cast."""
        function = self.pick(ActivationFunction.RELU, ActivationFunction.LINEAR)
        return self.put(Activation(**self.common(source.shape, source), function=function))

    def normalize(self, source: Node) -> Node:
        """One scale a channel."""
        type_, n = self.type_(3, 6), source.shape[-1]
        return self.put(
            Normalize(
                **self.common(source.shape, source),
                kind=NormalizeKind.BATCH_NORMALIZATION,
                scale=self.words(type_, n),
                scale_type=type_,
                bias=self.words(type_, n),
                bias_type=type_,
            )
        )

    def branches(self, source: Node) -> Node:
        """Two ways that meet again."""
        first = self.activation(source)
        second = source
        for _ in range(int(self.rng.integers(0, 3))):
            second = self.pick(self.same, self.normalize, self.activation)(second)
        if self.rng.random() < 0.5:
            axis = int(self.rng.integers(len(source.shape)))
            shape = list(source.shape)
            if second.shape == first.shape:
                shape[axis] *= 2
                return self.put(Concatenate(**self.common(shape, first, second), axis=axis))
        if second.shape != first.shape:
            return first
        return self.put(Merge(**self.common(first.shape, first, second), operation=self.pick(*MergeOperation)))

    def same(self, source: Node) -> Node:
        """A convolution that keeps the shape."""
        axes, channels = len(source.shape) - 1, source.shape[-1]
        if axes < 1:
            return self.activation(source)
        return self.put(
            Convolution(
                **self.common(source.shape, source),
                **self.weighted(source, (*(3,) * axes, channels, channels), channels),
                **self.reuse(3**axes * channels, channels),
                strides=(1,) * axes,
                padding_before=(1,) * axes,
                padding_after=(1,) * axes,
            )
        )


def random_design(seed: int) -> Graph:
    """A design of three to eight layers over an image or a sequence, and dense layers behind."""
    made = Designer(seed)
    axes = int(made.rng.integers(1, 3))
    shape = (*(int(made.rng.integers(4, 8)) for _ in range(axes)), int(made.rng.integers(1, 4)))
    node: Node = made.put(Input(**made.common(shape)))
    steps = (made.convolution, made.pooling, made.moved, made.activation, made.normalize, made.branches)
    for _ in range(int(made.rng.integers(2, 6))):
        node = made.pick(*steps)(node)
    outputs = []
    if made.rng.random() < 0.7:
        if made.rng.random() < 0.3:
            outputs.append(node.name)
        node = made.put(Reshape(**made.common((node.size,), node, result=node.result)))
        for _ in range(int(made.rng.integers(1, 3))):
            node = made.dense(node)
        if made.rng.random() < 0.3:
            node = made.put(Softmax(**made.common(node.shape, node), implementation=SoftmaxImplementation.ARGMAX))
    if node.name not in outputs and not isinstance(node, Input):
        outputs.append(node.name)
    last = outputs[-1:] or [made.activation(node).name]
    return Graph(f"random{seed}", tuple(made.nodes), tuple(dict.fromkeys([*outputs, *last])))
