"""Dense layers: unrolled at reuse factor 1, folded above."""

from __future__ import annotations

from codesign.graph import Dense
from codesign.rtl.folded.choice import Wanted
from codesign.rtl.folded.fold import Fold
from codesign.rtl.stream import Unit
from codesign.rtl.units.base import Place, Plan, build, plan, reuse_of
from codesign.rtl.units.matvec import choose_fold, matvec
from codesign.rtl.units.unrolled import build_unrolled, plan_unrolled


def _fold(node: Dense, place: Place) -> Fold:
    (source,) = place.sources
    options = place.options
    wanted = Wanted(source.layout, source.spread, reuse_of(node, options), options.family, options.multipliers)
    return choose_fold(node, source.node.result, wanted)


@plan.register
def _(node: Dense, place: Place) -> Plan:
    if reuse_of(node, place.options) == 1:
        return plan_unrolled(node, place)
    fold = _fold(node, place)
    return Plan((fold.input,), fold.output, fold.steps, fold.spread)


@build.register
def _(node: Dense, place: Place) -> Unit:
    if reuse_of(node, place.options) == 1:
        return build_unrolled(node, place)
    (source,) = place.sources
    options = place.options
    return matvec(
        place.module,
        node,
        source.node.result,
        _fold(node, place),
        family=options.family,
        multipliers=options.multipliers,
    )
