"""An estimate of a Graph by the flow that is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from codesign.errors import EstimateError
from codesign.estimate.conditions import Conditions, Flow
from codesign.estimate.record import Estimate
from codesign.graph import Graph


def _rtl(graph: Graph, conditions: Conditions) -> Estimate:
    from codesign.estimate.rtl.estimate import estimate_rtl

    return estimate_rtl(graph, conditions)


def _vitis(graph: Graph, conditions: Conditions) -> Estimate:
    from codesign.estimate.vitis.estimate import estimate_vitis

    return estimate_vitis(graph, conditions)


_FLOWS: Mapping[Flow, Callable[[Graph, Conditions], Estimate]] = {Flow.RTL: _rtl, Flow.VITIS: _vitis}

if set(_FLOWS) != set(Flow):
    raise ImportError(f"no estimate for {set(Flow) - set(_FLOWS)}")


def estimate(graph: Graph, conditions: Conditions) -> Estimate:
    """What a design is expected to cost.

    Args:
        graph: the design.
        conditions: what is asked for.

    Raises:
        EstimateError: a reuse factor names no layer, the clock period or its uncertainty makes no sense, or the flow
            does not know the part's family.
        UnsupportedLayerError: the flow cannot build a layer.
    """
    if not (math.isfinite(conditions.clock_ns) and 0.1 <= conditions.clock_ns <= 1e6):
        raise EstimateError(f"a clock period of {conditions.clock_ns} ns makes no sense; give 0.1 to 1000000, as 10")
    if not 0 <= conditions.clock_uncertainty <= 0.9:
        raise EstimateError(
            f"a clock uncertainty of {conditions.clock_uncertainty} makes no sense; give 0 to 0.9 of the period, as "
            "0.125"
        )
    for name, reuse in conditions.reuse.items():
        graph[name]
        if reuse < 1:
            raise EstimateError(f"layer {name!r}: reuse factor {reuse} is not possible; give at least 1")
    return _FLOWS[conditions.flow](graph, replace(conditions, reuse=dict(conditions.reuse)))
