"""Random networks of the kinds that users bring, each from a seed: what the cost model of our own RTL is fitted to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from codesign.graph import (
    Activation,
    ActivationFunction,
    Concatenate,
    Convolution,
    Dense,
    DepthwiseConvolution,
    FixedPoint,
    Graph,
    Input,
    IntArray,
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
    Rounding,
    Softmax,
    SoftmaxImplementation,
    TableActivation,
    frozen,
)
from codesign.graph.softmax_tables import SoftmaxTypes, tables
from codesign.rtl.folded.multipliers import Multipliers


@dataclass(frozen=True)
class Drawn:
    """A network, and how it is to be built.

    Attributes:
        graph: the network.
        kind: of network, by the name of the function that drew it.
        multipliers: of its folded layers.
    """

    graph: Graph
    kind: str
    multipliers: Multipliers


@dataclass
class _Drawing:
    """A network as it is drawn, layer behind layer."""

    rng: np.random.Generator
    nodes: list[Node] = field(default_factory=list)
    size: dict[str, float] = field(default_factory=dict)  # of a node's numbers, root mean square, about

    def between(self, least: int, most: int) -> int:
        """An integer, both ends included."""
        return int(self.rng.integers(least, most, endpoint=True))

    def one_of(self, *choices: Any) -> Any:
        """One of them."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """True so often."""
        return bool(self.rng.random() < share)

    def put(
        self, make: Callable[..., Node], shape: tuple[int, ...], result: FixedPoint, *reads: Node, **more: Any
    ) -> Node:
        """Another node."""
        name, inputs = f"n{len(self.nodes)}", tuple(node.name for node in reads)
        self.nodes.append(make(name=name, inputs=inputs, shape=shape, result=result, **more))
        self.size[name] = self.size[reads[0].name] if reads else 2.0 ** (result.integer - 1 - int(result.signed))
        return self.nodes[-1]

    def start(self, shape: tuple[int, ...]) -> Node:
        """The input."""
        width = self.between(3, 10)
        signed = self.chance(0.7)
        return self.put(Input, shape, FixedPoint(signed, width, self.between(1, min(4, width))))

    def weights(self, shape: tuple[int, ...], bits: int) -> IntArray:
        """Trained weights look normal and use their range; some are pruned, but no output is left with none."""
        top = (1 << (bits - 1)) - 1
        values = np.rint(self.rng.normal(0.0, max(top, 1) / self.rng.uniform(1.5, 2.5), shape))
        pruned = self.rng.random(shape) < self.one_of(0.0, 0.0, 0.2, 0.5, 0.75)
        values = np.where(pruned, 0, np.clip(values, -top - 1, top))
        flat = values.reshape(-1, shape[-1])
        for output in np.flatnonzero((flat != 0).sum(axis=0) < min(2, flat.shape[0])):
            flat[: min(2, flat.shape[0]), output] = max(top, 1)
        return frozen(flat.reshape(shape).astype(np.int64))

    def weighted(self, source: Node, shape: tuple[int, ...], outputs: int, terms: int) -> dict[str, Any]:
        """Weights, biases, and an accumulator that holds every sum; sums are about 1, as training makes them."""
        bits = self.between(2, 8)
        values = self.weights(shape, bits)
        squares = float(np.mean(np.square(values.astype(np.float64)))) * terms
        fraction = round(math.log2(max(math.sqrt(squares), 1.0) * self.size[source.name]))
        weight = FixedPoint(True, bits, bits - fraction)
        bias = FixedPoint(True, bits, 2)
        below = source.result.fraction + weight.fraction
        width = source.result.width + bits + math.ceil(math.log2(terms + 1)) + 1
        return {
            "weight": values,
            "weight_type": weight,
            "bias": frozen(self.rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), outputs)),
            "bias_type": bias,
            "accumulator": FixedPoint(True, width, width - below),
        }

    def sum_type(self, accumulator: FixedPoint) -> FixedPoint:
        """What leaves a layer with weights: its sum, or a usual type."""
        return self.one_of(accumulator, accumulator, FixedPoint(True, 16, 6))

    def dense(self, source: Node, outputs: int, reuse: int) -> Node:
        """A dense layer."""
        known = self.weighted(source, (source.size, outputs), outputs, source.size)
        made = self.put(Dense, (outputs,), self.sum_type(known["accumulator"]), source, reuse_factor=reuse, **known)
        return self.summed(made)

    def summed(self, node: Node) -> Node:
        """A node whose numbers are about 1."""
        self.size[node.name] = 1.0
        return node

    def relu(self, source: Node) -> Node:
        """A quantized relu, or a quantized identity."""
        bits = self.between(2, 8)
        function = self.one_of(*[ActivationFunction.RELU] * 3, ActivationFunction.LINEAR)
        signed = function is ActivationFunction.LINEAR
        rounding = self.one_of(Rounding.RND_CONV, Rounding.RND_CONV, Rounding.TRN, Rounding.RND)
        integer = self.between(0, 2) + int(signed)
        type_ = FixedPoint(signed, bits, integer, rounding, Overflow.SAT)
        return self.put(Activation, source.shape, type_, source, function=function)

    def normalize(self, source: Node) -> Node:
        """A scale and a bias for each channel."""
        bits, n = self.between(3, 8), source.shape[-1]
        type_ = FixedPoint(True, bits, 2)
        return self.put(
            Normalize,
            source.shape,
            FixedPoint(True, 16, 6),
            source,
            kind=NormalizeKind.BATCH_NORMALIZATION,
            scale=frozen(self.rng.integers(1 << (bits - 3), 1 << (bits - 1), n)),
            scale_type=type_,
            bias=frozen(self.rng.integers(-(1 << (bits - 2)), 1 << (bits - 2), n)),
            bias_type=type_,
        )

    def table(self, source: Node) -> Node:
        """A sigmoid or the like: entries that rise."""
        entries = self.one_of(64, 256, 1024)
        bits = self.between(5, 10)
        type_ = FixedPoint(True, bits, 2)
        steps = np.linspace(-8, 8, entries, endpoint=False)
        values = np.floor(1 / (1 + np.exp(-steps)) * (1 << type_.fraction)).astype(np.int64)
        result = FixedPoint(True, bits, 2)
        return self.put(TableActivation, source.shape, result, source, table=frozen(values), table_type=type_, span=16)

    def softmax(self, source: Node) -> Node:
        """The last layer of a classifier."""
        if self.chance(0.4):
            result = FixedPoint(False, 1, 1)
            return self.put(Softmax, source.shape, result, source, implementation=SoftmaxImplementation.ARGMAX)
        exp, inv = FixedPoint(True, self.between(10, 18), 8), FixedPoint(True, self.between(10, 18), 4)
        norm = FixedPoint(False, self.between(10, 14), 4, Rounding.RND, Overflow.SAT)
        types = SoftmaxTypes(exp, inv, norm, FixedPoint(True, 18, 8), FixedPoint(False, 14, 6))
        entries = self.one_of(32, 64, 256)
        exponentials, inverses = tables(SoftmaxImplementation.STABLE, source.result, types, entries, entries)
        return self.put(
            Softmax,
            source.shape,
            FixedPoint(True, 16, 6),
            source,
            implementation=SoftmaxImplementation.STABLE,
            exp_table=exponentials,
            exp_type=exp,
            inv_table=inverses,
            inv_type=inv,
            norm=types.norm,
            accumulator=types.accumulator,
            inv_input=types.inv_input,
        )

    def reuse(self, terms: int, outputs: int) -> int:
        """A reuse factor above 1 that folds a layer."""
        return int(self.one_of(*[d for d in range(2, terms + 1) if terms % d == 0] or [2], terms * outputs, 4, 8, 16))

    def convolution(self, source: Node, filters: int, *, folded: bool) -> Node:
        """A convolution, padded or not."""
        axes = len(source.shape) - 1
        depthwise = self.chance(0.2)
        channels = source.shape[-1]
        filters = channels if depthwise else filters
        kernel = tuple(self.between(1, min(3, n)) for n in source.shape[:-1])
        same = self.chance(0.5)
        before = tuple((k - 1) // 2 if same else 0 for k in kernel)
        after = tuple(k // 2 if same else 0 for k in kernel)
        strides = (1,) * axes if same else tuple(self.between(1, 2) for _ in range(axes))
        ends = zip(source.shape, before, after, kernel, strides, strict=False)
        counts = tuple((n + b + a - k) // s + 1 for n, b, a, k, s in ends)
        shape = (*kernel, channels) if depthwise else (*kernel, channels, filters)
        terms = math.prod(kernel) * (1 if depthwise else channels)
        known = self.weighted(source, shape, filters, terms)
        made = self.put(
            DepthwiseConvolution if depthwise else Convolution,
            (*counts, filters),
            self.sum_type(known["accumulator"]),
            source,
            strides=strides,
            padding_before=before,
            padding_after=after,
            reuse_factor=self.reuse(terms, filters) if folded else 1,
            **known,
        )
        return self.summed(made)

    def pooling(self, source: Node) -> Node:
        """Pooling over windows that follow one another, or over everything."""
        lengths = source.shape[:-1]
        window = lengths if self.chance(0.2) else tuple(min(2, n) for n in lengths)
        counts = tuple(n // w for n, w in zip(lengths, window, strict=True))
        kind = self.one_of(PoolingKind.MAX, PoolingKind.MAX, PoolingKind.AVERAGE)
        total = source.result.width + math.ceil(math.log2(math.prod(window) + 1))
        accumulator = FixedPoint(source.result.signed, total, total - source.result.fraction)
        return self.put(
            Pooling,
            (*counts, source.shape[-1]),
            source.result,
            source,
            kind=kind,
            arithmetic=PoolingArithmetic.PARALLEL,
            window=window,
            stride=window,
            before=(0,) * len(lengths),
            after=(0,) * len(lengths),
            count_padding=True,
            accumulator=source.result if kind is PoolingKind.MAX else accumulator,
        )


def _layers(draw: _Drawing, node: Node, least: int, most: int, *, folded: bool, largest: int) -> Node:
    """Dense layers, each with what follows it."""
    for _ in range(draw.between(least, most)):
        outputs = draw.between(2, largest)
        node = draw.dense(node, outputs, draw.reuse(node.size, outputs) if folded else 1)
        if draw.chance(0.15):
            node = draw.normalize(node)
        node = draw.relu(node) if draw.chance(0.85) else node
    return node


def _unrolled_mlp(draw: _Drawing) -> None:
    _layers(draw, draw.start((draw.between(3, 10),)), 1, 3, folded=False, largest=7)


def _folded_mlp(draw: _Drawing) -> None:
    _layers(draw, draw.start((draw.between(4, 24),)), 1, 2, folded=True, largest=12)


def _classifier(draw: _Drawing) -> None:
    node = _layers(draw, draw.start((draw.between(3, 8),)), 1, 1, folded=draw.chance(0.5), largest=6)
    node = draw.dense(node, draw.between(2, 4), 1)
    draw.softmax(node)


def _with_tables(draw: _Drawing) -> None:
    node = draw.dense(draw.start((draw.between(2, 6),)), draw.between(1, 4), 1)
    node = draw.table(draw.relu(node) if draw.chance(0.4) else node)
    if draw.chance(0.5):
        draw.dense(node, draw.between(1, 4), draw.one_of(1, 2))


def _image_network(draw: _Drawing, *, folded: bool) -> None:
    axes = draw.between(1, 2)
    side = draw.between(5, 16)
    shape = (*(side,) * axes, draw.between(1, 2))
    node = draw.start(shape)
    for _ in range(draw.between(1, 2) if folded else 1):
        node = draw.convolution(node, draw.between(1, 5 if folded else 2), folded=folded)
        node = draw.relu(node)
        if draw.chance(0.6) and min(node.shape[:-1]) >= 2:
            node = draw.pooling(node)
    if draw.chance(0.6) and node.size <= (512 if folded else 16):
        flat = draw.put(Reshape, (node.size,), node.result, node)
        outputs = draw.between(2, 6)
        draw.dense(flat, outputs, draw.reuse(flat.size, outputs) if folded else 1)


def _unrolled_images(draw: _Drawing) -> None:
    _image_network(draw, folded=False)


def _folded_images(draw: _Drawing) -> None:
    _image_network(draw, folded=True)


def _branches(draw: _Drawing) -> None:
    start = draw.relu(draw.dense(draw.start((draw.between(3, 6),)), draw.between(2, 5), 1))
    first = draw.relu(draw.dense(start, start.size, draw.one_of(1, 1, 2)))
    if draw.chance(0.5):
        operation = draw.one_of(MergeOperation.ADD, MergeOperation.SUBTRACT, MergeOperation.MAXIMUM)
        joined = draw.put(Merge, start.shape, FixedPoint(True, 12, 6), start, first, operation=operation)
    else:
        joined = draw.put(Concatenate, (2 * start.size,), FixedPoint(True, 10, 4), start, first, axis=0)
    draw.dense(joined, draw.between(2, 5), 1)


KINDS: Mapping[str, Callable[[_Drawing], None]] = {
    "unrolled_mlp": _unrolled_mlp,
    "folded_mlp": _folded_mlp,
    "classifier": _classifier,
    "with_tables": _with_tables,
    "unrolled_images": _unrolled_images,
    "folded_images": _folded_images,
    "branches": _branches,
}
# More of what users build most.
_OFTEN = ("unrolled_mlp", "unrolled_mlp", "folded_mlp", "folded_mlp", "folded_images")


def network(seed: int) -> Drawn:
    """The network of a seed; the same one always.

    Args:
        seed: at least 0.
    """
    draw = _Drawing(np.random.default_rng(seed))
    names = [*KINDS, *_OFTEN]
    kind = names[seed % len(names)]
    KINDS[kind](draw)
    multipliers = draw.one_of(*Multipliers)
    return Drawn(Graph(f"n{seed}", tuple(draw.nodes), (draw.nodes[-1].name,)), kind, multipliers)
