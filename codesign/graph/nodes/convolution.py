"""Convolutions over one or two axes, channels last."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from codesign.errors import GraphError
from codesign.graph.fixed_point import FixedPoint
from codesign.graph.nodes.base import IntArray, Node, check_array, one_source, register
from codesign.graph.nodes.product import Product, check_products, is_bit

_RESOURCE = ("resource", "resource_unrolled")
_STRATEGIES = ("latency", *_RESOURCE, "distributed_arithmetic")


@dataclass(frozen=True, eq=False, kw_only=True)
class _Convolution(Node):
    """What both convolutions share.

    The source has shape (width, channels) or (height, width, channels), as has the result; the tuples below have one
    entry for each of the axes before the channels.

    Attributes:
        weight: integers of `weight_type`; its first axes are the kernel, the next one is the channels.
        bias: (filters,) integers of `bias_type`.
        accumulator: every product, and the bias, is cast to it before it is added; so is every partial sum.
        strides: steps between the windows.
        padding_before: zeros before the source.
        padding_after: zeros behind the source.
        reuse_factor: times that the hardware uses one multiplier for a window; at least 1.
        strategy: hls4ml's; it changes the order of the sums. `resource_unrolled` leaves out the products with weights
            that are zero.
        product: how inputs and weights are multiplied, one of `codesign.graph.nodes.product.CONSTANT`.
        exponent_width: bits of the exponents that weights of product `weight_exponential` are written as; else 0.
        agreement: where the accumulator holds how many input and weight bits are equal, or so hls4ml's C++ takes it, of
            how many; the result is made of `2 * accumulator - agreement`. Else 0.
    """

    weight: IntArray
    weight_type: FixedPoint
    bias: IntArray
    bias_type: FixedPoint
    accumulator: FixedPoint
    strides: tuple[int, ...]
    padding_before: tuple[int, ...]
    padding_after: tuple[int, ...]
    reuse_factor: int = 1
    strategy: str = "latency"
    product: Product = Product.MULT
    exponent_width: int = 0
    agreement: int = 0

    @property
    def kernel(self) -> tuple[int, ...]:
        """Lengths of the window."""
        return self.weight.shape[: len(self.shape) - 1]

    @property
    def leaves_out_zeros(self) -> bool:
        """Whether products with weights that are zero are not added at all."""
        return self.strategy == "resource_unrolled" or self.product is not Product.MULT

    def _check_common(self, sources: tuple[Node, ...], weight_axes: int) -> Node:
        """The node that is read, after checks of everything but the weights."""
        source = one_source(self, sources)
        axes = len(self.shape) - 1
        if axes not in (1, 2) or len(source.shape) != axes + 1:
            raise GraphError(
                f"node {self.name!r} has shape {self.shape} and reads shape {source.shape}; a convolution has "
                "(width, channels) or (height, width, channels) for both"
            )
        if self.weight.ndim != axes + weight_axes:
            raise GraphError(
                f"node {self.name!r}: weight has shape {self.weight.shape}, expected {axes + weight_axes} axes"
            )
        for name in ("strides", "padding_before", "padding_after"):
            values, least = getattr(self, name), int(name == "strides")
            if len(values) != axes or min(values) < least:
                raise GraphError(f"node {self.name!r} has {name} {values}; it takes {axes} numbers of at least {least}")
        padded = np.add(np.add(source.shape[:-1], self.padding_before), self.padding_after)
        if min(self.kernel) < 1 or np.any(padded < self.kernel):
            raise GraphError(f"node {self.name!r} has windows {self.kernel} over {tuple(padded.tolist())} values")
        expected = tuple(((padded - self.kernel) // self.strides + 1).tolist())
        if self.shape[:-1] != expected:
            raise GraphError(f"node {self.name!r} has shape {self.shape}, but its windows fit {expected} times")
        if self.reuse_factor < 1:
            raise GraphError(f"node {self.name!r} has reuse factor {self.reuse_factor}; it must be at least 1")
        if self.strategy not in _STRATEGIES:
            raise GraphError(f"node {self.name!r} has strategy {self.strategy!r}; choose {', '.join(_STRATEGIES)}")
        n_in = math.prod(self.kernel) * source.shape[-1]
        odd = self.reuse_factor % n_in if self.reuse_factor > n_in else n_in % self.reuse_factor
        if self.strategy in _RESOURCE and odd:
            raise GraphError(
                f"node {self.name!r} has strategy {self.strategy} and reuse factor {self.reuse_factor}; "
                f"it must divide the {n_in} numbers of a window, or be a multiple of them"
            )
        check_products(self, source.result, self.weight, self.product, self.exponent_width)
        if self.agreement < 0 or (self.agreement and not is_bit(source.result)):
            raise GraphError(
                f"node {self.name!r} counts the equal ones of {self.agreement} bits and reads {source.result}; "
                "it must be at least 0, and 0 unless it reads ufixed<1,1>"
            )
        check_array(self, "bias", self.bias, self.bias_type, self.shape[-1:])
        return source


@register("convolution")
@dataclass(frozen=True, eq=False, kw_only=True)
class Convolution(_Convolution):
    """For every window and filter, `result(accumulator(bias) + sum of accumulator(x * weight))`.

    The sum runs over the window's axes and channels in row-major order, or as the strategy reorders it. `weight` has
    shape (*kernel, channels, filters).
    """

    @property
    def order(self) -> IntArray | None:
        """A window's numbers, counted in row-major order, in the order in which they are added; None for ascending."""
        n_in = self.weight.size // self.weight.shape[-1]
        if self.strategy not in _RESOURCE or not 1 < self.reuse_factor < n_in:
            return None
        return np.concatenate([np.arange(start, n_in, self.reuse_factor) for start in range(self.reuse_factor)])

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = self._check_common(sources, 2)
        check_array(self, "weight", self.weight, self.weight_type, (*self.kernel, source.shape[-1], self.shape[-1]))


@register("depthwise_convolution")
@dataclass(frozen=True, eq=False, kw_only=True)
class DepthwiseConvolution(_Convolution):
    """For every window and channel, `result(accumulator(bias) + sum of accumulator(x * weight))`.

    The sum runs over the window's axes in row-major order, or as the strategy reorders it; each channel has a filter
    of its own. `weight` has shape (*kernel, channels).
    """

    def order(self, channel: int) -> IntArray | None:
        """A channel's numbers in a window, in the order in which they are added; None for ascending."""
        if self.strategy not in _RESOURCE or self.reuse_factor == 1:
            return None
        places = np.arange(math.prod(self.kernel)) * self.shape[-1] + channel
        return np.argsort(places % self.reuse_factor, kind="stable")

    def check(self, sources: tuple[Node, ...]) -> None:
        """As `Node.check`."""
        source = self._check_common(sources, 1)
        check_array(self, "weight", self.weight, self.weight_type, (*self.kernel, source.shape[-1]))
        if self.shape[-1] != source.shape[-1]:
            raise GraphError(
                f"node {self.name!r} has {self.shape[-1]} channels, but reads {source.shape[-1]}; "
                "a depthwise convolution keeps them"
            )
