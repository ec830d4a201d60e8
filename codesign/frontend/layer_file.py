"""Strategies and reuse factors that a user states in a YAML file, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codesign.errors import LayerConfigError
from codesign.frontend.options import LARGEST_REUSE, LayerOptions, Strategy
from codesign.strict_yaml import read_yaml

_EXAMPLE = "write for example `layers: {fc1: {strategy: resource, reuse_factor: 16}}`"


def _strategy(value: Any, where: str) -> Strategy:
    try:
        return Strategy(value)
    except ValueError:
        raise LayerConfigError(
            f"{where} is {value!r:.60}; choose one of {', '.join(item.value for item in Strategy)}"
        ) from None


def _reuse_factor(value: Any, where: str) -> int:
    if type(value) is not int or not 1 <= value <= LARGEST_REUSE:
        raise LayerConfigError(f"{where} is {value!r:.60}; give a whole number from 1 to {LARGEST_REUSE}")
    return value


def layer_options(document: Any, where: str) -> dict[str, LayerOptions]:
    """Read `{LAYER: {strategy: …, reuse_factor: …}, …}`; either may be left out.

    Args:
        document: as YAML gives it.
        where: what messages call it.

    Raises:
        LayerConfigError: something else stands there; names the layer, the key, the value and the legal ones.
    """
    if not isinstance(document, Mapping):
        raise LayerConfigError(f"{where} must map layer names to their options; {_EXAMPLE}")
    found: dict[str, LayerOptions] = {}
    for layer, values in document.items():
        place = f"{where}.{layer}"
        if not isinstance(values, Mapping) or not values or set(values) - {"strategy", "reuse_factor"}:
            raise LayerConfigError(f"{place} must hold strategy, reuse_factor or both; {_EXAMPLE}")
        strategy = _strategy(values["strategy"], f"{place}.strategy") if "strategy" in values else None
        reuse = _reuse_factor(values["reuse_factor"], f"{place}.reuse_factor") if "reuse_factor" in values else None
        found[str(layer)] = LayerOptions(strategy, reuse)
    return found


def read_layers(path: Path) -> dict[str, LayerOptions]:
    """Read a file that holds `layers: {LAYER: {strategy: …, reuse_factor: …}}`.

    Raises:
        LayerConfigError: the file is missing or no such YAML; names file, layer, key and value.
    """
    document = read_yaml(path, what="layer config", error=LayerConfigError)
    if not isinstance(document, dict) or set(document) != {"layers"}:
        raise LayerConfigError(f"{path} must hold exactly one key, layers; {_EXAMPLE}")
    return layer_options(document["layers"], f"{path}: layers")
