"""What a conversion is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from codesign.graph import FixedPoint


class IoType(str, Enum):
    """hls4ml's two ways to move data between layers."""

    PARALLEL = "io_parallel"
    STREAM = "io_stream"


class Strategy(str, Enum):
    """hls4ml's ways to build a matrix product."""

    LATENCY = "latency"
    RESOURCE = "resource"
    RESOURCE_UNROLLED = "resource_unrolled"
    DISTRIBUTED_ARITHMETIC = "distributed_arithmetic"


class Head(str, Enum):
    """What leaves the design.

    MODEL: what the model ends with. LOGITS: a final softmax is left out. ARGMAX: one-hot at the largest
    logit (hls4ml's argmax softmax).
    """

    MODEL = "model"
    LOGITS = "logits"
    ARGMAX = "argmax"


class SoftmaxChoice(str, Enum):
    """hls4ml's table softmaxes."""

    STABLE = "stable"
    LATENCY = "latency"
    LEGACY = "legacy"


DEFAULT_INPUT = FixedPoint(True, 16, 6)


# hls4ml's own bound.
LARGEST_REUSE = 65536


@dataclass(frozen=True)
class LayerOptions:
    """What one layer is built with; None leaves it to the design's.

    Attributes:
        strategy: as in hls4ml.
        reuse_factor: as in hls4ml.
    """

    strategy: Strategy | None = None
    reuse_factor: int | None = None


@dataclass(frozen=True)
class ConvertOptions:
    """Everything that decides the Graph, besides the model.

    Attributes:
        input_type: of every input port.
        io_type: as in hls4ml.
        strategy: as in hls4ml; it changes numbers only where an accumulator saturates, whose order of sums it sets.
        reuse_factor: multiplications that share one multiplier, in the HLS and the RTL project; as for the strategy.
        head: what leaves the design.
        softmax: implementation of every softmax.
        layers: strategies and reuse factors that differ from the above, by layer name.
        precision: types stated by the user, by layer name and hls4ml's type name (weight, bias, accum, result, …).
        clock_ns: clock period of the HLS project.
        part: FPGA part of the HLS project.
    """

    input_type: FixedPoint = DEFAULT_INPUT
    io_type: IoType = IoType.PARALLEL
    strategy: Strategy = Strategy.LATENCY
    reuse_factor: int = 1
    head: Head = Head.MODEL
    softmax: SoftmaxChoice = SoftmaxChoice.STABLE
    precision: Mapping[str, Mapping[str, FixedPoint]] = field(default_factory=dict)
    layers: Mapping[str, LayerOptions] = field(default_factory=dict)
    clock_ns: float = 5.0
    part: str = "xc7a100tcsg324-1"
