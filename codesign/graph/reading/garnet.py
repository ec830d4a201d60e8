"""GarNet and GarNetStack (nnet_garnet.h, garnet_templates.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from codesign.errors import UnsupportedLayerError
from codesign.graph.c_math import exp
from codesign.graph.cast import cast
from codesign.graph.convert import from_float
from codesign.graph.fixed_point import FixedPoint, Overflow
from codesign.graph.nodes import GarNet, GarNetReference, IntArray, Node, VertexCollapse, frozen
from codesign.graph.nodes.garnet import DISTANCE
from codesign.graph.reading.precision import input_type, is_ap_int, read_type, read_weight
from codesign.graph.reading.registry import Read, reads

_FRACTION = 10  # of hls4ml's default types
_EXPONENTIAL = FixedPoint(True, 2 * DISTANCE.width + 1, 2 * DISTANCE.integer + 1)  # of -distance * distance
_READERS = ("GarNet", "GarNetStack")


@reads("GarNet")
def read_garnet(node: Any, common: dict[str, Any]) -> Node:
    """A GarNet, with contracted transforms or as the reference implementation."""
    collapse = _check(node)
    fields = {**common, **_types(node), "partial": _partial(node)}
    weights = {key: key for key in node.weights}
    if not getattr(node, "ref_impl", False):
        return _layer(node, fields, weights, collapse)
    if collapse is not VertexCollapse.NONE:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: ref_impl with collapse {node.get_attr('collapse')!r}, whose C++ does not compile; "
            "leave ref_impl or collapse out"
        )
    for key in ("reuse_factor", "weight_accumulator", "norm_type"):
        del fields[key]
    output_weight, output_weight_type = read_weight(node, "output_transform_weights")
    shared = _weights(node, weights)
    aggregators, n_propagate = shared["distance_bias"].size, shared["input_bias"].size
    return GarNetReference(
        **fields,
        **shared,
        output_weight=frozen(output_weight.reshape(-1, aggregators, n_propagate)),
        output_weight_type=output_weight_type,
    )


@reads("GarNetStack")
def read_garnet_stack(node: Any, common: dict[str, Any]) -> Read:
    """A stack as one GarNet after the other; only its last result is a result of hls4ml's."""
    collapse = _check(node)
    if collapse is VertexCollapse.NONE:
        raise UnsupportedLayerError(
            f"layer {node.name!r}: a GarNetStack without collapse, whose C++ does not compile; use collapse 'mean'"
        )
    layers = list(range(int(node.get_attr("n_sublayers"))))
    n_in, n_out = list(node.get_attr("n_in_features")), list(node.get_attr("n_out_features"))
    if len(layers) == 1:
        layers = [0, 0]  # The C++ takes the first for the second one, too.
        if n_in[0] != n_out[0]:
            raise UnsupportedLayerError(
                f"layer {node.name!r}: a GarNetStack of one sublayer with {n_in[0]} features and {n_out[0]} results, "
                "whose C++ does not compile, for it reads its own results again; use a GarNet"
            )
    fields = {**common, **_types(node)}
    features, count = common["inputs"]
    vertices = int(node.get_attr("n_vertices"))
    nodes: list[GarNet] = []
    for place, layer in enumerate(layers):
        names = {
            f"{name}_{kind}": f"{name}_{layer}_{kind}"
            for name in ("input_transform", "aggregator_distance", "output_transform")
            for kind in ("weights", "biases")
        }
        last = place == len(layers) - 1
        own = {
            "name": common["name"] if last else f"{common['name']}_sublayer_{place}",
            "inputs": (nodes[-1].name if nodes else features, count),
            "shape": common["shape"] if last else (vertices, int(n_out[layer])),
            "partial": not last,
        }
        read = _layer(node, {**fields, **own}, names, collapse if last else VertexCollapse.NONE)
        nodes.append(read)
    return Read(tuple(nodes), dict.fromkeys((*node.outputs, node.name), nodes[-1].name))


