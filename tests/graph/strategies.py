"""Random types, nodes and graphs, all of them legal."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from codesign.graph import (
    Activation,
    ActivationFunction,
    BinaryThreshold,
    Broadcast,
    ClippedRelu,
    Concatenate,
    Convolution,
    Cropping,
    Dense,
    DepthwiseConvolution,
    Direction,
    Dot,
    Einsum,
    EinsumDense,
    Elu,
    Embedding,
    FixedPoint,
    GarNet,
    GarNetReference,
    GateFunction,
    Graph,
    Gru,
    HardActivation,
    HardFunction,
    Input,
    IntArray,
    LayerNormalization,
    Lstm,
    Merge,
    MergeOperation,
    Node,
    Normalize,
    NormalizeKind,
    Overflow,
    Overflown,
    Pooling,
    PoolingArithmetic,
    PoolingKind,
    PRelu,
    Product,
    Quantizer,
    ReadTimeStep,
    Reshape,
    Resize,
    Rounding,
    Selu,
    Softmax,
    SoftmaxDifference,
    SoftmaxImplementation,
    TableActivation,
    TernaryTanh,
    TernaryThreshold,
    ThresholdedRelu,
    Transpose,
    UnaryTable,
    VertexCollapse,
    WriteTimeStep,
    ZeroPadding,
    frozen,
)
from codesign.graph.nodes.dense import STRATEGIES
from codesign.graph.nodes.product import is_bit

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,11}", fullmatch=True)


@st.composite
def fixed_points(draw: st.DrawFn, max_width: int = 20) -> FixedPoint:
    width = draw(st.integers(1, max_width))
    overflow = draw(st.sampled_from(Overflow))
    return FixedPoint(
        draw(st.booleans()) or overflow is Overflow.WRAP_SM,
        width,
        draw(st.integers(-4, width + 4)),
        draw(st.sampled_from(Rounding)),
        overflow,
    )


def integers_of(draw: st.DrawFn, type_: FixedPoint, shape: tuple[int, ...]) -> IntArray:
    """Integers of a type, its two ends among them more often than chance has it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.integers(type_.min_int, type_.max_int, size=shape, endpoint=True)
    return frozen(np.where(rng.random(shape) < 0.2, rng.choice([type_.min_int, type_.max_int], size=shape), values))


def _weights(draw: st.DrawFn, source: Node, type_: FixedPoint, shape: tuple[int, ...]) -> dict[str, Any]:
    """Weights, and a product that takes them."""
    weight, product, exponent_width = integers_of(draw, type_, shape), Product.MULT, 0
    if is_bit(source.result) and draw(st.booleans()):
        product = draw(st.sampled_from([Product.DATA_BINARY, Product.BOTH_BINARY]))
        if product is Product.BOTH_BINARY:
            weight = frozen(np.sign(weight))
    elif type_.signed and type_.width > 1 and draw(st.integers(0, 3)) == 0:
        product, exponent_width = Product.WEIGHT_EXPONENTIAL, draw(st.integers(1, 6))
        weight = frozen(np.sign(weight) * (1 << (np.abs(weight) % (type_.width - 1))))
    return {"weight": weight, "weight_type": type_, "product": product, "exponent_width": exponent_width}


