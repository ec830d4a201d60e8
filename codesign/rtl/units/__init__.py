"""Units: each node of a Graph as one Verilog module with streams in and out, registered by the node's class."""

from codesign.rtl.units import (
    convolution,
    dense,
    holding,
    joining,
    movement,
    pooling,
    recurrent,
    time_steps,
    unrolled,
    wiring,
)
from codesign.rtl.units.base import (
    Options,
    Place,
    Plan,
    Source,
    build,
    plan,
    prefers_places,
    reuse_of,
    stated_reuse,
)

__all__ = [
    "Options",
    "Place",
    "Plan",
    "Source",
    "build",
    "convolution",
    "dense",
    "holding",
    "joining",
    "movement",
    "plan",
    "pooling",
    "prefers_places",
    "recurrent",
    "reuse_of",
    "stated_reuse",
    "time_steps",
    "unrolled",
    "wiring",
]
