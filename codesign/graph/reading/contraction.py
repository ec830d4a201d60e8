"""Layers that multiply two results, or one and weights, along axes that both have."""

from __future__ import annotations

from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.nodes import Dot, Einsum, EinsumDense, Node, frozen
from codesign.graph.reading.precision import class_names, input_precision, read_weight, type_of
from codesign.graph.reading.products import counts_agreement, is_ap_uint1, product_kind, read_products
from codesign.graph.reading.registry import Read, reads
from codesign.graph.reading.views import reshaped


@reads("Dot")
def read_dot(node: Any, common: dict[str, Any]) -> Node:
    """One number out of two results."""
    left, right = (input_precision(node, index) for index in range(2))
    if str(node.model.config.get_config_value("IOType")) == "io_stream":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ has a dot product for io_parallel only; use that"
        )
    if is_ap_uint1(left):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: hls4ml's C++ for a dot product does not compile for a first operand of one bit; "
            "put the other operand first, or state ufixed<1,1>"
        )
    return Dot(**common, accumulator=type_of(node, "accum"), product=product_kind(left, right))


def _axes(node: Any, key: str) -> tuple[int, ...]:
    return tuple(int(axis) for axis in node.get_attr(key))


@reads("Einsum")
def read_einsum(node: Any, common: dict[str, Any]) -> Read:
    """Sums of products of two results."""
    # From PyTorch, the shapes in the equation begin with a batch of 1, which the operands lack.
    views, common = reshaped(node, common, {0: _axes(node, "inp0_shape"), 1: _axes(node, "inp1_shape")})
    # `ap_int += ap_fixed` makes an ap_int of the product first; `ap_fixed +=` takes it whole (ap_fixed_base.h).
    casts_products = "IntegerPrecisionType" in class_names(node.types["accum_t"].precision)
    einsum = Einsum(
        **common,
        left_axes=_axes(node, "inp0_tpose_idxs"),
        right_axes=_axes(node, "inp1_tpose_idxs"),
        n_inplace=int(node.get_attr("n_inplace")),
        n_contract=int(node.get_attr("n_contract")),
        interim_shape=_axes(node, "out_interpert_shape") or (1,),
        result_axes=_axes(node, "out_tpose_idxs") or (0,),
        accumulator=type_of(node, "accum"),
        casts_products=casts_products,
        product=product_kind(input_precision(node, 0), input_precision(node, 1)),
    )
    return Read((*views, einsum), dict.fromkeys((*node.outputs, node.name), node.name))


@reads("EinsumDense")
def read_einsum_dense(node: Any, common: dict[str, Any]) -> Node:
    """A dense layer over some axes."""
    strategy = str(node.get_attr("strategy") or "latency").lower()
    if strategy != "latency":
        raise UnsupportedLayerError(
            f"layer {node.name!r} has strategy {strategy!r}; an EinsumDense is carried with strategy latency"
        )
    places, contracted, filters, free = (
        int(node.get_attr(key)) for key in ("n_inplace", "n_contract", "n_free_kernel", "n_free_data")
    )
    found = read_products(node)
    bias, bias_type = read_weight(node, "bias")
    return EinsumDense(
        **common,
        source_axes=_axes(node, "inp_tpose_idxs"),
        weight=frozen(np.reshape(found.values, (places, contracted, filters))),
        weight_type=found.type,
        bias=frozen(np.reshape(bias, (places, free, filters))),
        bias_type=bias_type,
        interim_shape=_axes(node, "out_interpert_shape"),
        result_axes=_axes(node, "out_tpose_idxs"),
        accumulator=type_of(node, "accum"),
        product=found.product,
        exponent_width=found.exponent_width,
        counts_agreement=counts_agreement(node),
    )
