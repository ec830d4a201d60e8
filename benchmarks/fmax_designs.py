"""Random classifiers of hundreds to thousands of LUTs, to measure how fast our own RTL is after place and route.

A design follows from its kind and a seed: dense and convolutional networks, unrolled and folded, of many widths and
for many clock periods.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from codesign.errors import BoardError
from codesign.graph import (
    Activation,
    ActivationFunction,
    Convolution,
    Dense,
    FixedPoint,
    Graph,
    Input,
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
    SoftmaxDifference,
    SoftmaxImplementation,
    TableActivation,
    frozen,
)
from codesign.graph.softmax_tables import stable_types, tables
from codesign.rtl.family import TIMING, Family, cut_for
from codesign.rtl.folded.multipliers import Multipliers
from codesign.rtl.network import Planned, build_units, plan_units
from codesign.rtl.units import Options
from codesign.simulate import predict
from codesign.verify.stimulus import random_inputs


class Kind(str, Enum):
    """What a random design is."""

    MLP = "mlp"
    FOLDED_MLP = "folded_mlp"
    CNN = "cnn"
    FOLDED_CNN = "folded_cnn"
    DEEP = "deep"
    """Wide layers with so few multipliers that block RAM holds their weights."""
    TABLES = "tables"
    """Unrolled, with tables as activations and a softmax."""


@dataclass(frozen=True)
class Drawn:
    """A design and what it is built for.

    Attributes:
        graph: the design.
        planned: its units.
        options: what they are planned for.
    """

    graph: Graph
    planned: tuple[Planned, ...]
    options: Options


@dataclass
class _Layers:
    """Layers as they are put one behind the other."""

    rng: np.random.Generator
    sparsity: float
    weight_bits: int
    nodes: list[Node] = field(default_factory=list)

    @property
    def last(self) -> Node:
        """The one that the next layer reads."""
        return self.nodes[-1]

    def chance(self, share: float) -> bool:
        """Whether something happens that does in such a share of cases."""
        return bool(self.rng.random() < share)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def name(self) -> str:
        """Of the next layer."""
        return f"n{len(self.nodes)}"

    def inputs(self, shape: tuple[int, ...], bits: int) -> None:
        """The port."""
        self.nodes.append(Input(name=self.name(), inputs=(), shape=shape, result=FixedPoint(self.chance(0.5), bits, 1)))

    def _words(self, bits: int, shape: tuple[int, ...], zeros: float) -> np.ndarray:
        top = 1 << bits - 1
        values = self.rng.normal(0, top / 2.5, size=shape).round().clip(-top, top - 1).astype(np.int64)
        return frozen(np.where(self.rng.random(shape) < zeros, 0, values))

    def weighted(self, *, filters: int, kernel: tuple[int, ...] | None = None) -> None:
        """A dense layer, or a convolution over windows of a shape, with an accumulator that holds every sum."""
        source, bits = self.last, self.weight_bits
        terms = math.prod(kernel or ()) * source.shape[-1]
        fraction = source.result.fraction + bits - 1
        width = source.result.width + bits + math.ceil(math.log2(terms + 1)) + 1
        accumulator = FixedPoint(True, width, width - fraction)
        weight = {
            "weight": self._words(bits, (*(kernel or ()), source.shape[-1], filters), self.sparsity),
            "weight_type": FixedPoint(True, bits, 1),
            "bias": self._words(bits, (filters,), 0.1),
            "bias_type": FixedPoint(True, bits, 1),
            "accumulator": accumulator,
            "result": accumulator,
        }
        if kernel is None:
            self.nodes.append(Dense(name=self.name(), inputs=(source.name,), shape=(filters,), **weight))
            return
        same = self.chance(0.4)
        before = tuple((k - 1) // 2 if same else 0 for k in kernel)
        after = tuple(k // 2 if same else 0 for k in kernel)
        counts = tuple(n if same else n - k + 1 for n, k in zip(source.shape, kernel, strict=False))
        self.nodes.append(
            Convolution(
                name=self.name(),
                inputs=(source.name,),
                shape=(*counts, filters),
                strides=(1,) * len(kernel),
                padding_before=before,
                padding_after=after,
                **weight,
            )
        )

    def relu(self, bits: int) -> None:
        """A quantized relu."""
        mode = (Rounding.RND_CONV, Overflow.SAT) if self.chance(0.6) else (Rounding.TRN, Overflow.SAT)
        result = FixedPoint(False, bits, self.between(0, 2), *mode)
        self.nodes.append(
            Activation(
                name=self.name(),
                inputs=(self.last.name,),
                shape=self.last.shape,
                result=result,
                function=ActivationFunction.RELU,
            )
        )

    def normalize(self) -> None:
        """Batch normalization."""
        source, channels = self.last, self.last.shape[-1]
        type_ = FixedPoint(True, self.weight_bits, 2)
        self.nodes.append(
            Normalize(
                name=self.name(),
                inputs=(source.name,),
                shape=source.shape,
                result=FixedPoint(True, 12, 5, Rounding.RND, Overflow.SAT),
                kind=NormalizeKind.BATCH_NORMALIZATION,
                scale=self._words(self.weight_bits, (channels,), 0),
                scale_type=type_,
                bias=self._words(self.weight_bits, (channels,), 0),
                bias_type=type_,
            )
        )

    def pool(self) -> None:
        """The largest number of every window of two by two."""
        source = self.last
        window = (2,) * (len(source.shape) - 1)
        self.nodes.append(
            Pooling(
                name=self.name(),
                inputs=(source.name,),
                shape=(*(n // 2 for n in source.shape[:-1]), source.shape[-1]),
                result=source.result,
                kind=PoolingKind.MAX,
                arithmetic=PoolingArithmetic.PARALLEL,
                window=window,
                stride=window,
                before=(0,) * len(window),
                after=(0,) * len(window),
                count_padding=True,
                accumulator=source.result,
            )
        )

    def flatten(self) -> None:
        """A vector."""
        source = self.last
        self.nodes.append(Reshape(name=self.name(), inputs=(source.name,), shape=(source.size,), result=source.result))

    def softmax(self) -> None:
        """Probabilities, of tables of 64 entries."""
        source, entries = self.last, 64
        t = stable_types(source.result, entries, source.size)
        exp_table, inv_table = tables(
            SoftmaxImplementation.STABLE, source.result, t, entries, entries, difference=SoftmaxDifference.MAX_MINUS_X
        )
        self.nodes.append(
            Softmax(
                name=self.name(),
                inputs=(source.name,),
                shape=source.shape,
                result=FixedPoint(True, 12, 4),
                implementation=SoftmaxImplementation.STABLE,
                difference=SoftmaxDifference.MAX_MINUS_X,
                exp_table=exp_table,
                exp_type=t.exp,
                inv_table=inv_table,
                inv_type=t.inv,
                norm=t.norm,
                accumulator=t.accumulator,
                inv_input=t.inv_input,
            )
        )

    def lookup(self, bits: int) -> None:
        """A hyperbolic tangent by table."""
        source, entries = self.last, 1 << self.between(5, 8)
        type_ = FixedPoint(True, bits, 1, Rounding.RND, Overflow.SAT)
        span = 8
        at = (np.arange(entries) - entries / 2) * span / entries
        table = np.clip(np.round(np.tanh(at) * 2.0**type_.fraction), type_.min_int, type_.max_int).astype(np.int64)
        self.nodes.append(
            TableActivation(
                name=self.name(),
                inputs=(source.name,),
                shape=source.shape,
                result=type_,
                table=frozen(table),
                table_type=type_,
                span=span,
            )
        )

    def winner(self) -> None:
        """The class."""
        source = self.last
        self.nodes.append(
            Softmax(
                name=self.name(),
                inputs=(source.name,),
                shape=source.shape,
                result=FixedPoint(False, 1, 1),
                implementation=SoftmaxImplementation.ARGMAX,
            )
        )


def _mlp(layers: _Layers, sizes: list[int], bits: int) -> None:
    for size in sizes[:-1]:
        layers.weighted(filters=size)
        if layers.chance(0.2):
            layers.normalize()
        layers.relu(bits)
    layers.weighted(filters=sizes[-1])
    end = layers.rng.random()
    if end < 0.3:
        layers.winner()
    elif end < 0.45:
        layers.softmax()


def _unrolled_mlp(layers: _Layers) -> None:
    bits = layers.between(2, 8)
    layers.inputs((layers.between(3, 10),), bits)
    _mlp(layers, [layers.between(3, 8) for _ in range(layers.between(0, 2))] + [layers.between(2, 5)], bits)


def _folded_mlp(layers: _Layers) -> None:
    bits = layers.between(3, 9)
    layers.inputs((layers.between(4, 16),), bits)
    _mlp(layers, [layers.between(4, 12) for _ in range(layers.between(0, 2))] + [layers.between(2, 6)], bits)


def _cnn(layers: _Layers) -> None:
    bits = layers.between(2, 6)
    axes = layers.between(1, 2)
    side = layers.between(6, 9) if axes == 2 else layers.between(8, 16)
    layers.inputs((*(side,) * axes, layers.between(1, 2)), bits)
    layers.weighted(filters=layers.between(1, 3), kernel=(layers.between(2, 3),) * axes)
    layers.relu(bits)
    if layers.chance(0.7):
        layers.pool()
    if layers.chance(0.4):
        layers.weighted(filters=layers.between(1, 3), kernel=(2,) * axes)
        layers.relu(bits)
    layers.flatten()
    layers.weighted(filters=layers.between(2, 4))


def _deep(layers: _Layers) -> None:
    bits = layers.between(3, 8)
    layers.inputs((layers.between(12, 32),), bits)
    _mlp(layers, [layers.between(8, 16) for _ in range(layers.between(0, 1))] + [layers.between(6, 12)], bits)


def _tables(layers: _Layers) -> None:
    bits = layers.between(3, 8)
    layers.inputs((layers.between(2, 6),), bits)
    if layers.chance(0.7):
        layers.weighted(filters=layers.between(2, 4))
        layers.lookup(bits)
    layers.weighted(filters=layers.between(2, 3))
    if layers.chance(0.6):
        layers.softmax()
    else:
        layers.lookup(bits)


_LAYERS: dict[Kind, Callable[[_Layers], None]] = {
    Kind.MLP: _unrolled_mlp,
    Kind.FOLDED_MLP: _folded_mlp,
    Kind.CNN: _cnn,
    Kind.FOLDED_CNN: _cnn,
    Kind.DEEP: _deep,
    Kind.TABLES: _tables,
}
_FOLDED = {Kind.FOLDED_MLP: 1.0, Kind.FOLDED_CNN: 0.8, Kind.DEEP: 1.0}


def _reuse(layers: _Layers, kind: Kind) -> dict[str, int]:
    """Reuse factors of layers with weights; a wide dense layer behind an image is never unrolled."""
    found = {}
    for node in layers.nodes:
        if isinstance(node, Dense | Convolution):
            n_in = node.weight.size // node.weight.shape[-1]
            wide = isinstance(node, Dense) and n_in > 24
            if wide or layers.chance(_FOLDED.get(kind, 0.0)):
                top = n_in * node.weight.shape[-1]
                factor = top / layers.between(1, 3) if kind is Kind.DEEP else top ** layers.rng.uniform(0.5, 1.0)
                found[node.name] = max(int(factor), 2, n_in if wide else 0)
    return found


def _periods(family: Family, logic: float) -> Iterator[float]:
    """Clock periods to try, each longer than the one before.

    Args:
        logic: time for logic in the first one, in levels of LUTs.
    """
    fabric = TIMING[family].fabric
    period = fabric.stage_ns + logic * fabric.level_ns
    for _ in range(20):
        yield round(period, 1)
        period *= 1.3


def varies(graph: Graph) -> bool:
    """Whether every number of the answer depends on the input; else synthesis leaves little of the design."""
    answers = predict(graph, random_inputs(graph, 64, 0))
    return all(len(set(number)) > 1 for answer in answers.values() for number in answer.reshape(64, -1).T.tolist())


def draw(kind: Kind, seed: int, family: Family) -> Drawn:
    """The random design of a kind and a seed, for a family, at the shortest period that it can be cut for from one on.

    Raises:
        UnsupportedLayerError: the RTL flow cannot build a layer of it.
        BoardError: it cannot be cut for any period.
    """
    rng = np.random.default_rng([list(Kind).index(kind), seed])
    layers = _Layers(rng, float(rng.uniform(0, 0.6)), int(rng.integers(2, 9)))
    _LAYERS[kind](layers)
    graph = Graph(f"{kind.value}{seed}", tuple(layers.nodes), (layers.last.name,))
    reuse = _reuse(layers, kind)
    multipliers = list(Multipliers)[layers.between(0, 2)]
    refused = BoardError("no period was tried")
    for period in _periods(family, float(np.exp(rng.uniform(np.log(4), np.log(24))))):
        options = Options(family, period, cut_for(family, period), reuse, multipliers)
        try:
            planned = plan_units(graph, options)
            build_units(planned)
        except BoardError as error:
            refused = error
            continue
        return Drawn(graph, planned, options)
    raise refused
