"""Functions of one number as a table over all its words: their results, cast and all, as the Graph gives them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from codesign.graph import Node
from codesign.rtl.arithmetic import Variable, look_up, wrap
from codesign.rtl.logic.base import Wires
from codesign.simulate import Operand, run_node

# Up to so many bits a table is never more than a few LUTs for each bit that it gives.
_SMALL_BITS = 7


def is_small(x: Wires, entries: int) -> bool:
    """Whether a table over all words of what is read is no larger than the one that the function would have anyway."""
    return x.type.width <= _SMALL_BITS or 1 << x.type.width <= entries


def by_word(node: Node, x: Wires) -> tuple[list[Variable], int]:
    """A node that computes every number alike, as (integers of its result type, fraction bits).

    Its result type's cast changes none of them again.
    """
    width = x.type.width
    words = np.arange(1 << width)
    if x.type.signed:
        words = (words + (1 << (width - 1))) % (1 << width) - (1 << (width - 1))
    alone = replace(node, shape=(words.size,))
    table = [int(value) for value in run_node(alone, [Operand(words[None, :], x.type)]).ravel()]
    return [look_up(wrap(v, False, width), table) for v in x.values], node.result.fraction
