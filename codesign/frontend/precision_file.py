"""Types that a user states in a YAML file: by layer, by hls4ml's own type name."""

from __future__ import annotations

from pathlib import Path

from codesign.errors import PrecisionError
from codesign.graph import FixedPoint
from codesign.strict_yaml import read_yaml

_EXAMPLE = "write for example `layers: {fc1: {accum: 'fixed<16,6>'}}`"


def _type(text: str, where: str) -> FixedPoint:
    try:
        return FixedPoint.parse(text)
    except PrecisionError as error:
        raise PrecisionError(f"{where}: {error}") from None


def read_precision(path: Path) -> dict[str, dict[str, FixedPoint]]:
    """Read `layers: {LAYER: {weight: TYPE, bias: TYPE, accum: TYPE, result: TYPE, …}}`.

    Raises:
        PrecisionError: the file is missing or no such YAML, or a type is malformed; names file, layer and type.
    """
    document = read_yaml(path, what="precision config", error=PrecisionError)
    if not isinstance(document, dict) or set(document) != {"layers"} or not isinstance(document["layers"], dict):
        raise PrecisionError(f"{path} must hold exactly one key, layers, that maps layer names to types; {_EXAMPLE}")
    found: dict[str, dict[str, FixedPoint]] = {}
    for layer, types in document["layers"].items():
        if not isinstance(types, dict) or not types:
            raise PrecisionError(f"{path}: layers.{layer} must map type names to types; {_EXAMPLE}")
        found[layer] = {}
        for key, text in types.items():
            found[layer][key] = _type(str(text), f"{path}: layers.{layer}.{key}")
    return found