def _dense(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    n_out = draw(st.integers(1, 5))
    weight_type, bias_type = draw(fixed_points()), draw(fixed_points())
    accumulator = draw(fixed_points(40))
    bias_type = draw(st.sampled_from([bias_type, bias_type, accumulator]))  # of its type, the lowest number survives
    legal = [item for item in range(1, 25) if source.size % item == 0 or item % source.size == 0]
    return Dense(
        **common,
        **_weights(draw, source, weight_type, (source.size, n_out)),
        shape=(n_out,),
        result=draw(fixed_points()),
        bias=integers_of(draw, bias_type, (n_out,)),
        bias_type=bias_type,
        accumulator=accumulator,
        reuse_factor=draw(st.sampled_from(legal)),
        strategy=draw(st.sampled_from(STRATEGIES)),
        counts_agreement=is_bit(source.result) and draw(st.booleans()),
    )


def _normalize(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    scale_type, bias_type = draw(fixed_points()), draw(fixed_points())
    n = draw(st.sampled_from([source.shape[-1], source.size]))
    return Normalize(
        **common,
        shape=source.shape,
        result=draw(fixed_points()),
        kind=draw(st.sampled_from(NormalizeKind)),
        scale=integers_of(draw, scale_type, (n,)),
        scale_type=scale_type,
        bias=integers_of(draw, bias_type, (n,)),
        bias_type=bias_type,
    )


def _activation(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    function = draw(st.sampled_from(ActivationFunction))
    return Activation(**common, shape=source.shape, result=draw(fixed_points()), function=function)


def _reshape(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    shape = draw(st.sampled_from([(source.size,), (1, source.size), source.shape[::-1]]))
    return Reshape(**common, shape=shape, result=source.result)


def _softmax(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    common = {**common, "shape": source.shape, "result": draw(fixed_points())}
    implementation = draw(st.sampled_from(SoftmaxImplementation))
    axis = draw(st.integers(0, len(source.shape)))
    if axis < len(source.shape):
        common.update(n_slice=source.shape[axis], n_inner=prod(source.shape[axis + 1 :]))
    if implementation is SoftmaxImplementation.ARGMAX:
        return Softmax(**common, implementation=implementation)
    exp_type, inv_type = draw(fixed_points()), draw(fixed_points())
    # The top bits of a word index a table, so no table has more entries than its index type has words.
    if implementation is SoftmaxImplementation.LATENCY and source.result.width < 4:
        implementation = SoftmaxImplementation.STABLE
    wide = st.builds(FixedPoint, st.booleans(), st.integers(4, 16), st.integers(1, 6))
    if implementation is SoftmaxImplementation.STABLE:
        common["difference"] = draw(st.sampled_from(SoftmaxDifference))
    return Softmax(
        **common,
        implementation=implementation,
        exp_table=integers_of(draw, exp_type, (2 ** draw(st.integers(1, 4)),)),
        exp_type=exp_type,
        inv_table=integers_of(draw, inv_type, (2 ** draw(st.integers(1, 4)),)),
        inv_type=inv_type,
        norm=draw(wide),
        accumulator=draw(wide),
        inv_input=draw(wide),
    )


def _convolution(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    """A convolution of either kind where the source has axes to go along; else an activation."""
    if len(source.shape) not in (2, 3):
        return _activation(draw, common, source)
    axes = source.shape[:-1]
    before, after = [tuple(draw(st.integers(0, 2)) for _ in axes) for _ in range(2)]
    padded = tuple(int(sum(lengths)) for lengths in zip(axes, before, after, strict=True))
    kernel = tuple(draw(st.integers(1, have)) for have in padded)
    strides = tuple(draw(st.integers(1, 3)) for _ in axes)
    depthwise = draw(st.booleans())
    filters = source.shape[-1] if depthwise else draw(st.integers(1, 3))
    weight_type, bias_type = draw(fixed_points()), draw(fixed_points())
    shape = (*kernel, source.shape[-1]) if depthwise else (*kernel, source.shape[-1], filters)
    made = zip(padded, kernel, strides, strict=True)
    return (DepthwiseConvolution if depthwise else Convolution)(
        **common,
        **_weights(draw, source, weight_type, shape),
        shape=(*((have - window) // step + 1 for have, window, step in made), filters),
        result=draw(fixed_points()),
        bias=integers_of(draw, bias_type, (filters,)),
        bias_type=bias_type,
        accumulator=draw(fixed_points(40)),
        strides=strides,
        padding_before=before,
        padding_after=after,
        reuse_factor=draw(st.sampled_from([item for item in range(1, 9) if prod(shape[:-1]) % item == 0])),
        strategy=draw(st.sampled_from(["latency", "resource", "resource_unrolled"])),
        agreement=draw(st.integers(0, 9)) if is_bit(source.result) else 0,
    )


def _recurrent(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    if len(source.shape) != 2:
        return _dense(draw, common, source)
    cls = draw(st.sampled_from([Lstm, Gru]))
    (steps, n_in), n = source.shape, draw(st.integers(1, 3))
    functions = [draw(st.sampled_from(GateFunction)) for _ in range(2)]
    types = {key: draw(fixed_points()) for key in ("weight", "bias", "recurrent_weight", "recurrent_bias")}
    shapes = {"weight": (n_in, cls.GATES * n), "recurrent_weight": (n, cls.GATES * n)}
    table_type, entries = draw(fixed_points()), draw(st.sampled_from([1, 6, 64]))
    tables = [integers_of(draw, table_type, (0 if item is GateFunction.RELU else entries,)) for item in functions]
    return cls(
        **common,
        shape=draw(st.sampled_from([(n,), (steps, n)])),
        result=draw(fixed_points()),
        **{key: integers_of(draw, type_, shapes.get(key, (cls.GATES * n,))) for key, type_ in types.items()},
        **{f"{key}_type": type_ for key, type_ in types.items()},
        accumulator=draw(fixed_points(40)),
        activation=functions[0],
        recurrent_activation=functions[1],
        table=tables[0],
        recurrent_table=tables[1],
        table_type=table_type,
        direction=draw(st.sampled_from(Direction)),
    )


def _broadcast(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    shape = tuple(draw(st.integers(1, 3)) if axis == 1 else axis for axis in source.shape)
    return Broadcast(**common, shape=shape, result=draw(fixed_points()))


def _embedding(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    if source.result.signed or source.result.integer > 5:  # whatever it reads must be a row
        return _broadcast(draw, common, source)
    table_type = draw(fixed_points())
    rows, columns = (1 << max(source.result.integer, 0)) + 1, draw(st.integers(1, 3))
    return Embedding(
        **common,
        shape=(*source.shape, columns),
        result=draw(fixed_points()),
        table=integers_of(draw, table_type, (rows, columns)),
        table_type=table_type,
    )


def _merge(draw: st.DrawFn, common: dict[str, Any], nodes: list[Node]) -> Node:
    first, second = nodes[-1], draw(st.sampled_from(nodes))
    larger = max((first, second), key=lambda node: node.size)
    return Merge(
        **{**common, "inputs": (first.name, second.name)},
        shape=larger.shape,
        result=draw(st.sampled_from([first.result, draw(fixed_points())])),
        operation=draw(st.sampled_from(MergeOperation)),
    )


def _garnet(draw: st.DrawFn, common: dict[str, Any], nodes: list[Node]) -> Node:
    features, count = nodes[-1], draw(st.sampled_from(nodes))
    if len(features.shape) != 2:
        return _merge(draw, common, nodes)
    (vertices, n_in), (aggregators, n_out, n_propagate) = features.shape, draw(st.tuples(*[st.integers(1, 3)] * 3))
    kinds = {name: draw(fixed_points()) for name in ("table", "distance_weight", "distance_bias", "output_bias")}
    kinds.update({name: draw(fixed_points()) for name in ("input_weight", "input_bias", "output_weight")})
    sizes: dict[str, tuple[int, ...]] = {
        "table": (4096,),
        "distance_weight": (aggregators, n_in),
        "distance_bias": (aggregators,),
        "output_bias": (n_out,),
    }
    common = {**common, "inputs": (features.name, count.name), "result": draw(fixed_points()), "partial": True}
    common |= {"accumulator": draw(fixed_points(30)), "mean_by_count": False}  # for counts may be zero
    reference = draw(st.booleans())
    if reference:
        sizes |= {"input_weight": (n_propagate, n_in), "input_bias": (n_propagate,)}
        sizes |= {"output_weight": (n_out, aggregators, n_propagate)}
    else:
        sizes |= {"input_weight": (n_out, aggregators, n_in), "input_bias": (n_out, aggregators)}
    arrays: dict[str, Any] = {}
    for name, size in sizes.items():
        arrays |= {name: integers_of(draw, kinds[name], size), f"{name}_type": kinds[name]}
    if reference:
        return GarNetReference(**common, **arrays, shape=(vertices, n_out))
    collapse = draw(st.sampled_from(VertexCollapse))
    return GarNet(
        **common,
        **arrays,
        shape=(n_out,) if collapse is VertexCollapse.MEAN else (vertices, n_out),
        weight_accumulator=draw(fixed_points()),
        norm_type=draw(fixed_points()),
        collapse=collapse,
        reuse_factor=draw(st.sampled_from([factor for factor in (1, 2, 4) if vertices % factor == 0])),
    )


def _concatenate(draw: st.DrawFn, common: dict[str, Any], nodes: list[Node]) -> Node:
    axis = draw(st.integers(0, len(nodes[-1].shape) - 1))

    def others(node: Node) -> tuple[int, ...]:
        return (len(node.shape), *node.shape[:axis], *node.shape[axis + 1 :])

    parts = [nodes[-1], draw(st.sampled_from([node for node in nodes if others(node) == others(nodes[-1])]))]
    shape = list(parts[0].shape)
    shape[axis] = sum(node.shape[axis] for node in parts)
    return Concatenate(
        **{**common, "inputs": tuple(node.name for node in parts)},
        shape=tuple(shape),
        result=draw(st.sampled_from([parts[1].result, draw(fixed_points())])),
        axis=axis,
    )


def _layer_normalization(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    scale_type, bias_type, table_type, factor_type = (draw(fixed_points()) for _ in range(4))
    n = source.shape[-1]
    return LayerNormalization(
        **common,
        shape=source.shape,
        result=draw(fixed_points()),
        scale=integers_of(draw, scale_type, (n,)),
        scale_type=scale_type,
        bias=integers_of(draw, bias_type, (n,)),
        bias_type=bias_type,
        accumulator=draw(fixed_points(24)),
        factor=int(integers_of(draw, factor_type, (1,))[0]),
        factor_type=factor_type,
        table=integers_of(draw, table_type, (draw(st.integers(1, 20)),)),
        table_type=table_type,
        range_power=draw(st.integers(0, 4)),
    )


def _quantizer(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    overflow = draw(st.sampled_from(Overflow))
    return Quantizer(
        **common,
        shape=source.shape,
        result=draw(fixed_points()),
        signed=frozen(rng.integers(overflow is Overflow.WRAP_SM, 2, source.size)),
        width=frozen(rng.integers(0, 9, source.size)),
        integer=frozen(rng.integers(-3, 9, source.size)),
        rounding=draw(st.sampled_from(Rounding)),
        overflow=overflow,
    )


def _einsum_dense(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    axes = tuple(draw(st.permutations(range(len(source.shape)))))
    ordered = [source.shape[axis] for axis in axes]
    first, last = sorted((draw(st.integers(0, len(axes))), draw(st.integers(0, len(axes)))))
    places, free, contracted = (prod(part) for part in (ordered[:first], ordered[first:last], ordered[last:]))
    filters = draw(st.integers(1, 3))
    interim = (*ordered[:last], filters)
    result_axes = tuple(draw(st.permutations(range(len(interim)))))
    weight_type, bias_type = draw(fixed_points()), draw(fixed_points())
    return EinsumDense(
        **common,
        shape=tuple(interim[axis] for axis in result_axes),
        result=draw(fixed_points()),
        source_axes=axes,
        weight=integers_of(draw, weight_type, (places, contracted, filters)),
        weight_type=weight_type,
        bias=integers_of(draw, bias_type, (places, free, filters)),
        bias_type=bias_type,
        interim_shape=interim,
        result_axes=result_axes,
        accumulator=draw(fixed_points(40)),
    )


def _dot(draw: st.DrawFn, common: dict[str, Any], nodes: list[Node]) -> Node:
    second = draw(st.sampled_from([node for node in nodes if node.size == nodes[-1].size]))
    return Dot(
        **{**common, "inputs": (nodes[-1].name, second.name)},
        shape=(1,),
        result=draw(fixed_points()),
        accumulator=draw(fixed_points(40)),
    )


def _einsum(draw: st.DrawFn, common: dict[str, Any], nodes: list[Node]) -> Node:
    """Of a result and one of its own shape, as two operands of the same axes."""
    left = nodes[-1]
    right = draw(st.sampled_from([node for node in nodes if node.shape == left.shape]))
    axes = tuple(draw(st.permutations(range(len(left.shape)))))
    ordered = [left.shape[axis] for axis in axes]
    first, last = sorted((draw(st.integers(0, len(axes))), draw(st.integers(0, len(axes)))))
    interim = (*ordered[:last], *ordered[first:last]) or (1,)
    result_axes = tuple(draw(st.permutations(range(len(interim)))))
    return Einsum(
        **{**common, "inputs": (left.name, right.name)},
        shape=tuple(interim[axis] for axis in result_axes),
        result=draw(fixed_points()),
        left_axes=axes,
        right_axes=axes,
        n_inplace=prod(ordered[:first]),
        n_contract=prod(ordered[last:]),
        interim_shape=interim,
        result_axes=result_axes,
        accumulator=draw(fixed_points(40)),
        casts_products=draw(st.booleans()),
    )


def _ends(draw: st.DrawFn, shape: tuple[int, ...], most: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    before = tuple(draw(st.integers(0, min(most, length - 1))) for length in shape)
    after = tuple(
        draw(st.integers(0, min(most, length - 1 - first))) for length, first in zip(shape, before, strict=True)
    )
    return before, after


def _zero_padding(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    before, after = _ends(draw, tuple(3 for _ in source.shape), 2)
    shape = tuple(map(sum, zip(source.shape, before, after, strict=True)))
    return ZeroPadding(**common, shape=shape, result=draw(fixed_points()), before=before, after=after)


def _cropping(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    before, after = _ends(draw, source.shape, 9)
    shape = tuple(length - a - b for length, a, b in zip(source.shape, before, after, strict=True))
    return Cropping(**common, shape=shape, result=draw(fixed_points()), before=before, after=after)


def _resize(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    columns_in = source.shape[-2] if len(source.shape) > 1 else 1
    image = (source.size // columns_in // source.shape[-1], columns_in, source.shape[-1])
    rows = tuple(draw(st.lists(st.integers(0, image[0] - 1), min_size=1, max_size=3)))
    columns = tuple(draw(st.lists(st.integers(0, image[1] - 1), min_size=1, max_size=3)))
    shape = (len(rows), len(columns), image[2])
    return Resize(**common, shape=shape, result=source.result, image=image, rows=rows, columns=columns)


def _transpose(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    axes = tuple(draw(st.permutations(range(len(source.shape)))))
    shape = tuple(source.shape[axis] for axis in axes)
    return Transpose(**common, shape=shape, result=draw(fixed_points()), axes=axes)


def _pooling(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    if len(source.shape) == 1:
        return _transpose(draw, common, source)
    arithmetic = draw(st.sampled_from(PoolingArithmetic))
    if arithmetic is PoolingArithmetic.CHANNELS_FIRST and len(source.shape) != 3:
        arithmetic = PoolingArithmetic.PARALLEL
    first = arithmetic is PoolingArithmetic.CHANNELS_FIRST
    lengths, channels = (source.shape[1:], source.shape[0]) if first else (source.shape[:-1], source.shape[-1])
    window = lengths
    if arithmetic is not PoolingArithmetic.RUNNING:
        window = tuple(draw(st.integers(1, length)) for length in lengths)
    stride = window
    before = after = (0,) * len(lengths)
    if arithmetic is PoolingArithmetic.PARALLEL:
        stride = tuple(draw(st.integers(1, 3)) for _ in lengths)
        before, after = (tuple(draw(st.integers(0, size - 1)) for size in window) for _ in range(2))
    counts = tuple(
        (length + a + b - size) // step + 1
        for length, a, b, size, step in zip(lengths, before, after, window, stride, strict=True)
    )
    integer = draw(st.booleans())
    width = draw(st.integers(1, 20))
    return Pooling(
        **common,
        shape=(channels, *counts) if first else (*counts, channels),
        result=draw(fixed_points()),
        kind=draw(st.sampled_from(PoolingKind)),
        arithmetic=arithmetic,
        window=window,
        stride=stride,
        before=before,
        after=after,
        count_padding=draw(st.booleans()),
        accumulator=FixedPoint(draw(st.booleans()), width, width) if integer else draw(fixed_points(40)),
        integer_accumulator=integer,
    )


MOVING = (_zero_padding, _cropping, _resize, _transpose, _pooling)


def _loop(draw: st.DrawFn, common: dict[str, Any], source: Node) -> list[Node]:
    """A loop over time steps with a node inside."""
    steps, *shape = source.shape
    first, inside = (f"{common['name']}_{part}_of_the_loop" for part in ("start", "inside"))
    start = ReadTimeStep(**{**common, "name": first}, shape=tuple(shape), result=source.result, n_time_steps=steps)
    own = {**common, "name": inside, "inputs": (first,)}
    node = draw(st.sampled_from([*CHAINED, *MOVING]))(draw, own, start)
    if len(node.shape) > 2:  # no result has more than three axes
        node = _activation(draw, own, start)
    end = WriteTimeStep(**{**common, "inputs": (inside,)}, shape=(steps, *node.shape), result=node.result)
    return [start, node, end]


def _rectifier(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    common = {**common, "shape": source.shape, "result": draw(st.sampled_from([source.result, draw(fixed_points())]))}
    type_ = draw(fixed_points())
    if draw(st.booleans()):
        n = draw(st.sampled_from([1, source.size]))
        return PRelu(**common, alpha=integers_of(draw, type_, (n,)), alpha_type=type_)
    if draw(st.booleans()):
        return ThresholdedRelu(**common, theta=integers_of(draw, type_, (1,)), theta_type=type_)
    return ClippedRelu(**common, maximum=draw(st.integers(1, 7)))


def _lookup(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    type_, other = draw(fixed_points()), draw(fixed_points())
    table = integers_of(draw, type_, (draw(st.integers(1, 40)),))
    common = {**common, "shape": source.shape, "result": draw(st.sampled_from([type_, draw(fixed_points())]))}
    tabled = {**common, "table": table, "table_type": type_}
    factor = integers_of(draw, other, (1,))
    if source.result.width <= 8 and draw(st.booleans()):
        words = 1 << source.result.width
        return UnaryTable(**{**tabled, "table": integers_of(draw, type_, (words + draw(st.integers(0, 2)),))})
    if draw(st.booleans()):
        return TableActivation(**tabled, span=draw(st.sampled_from([8, 16])))
    if draw(st.booleans()):
        return Elu(**tabled, alpha=factor, alpha_type=other)
    return Selu(**tabled, gain=factor, gain_type=other, overflown=draw(st.sampled_from(Overflown)))


def _hard(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    slope_type, shift_type = draw(fixed_points()), draw(fixed_points())
    return HardActivation(
        **common,
        shape=source.shape,
        result=draw(fixed_points()),
        function=draw(st.sampled_from(HardFunction)),
        slope=integers_of(draw, slope_type, (1,)),
        slope_type=slope_type,
        shift=integers_of(draw, shift_type, (1,)),
        shift_type=shift_type,
    )


def _threshold(draw: st.DrawFn, common: dict[str, Any], source: Node) -> Node:
    type_, n = draw(fixed_points()), draw(st.sampled_from([1, source.shape[-1], source.size]))
    common = {**common, "shape": source.shape, "result": draw(fixed_points())}
    if draw(st.booleans()):
        below = draw(st.sampled_from([-1, 0]))
        values = integers_of(draw, type_, (n,))
        return BinaryThreshold(**common, threshold=values, threshold_type=type_, below=below)
    if draw(st.booleans()):
        return TernaryTanh(**common, doubled=draw(st.booleans()))
    high, low = integers_of(draw, type_, (n,)), integers_of(draw, type_, (n,))
    return TernaryThreshold(**common, high=high, low=low, threshold_type=type_)


CHAINED = (
    _rectifier,
    _lookup,
    _hard,
    _threshold,
    _dense,
    _convolution,
    _normalize,
    _activation,
    _reshape,
    _softmax,
    _recurrent,
    _layer_normalization,
    _broadcast,
    _embedding,
    _einsum_dense,
    _quantizer,
)
JOINED = (_merge, _concatenate, _dot, _einsum, _garnet)  # these read any of the nodes before them


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A chain of one to five nodes behind one input, sometimes with an output in the middle."""
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique=True))
    shape = draw(st.sampled_from([(1,), (4,), (6,), (2, 3), (3, 2, 2)]))
    given = draw(st.one_of(fixed_points(), fixed_points(), st.just(FixedPoint(False, 1, 1))))
    nodes: list[Node] = [Input(name=names[0], inputs=(), shape=shape, result=given)]
    outside = list(nodes)  # of loops over time steps
    for name in names[1:]:
        common = {"name": name, "inputs": (nodes[-1].name,), "source": draw(st.text(max_size=8))}
        if len(nodes[-1].shape) > 1 and draw(st.booleans()):
            nodes.extend(_loop(draw, common, nodes[-1]))
        else:
            make = draw(st.sampled_from([*CHAINED, *MOVING, *JOINED]))
            nodes.append(make(draw, common, outside if make in JOINED else nodes[-1]))
        outside.append(nodes[-1])
    outputs = draw(st.sampled_from([(names[-1],), (names[-1], names[0])]))
    origin = draw(st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=2))
    return Graph(draw(NAMES), tuple(nodes), outputs, origin)