def _check(node: Any) -> VertexCollapse:
    """Refuse what hls4ml has no C++ for; the collapse of the rest."""
    if str(node.model.config.get_config_value("IOType")) == "io_stream":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {node.class_name} in io_stream, for which hls4ml has no C++; use io_parallel"
        )
    collapse = node.get_attr("collapse")
    if collapse and collapse != "mean":
        raise UnsupportedLayerError(
            f"layer {node.name!r}: collapse {collapse!r}, for which hls4ml has no C++; use 'mean' or none"
        )
    vertices, found = int(node.get_attr("n_vertices")), int(node.get_input_variable(node.inputs[0]).shape[0])
    if vertices != found:
        raise UnsupportedLayerError(
            f"layer {node.name!r} is of {vertices} vertices, but reads {found}, so that the C++ would read past their "
            "end or leave some out; let both agree"
        )
    result = node.get_output_variable().type.precision
    if collapse and is_ap_int(result):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: collapse 'mean' into {result}; sums of an integer type are not carried here: "
            "state a fixed-point result in --precision"
        )
    return VertexCollapse.MEAN if collapse else VertexCollapse.NONE


def _precision(node: Any, name: str, default: FixedPoint) -> FixedPoint:
    """A type as hls4ml's template takes it: the model's default counts as none."""
    precision, type_name = node.model.config.get_precision(node, var=name)
    if type_name.endswith("default_t"):
        return default
    if is_ap_int(precision):
        raise UnsupportedLayerError(
            f"layer {node.name!r}: {name} has the integer type {precision}, whose C++ computes otherwise and is not "
            "carried here; state a fixed-point type in --precision"
        )
    return read_type(precision, layer=node.name, what=name)


def _types(node: Any) -> dict[str, Any]:
    """The fields that all weights of a layer share."""
    reuse_factor = int(node.get_attr("reuse_factor"))
    log2_reuse, log2_vertices = reuse_factor.bit_length() - 1, int(node.get_attr("n_vertices")).bit_length() - 1
    integer = max(log2_reuse, log2_vertices - log2_reuse)
    table_type = _precision(node, "edge_weight", FixedPoint(False, _FRACTION, 0))
    return {
        "table": edge_table(table_type),
        "table_type": table_type,
        "weight_accumulator": _precision(node, "edge_weight_aggr", FixedPoint(False, integer + _FRACTION, integer)),
        "accumulator": _precision(node, "aggr", FixedPoint(True, integer + 3 + _FRACTION, integer + 3)),
        "norm_type": _precision(node, "norm", FixedPoint(False, 4 + _FRACTION, 4)),
        "mean_by_count": bool(node.get_attr("mean_by_nvert")),
        "reuse_factor": reuse_factor,
    }


def edge_table(type_: FixedPoint) -> IntArray:
    """exp(-d²) of every distance d, by its 12 bits; that of zero is just below one, whatever the type could hold."""
    words = np.arange(1 << DISTANCE.width)
    distances = np.where(words > DISTANCE.max_int, words - (1 << DISTANCE.width), words) / 2.0**DISTANCE.fraction
    values = cast(from_float(exp(-distances * distances), _EXPONENTIAL), _EXPONENTIAL.fraction, type_)
    one = FixedPoint(False, type_.width, 0, overflow=Overflow.SAT)
    values[0] = cast(np.array([one.max_int]), one.fraction, type_, source=one)[0]
    return frozen(values)


def _weights(node: Any, names: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, key in (
        ("input_weight", "input_transform_weights"),
        ("input_bias", "input_transform_biases"),
        ("distance_weight", "aggregator_distance_weights"),
        ("distance_bias", "aggregator_distance_biases"),
        ("output_bias", "output_transform_biases"),
    ):
        found[field], found[f"{field}_type"] = read_weight(node, names[key])
    return found


def _layer(node: Any, fields: dict[str, Any], names: Mapping[str, str], collapse: VertexCollapse) -> GarNet:
    return GarNet(**fields, **_weights(node, names), collapse=collapse)


def _partial(node: Any) -> bool:
    """Whether all that reads a layer leaves out the same vertices as it does."""
    (output,) = node.outputs
    readers = [layer for layer in node.model.get_layers() if output in layer.inputs]
    whole = input_type(node, 1).fraction <= 0
    return (
        bool(readers)
        and output not in node.model.outputs
        and all(
            reader.class_name in _READERS
            and list(reader.inputs) == [output, node.inputs[1]]
            and (reader.class_name == "GarNetStack" or not getattr(reader, "ref_impl", False))
            and (whole or int(reader.get_attr("reuse_factor")) == int(node.get_attr("reuse_factor")))
            for reader in readers
        )
    )
