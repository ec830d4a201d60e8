"""Nodes that move numbers: wires."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.graph import Broadcast, Cropping, Node, Resize, Transpose, ZeroPadding
from codesign.rtl.arithmetic import Variable, constant
from codesign.rtl.logic.base import Wires, precast
from codesign.simulate import Operand
from codesign.simulate.kernels import precast as simulate_precast


@precast.register(Broadcast)
@precast.register(Cropping)
@precast.register(Resize)
@precast.register(Transpose)
@precast.register(ZeroPadding)
def _(node: Node, operands: Sequence[Wires]) -> tuple[list[Variable], int]:
    (x,) = operands
    # The simulator moves the places of the numbers, counted from 1; what it puts in between is 0.
    places = np.arange(1, len(x.values) + 1).reshape(1, *x.shape)
    moved, fraction = simulate_precast(node, [Operand(places, x.type)])
    return [x.values[int(place) - 1] if place else constant(0) for place in moved.ravel()], fraction
