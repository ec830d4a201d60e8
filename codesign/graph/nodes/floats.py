"""Where floating-point types may stand: where hls4ml's C++ compiles with them, and rounds as our kernels do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

from codesign.errors import GraphError
from codesign.graph.fixed_point import DOUBLE, FLOAT, FixedPoint
from codesign.graph.nodes.activation import Activation
from codesign.graph.nodes.base import Node
from codesign.graph.nodes.convolution import Convolution, DepthwiseConvolution
from codesign.graph.nodes.dense import Dense
from codesign.graph.nodes.merge import Broadcast, Concatenate, Merge, MergeOperation
from codesign.graph.nodes.movement import Cropping, Resize, Transpose, ZeroPadding
from codesign.graph.nodes.normalize import Normalize
from codesign.graph.nodes.pooling import Pooling, PoolingArithmetic, PoolingKind
from codesign.graph.nodes.ports import Input
from codesign.graph.nodes.product import Product
from codesign.graph.nodes.reshape import Reshape

Sources = Sequence[FixedPoint]


def is_float(type_: FixedPoint) -> bool:
    """Whether a type is floating-point."""
    return type_.significant is not None


def has_floats(node: Node, sources: Sources) -> bool:
    """Whether a node that reads these types has to do with a floating-point type."""
    return any(map(is_float, (*_own(node), *sources)))


def _own(node: Node) -> list[FixedPoint]:
    return [value for item in fields(node) if isinstance(value := getattr(node, item.name), FixedPoint)]


def _anywhere(node: Node, sources: Sources) -> str:
    return ""


def _sums(node: Dense | Convolution | DepthwiseConvolution, sources: Sources) -> str:
    types = (*sources, node.weight_type, node.bias_type, node.accumulator)
    inside = types if is_float(node.bias_type) else (*sources, node.weight_type, node.accumulator)
    plain = node.product is Product.MULT and (not isinstance(node, Dense) or node.strategy != "distributed_arithmetic")
    if any(map(is_float, (*sources, node.weight_type))) and not (plain and len(set(inside)) == 1):
        return "its input, weights and accumulator must be all the same float, and its biases that or fixed-point"
    if is_float(node.bias_type) and node.bias_type != node.accumulator:
        return "float biases need an accumulator of their type"
    return "" if plain or not any(map(is_float, types)) else "binary, ternary or power-of-two weights allow no float"


def _normalize(node: Normalize, sources: Sources) -> str:
    types = {*sources, node.scale_type, node.bias_type}
    if any(map(is_float, types)) and (len(types) > 1 or node.product is not Product.MULT):
        return "its input, scale and bias must be all the same float"
    return ""


def _merge(node: Merge, sources: Sources) -> str:
    if not any(map(is_float, sources)):
        return ""
    if not all(map(is_float, sources)):
        return "its inputs must be both float, or none of them"
    return "hls4ml's C++ has no mean of floats" if node.operation is MergeOperation.AVERAGE else ""


def _pooling(node: Pooling, sources: Sources) -> str:
    # On streams, global pooling starts at the smallest positive float (`std::numeric_limits<T>::min`).
    plain = node.arithmetic in (PoolingArithmetic.PARALLEL, PoolingArithmetic.STREAM)
    if node.kind is PoolingKind.AVERAGE or any(node.before + node.after) or not plain:
        return "only the largest of windows without padding is carried, in global pooling only for io_parallel"
    inside = {*sources, node.accumulator}
    return "its input and accumulator must be the same float" if any(map(is_float, inside)) and len(inside) > 1 else ""


_RULES: dict[type[Node], Callable[..., str]] = {
    **dict.fromkeys((Input, Reshape, Activation, Broadcast, Concatenate), _anywhere),
    **dict.fromkeys((Cropping, Resize, Transpose, ZeroPadding), _anywhere),
    **dict.fromkeys((Dense, Convolution, DepthwiseConvolution), _sums),
    Normalize: _normalize,
    Merge: _merge,
    Pooling: _pooling,
}

# Bits at either side of the point so few that no sum, nor a product of two, is subnormal or infinite in the float,
# which ap_fixed's conversion knows nothing of.
_BITS = {FLOAT: 120, DOUBLE: 1000}
_MULTIPLY = (Dense, Convolution, DepthwiseConvolution, Normalize, Merge)


def _beside(node: Node, sources: Sources) -> str:
    types = [*_own(node), *sources]
    bits = min(_BITS[type_] for type_ in types if is_float(type_)) // (2 if isinstance(node, _MULTIPLY) else 1)
    far = [type_ for type_ in types if not is_float(type_) and max(type_.integer, type_.fraction) > bits]
    return f"{far[0]} beside floats has more than {bits} bits at one side of its point" if far else ""


POSSIBLE = (
    "floats are carried by ports, dense and convolution layers, batch normalization, linear, relu, max pooling, merges "
    "but the mean, concatenation, and layers that move numbers"
)


def check_floats(node: Node, sources: tuple[Node, ...]) -> None:
    """Refuse floating-point types where they are not carried.

    Raises:
        GraphError: naming the node, the reason, and where they are.
    """
    types = [source.result for source in sources]
    if not has_floats(node, types):
        return
    rule = _RULES.get(type(node))
    reason = f"a {type(node).__name__} carries no float" if rule is None else rule(node, types) or _beside(node, types)
    if reason:
        raise GraphError(f"node {node.name!r}: {reason}; {POSSIBLE}: state fixed-point types")
