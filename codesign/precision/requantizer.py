"""One Graph with many choices of bits, layer by layer from a memory of what was made before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from codesign.errors import PrecisionError
from codesign.graph import (
    Activation,
    ActivationFunction,
    ClippedRelu,
    Elu,
    FixedPoint,
    Graph,
    HardActivation,
    Lstm,
    Node,
    Overflow,
    PRelu,
    Quantizer,
    Rounding,
    Selu,
    Softmax,
    TableActivation,
    ThresholdedRelu,
    UnaryTable,
)
from codesign.graph.interval import Interval
from codesign.precision.bits import Bits, fitted, narrowed, of_bits, weight_slots
from codesign.precision.exact import Read
from codesign.precision.layers import require
from codesign.precision.retype import derived_or_own, own_type
from codesign.precision.rewrite import Known, analysed, check_node, rebuilt, rewrite_node

G = TypeVar("G", bound=Graph)

_ELEMENTWISE = (
    Activation,
    ClippedRelu,
    Elu,
    HardActivation,
    PRelu,
    Quantizer,
    Selu,
    TableActivation,
    ThresholdedRelu,
    UnaryTable,
)


@dataclass(frozen=True)
class _Uniform:
    """As many bits as stated; see `uniform` for what becomes of the rest."""

    bits: Bits
    known: Known
    is_quantizer: bool
    weights: Mapping[str, FixedPoint]

    def stated(self, node: Node) -> Mapping[str, FixedPoint]:
        if self.is_quantizer and "result" not in self.known.wanted and self.bits.activations is not None:
            return {**self.weights, "result": of_bits(node, node.result, self.bits.activations)}
        return self.weights

    def opened(self, node: Node, key: str, wanted: FixedPoint) -> FixedPoint:
        found = derived_or_own(node, key, wanted, self.known)
        if key == "result" and self.is_quantizer:
            return found if self.bits.activations is None else of_bits(node, found, self.bits.activations)
        inside = key in ("accum", "result") and not isinstance(node, Softmax)
        if not inside or key in self.known.derived or found == wanted:
            return found
        return _no_wider(own_type(node, key), wanted)


def _no_wider(own: FixedPoint, wanted: FixedPoint) -> FixedPoint:
    """A type that was stated, without the bits at either end that are no longer needed."""
    if own.significant is not None or own.rounding is not Rounding.TRN or own.overflow is not Overflow.WRAP:
        return own
    needed = wanted.integer + int(own.signed) - int(wanted.signed)
    integer, fraction = min(own.integer, needed), min(own.fraction, wanted.fraction)
    return replace(own, width=integer + fraction, integer=integer) if integer + fraction > int(own.signed) else own


class Requantizer(Generic[G]):
    """One Graph with many choices of bits; layers that were made once are made no more.

    Attributes:
        graph: the design as it was.
        quantizers: names of the nodes whose results are what `activations` counts the bits of: element-wise functions,
            but not casts for a layer that takes one type only, casts to the very type that they read, and functions
            whose result loses nothing and is read by quantizers alone.
    """

    def __init__(self, graph: G) -> None:
        """Look at every node once.

        Raises:
            PrecisionError: no ap_fixed is as wide as a type would have to be to lose nothing.
        """
        self.graph = graph
        self._known = analysed(graph)
        self.quantizers = frozenset(node.name for node in graph if self._quantizes(node))
        self._weighted = frozenset(node.name for node in graph if weight_slots(node))
        self._old = {node.name: [source.result for source in graph.sources(node)] for node in graph}
        self._memo: dict[tuple[object, ...], tuple[Node, Interval]] = {}
        self._weights: dict[tuple[str, int], Mapping[str, FixedPoint]] = {}

    def _readers(self, node: Node) -> list[Node]:
        return [reader for reader in self.graph if node.name in reader.inputs]

    def _quantizes(self, node: Node) -> bool:
        readers = self._readers(node)
        if not isinstance(node, _ELEMENTWISE) or node.result.significant is not None:
            return False
        if any(isinstance(reader, Lstm) for reader in readers):
            return False
        if "result" not in self._known[node.name].derived:
            return True
        if isinstance(node, Activation) and node.function is ActivationFunction.LINEAR:
            return False
        stated = [isinstance(reader, _ELEMENTWISE) and self._is_stated(reader) for reader in readers]
        return node.name in self.graph.outputs or not stated or not all(stated)

    def _is_stated(self, node: Node) -> bool:
        return "result" not in self._known[node.name].derived

    def _types(self, node: Node, bits: int | None) -> Mapping[str, FixedPoint]:
        if bits is None:
            return {}
        found = self._weights.get((node.name, bits))
        if found is None:
            found = {
                slot.key: fitted(
                    getattr(node, slot.array or ""),
                    getattr(node, slot.field),
                    bits,
                    what=f"layer {node.name!r}: {slot.key}",
                )
                for slot in weight_slots(node)
            }
            self._weights[node.name, bits] = found
        return found

    def uniform(self, bits: Bits, layers: Mapping[str, Bits] | None = None) -> G:
        """The Graph with as many bits as stated; see `codesign.precision.uniform`.

        Raises:
            PrecisionError: as there.
            GraphError: as there.
        """
        everywhere, own = bits, self._by_node(layers or {})
        made: dict[str, tuple[Node, Interval]] = {}
        for node in self.graph:
            each = own.get(node.name)
            chosen = everywhere if each is None else each.over(everywhere)
            sources = [made[name] for name in node.inputs]
            if self._is_untouched(node, chosen) and all(made[name][0] is self.graph[name] for name in node.inputs):
                made[node.name] = node, self._known[node.name].held
            else:
                made[node.name] = self._node(node, chosen, sources)
        return rebuilt(self.graph, [node for node, _ in made.values()])

    def _is_untouched(self, node: Node, bits: Bits) -> bool:
        weights = bits.weights is None or node.name not in self._weighted
        return weights and (bits.activations is None or node.name not in self.quantizers)

    def _node(self, node: Node, bits: Bits, sources: list[tuple[Node, Interval]]) -> tuple[Node, Interval]:
        is_quantizer = node.name in self.quantizers
        key = (
            node.name,
            bits.weights if node.name in self._weighted else None,
            bits.activations if is_quantizer else None,
            *((source.result, held) for source, held in sources),
        )
        found = self._memo.get(key)
        if found is None:
            choice = _Uniform(bits, self._known[node.name], is_quantizer, self._types(node, bits.weights))
            reads = [Read(held, source.result) for source, held in sources]
            new, held = rewrite_node(node, reads, self._old[node.name], choice)
            if isinstance(node, Quantizer) and is_quantizer and bits.activations is not None:
                new = narrowed(node, bits.activations)
                held = Interval.of(new.result)
            check_node(new, node, [source for source, _ in sources], self._old[node.name])
            found = self._memo[key] = (new, held)
        return found

    def _by_node(self, layers: Mapping[str, Bits]) -> dict[str, Bits]:
        found: dict[str, Bits] = {}
        for layer, bits in layers.items():
            if bits.weights is not None:
                for node in self.weighted(layer):
                    found[node.name] = replace(found.get(node.name, Bits()), weights=bits.weights)
            if bits.activations is not None:
                for node in self.quantizing(layer):
                    found[node.name] = replace(found.get(node.name, Bits()), activations=bits.activations)
        return found

    def weighted(self, layer: str) -> tuple[Node, ...]:
        """The nodes of a layer that have weights.

        Raises:
            PrecisionError: there are none; says which layers have.
        """
        return require(
            self.graph,
            layer,
            lambda node: bool(weight_slots(node)),
            what="weights",
            where="weights",
            error=PrecisionError,
        )

    def quantizing(self, layer: str) -> tuple[Node, ...]:
        """The nodes of a layer that are activations.

        Raises:
            PrecisionError: there are none; says which layers are.
        """
        return require(
            self.graph,
            layer,
            lambda node: node.name in self.quantizers,
            what="activations",
            where="activations",
            error=PrecisionError,
        )
