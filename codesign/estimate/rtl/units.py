"""Units that were built before are built once: a sweep changes few layers from one point to the next."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import fields
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from codesign.graph import Node
from codesign.rtl.stream import Unit
from codesign.rtl.units import Place, build

# Units of some hundred designs; each is some ten thousand operations at most.
_KEPT = 2048
_CACHE: OrderedDict[str, Unit] = OrderedDict()


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{value.shape}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, Node):
        return node_key(value)
    return repr(value)


# A node is frozen, and one Graph is estimated many times.
_TEXTS: WeakKeyDictionary[Node, str] = WeakKeyDictionary()


def node_key(node: Node) -> str:
    """A text that names everything in a node."""
    found = _TEXTS.get(node)
    if found is None:
        each = (f"|{item.name}={_text(getattr(node, item.name))}" for item in fields(node))
        found = _TEXTS[node] = type(node).__name__ + "".join(each)
    return found


def unit_key(node: Node, place: Place) -> str:
    """A text that names everything that a node's unit depends on."""
    # Of what it reads a unit knows type and shape, not values.
    sources = [
        (s.node.name, s.node.shape, str(s.node.result), s.layout.lanes, s.layout.beats, s.spread) for s in place.sources
    ]
    options = place.options
    reuse = options.reuse.get(node.name)
    mine = (place.module, sources, options.family.value, options.clock_ns, repr(options.cut), reuse)
    return f"{node_key(node)}|{mine!r}|{options.multipliers.value}"


def cached_unit(node: Node, place: Place) -> Unit:
    """The unit of a node, as `codesign.rtl.units.build` makes it; the same one for the same node at the same place.

    Raises:
        UnsupportedLayerError: something inside is too wide to be held exactly.
        BoardError: one operation alone takes longer than the clock period.
    """
    key = unit_key(node, place)
    found = _CACHE.pop(key, None)
    if found is None:
        found = build(node, place)
    _CACHE[key] = found
    if len(_CACHE) > _KEPT:
        _CACHE.popitem(last=False)
    return found
