"""Checking a model's architecture before any of it is built.

Keras turns an architecture into objects by names that the file gives: classes, functions, modules. Only those listed
here pass; texts that QKeras would look up and call are parsed here and replaced by what they mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from codesign.errors import ModelFileError, UnsupportedLayerError
from codesign.frontend.known_classes import CLASSES, KERAS_LAYERS, MARKERS, MODELS, MODULES, QKERAS_LAYERS, UNSAFE
from codesign.frontend.quantizer_text import (
    ACTIVATIONS,
    Quantizer,
    QuantizerTextError,
    parse_activation,
    parse_quantizer,
    suggest,
)

_DEEPEST = 60
_LONGEST_NAME = 200
_LARGEST_DIMENSION = 1 << 20
_LARGEST_TENSOR = 1 << 26
_SIZES = frozenset({"units", "filters", "input_dim", "output_dim", "depth_multiplier", "num_heads", "key_dim", "n"})
_SHAPES = frozenset(
    {"batch_input_shape", "batch_shape", "input_shape", "target_shape", "kernel_size", "pool_size", "size", "padding"}
)

_MEND = "rebuild that layer from Keras and QKeras layers and save the model again"


@dataclass(frozen=True)
class _Place:
    """Where in the architecture we are.

    Attributes:
        file: the model file.
        layer: the innermost layer around, quoted; empty outside any.
        depth: dictionaries and lists around.
        v3: the surrounding configuration is in the layout of Keras 3.
    """

    file: str
    layer: str
    depth: int
    v3: bool

    def at(self) -> str:
        return f"{self.file}: layer {self.layer}" if self.layer else self.file


def checked_config(config: Any, file: str, *, legacy: bool) -> Any:
    """A copy of a model's architecture in which every name is a known, harmless one.

    Quantizer texts become quantizer dictionaries, compile settings are dropped, and a Sequential whose config is a bare
    list (Keras before 2.2.3) gets today's layout.

    Args:
        config: decoded JSON.
        file: what to call the file in a refusal.
        legacy: the file is in the layout of Keras 2.

    Raises:
        ModelFileError: it is no model, holds a Lambda or another layer that can run code, names a module or function
            outside Keras and QKeras, a malformed quantizer text, an illegal layer name, or absurd sizes.
        UnsupportedLayerError: it holds a layer class that is not loaded.
    """
    name = config.get("class_name") if isinstance(config, dict) else type(config).__name__
    if isinstance(config, dict) and isinstance(name, str) and name not in CLASSES | UNSAFE:
        _refuse_class(name, _Place(file, ascii(name[:_LONGEST_NAME]), 0, not legacy), layer_like=True)
    if not isinstance(config, dict) or not isinstance(name, str) or name not in MODELS or "config" not in config:
        raise ModelFileError(
            f"{file} describes {str(name)[:80]!r}, not a whole Sequential or Functional model; save the whole model "
            "with model.save('model.keras')"
        )
    return _checked(config, "", _Place(file, "", 0, not legacy))


def _superfluous(name: str, item: Any) -> bool:
    """Compile settings, and what newer Keras releases add that says nothing and older ones refuse."""
    return name == "compile_config" or (name == "quantization_config" and item is None)


def _checked(value: Any, key: str, place: _Place) -> Any:
    if place.depth > _DEEPEST:
        raise ModelFileError(f"{place.at()}: the architecture is nested more than {_DEEPEST} deep; {_MEND}")
    inner = _Place(place.file, place.layer, place.depth + 1, place.v3)
    if isinstance(value, dict):
        if "class_name" in value:
            return _checked_class(value, inner, is_layer=key == "layers")
        return {name: _checked(item, name, inner) for name, item in value.items() if not _superfluous(name, item)}
    if isinstance(value, list):
        if key in _SHAPES:
            _check_shape(value, key, place)
        return [_checked(item, key, inner) for item in value]
    if isinstance(value, str):
        return _checked_text(value, key, place)
    if key in _SIZES and isinstance(value, (int, float)) and not 0 < value <= _LARGEST_DIMENSION:
        raise ModelFileError(f"{place.at()}: {key} is {value}; the legal values are 1..{_LARGEST_DIMENSION}; {_MEND}")
    return value


def _checked_class(value: dict[str, Any], place: _Place, *, is_layer: bool) -> Any:
    name = value["class_name"]
    if not isinstance(name, str):
        raise ModelFileError(f"{place.at()}: a class name is {name!r}, not text; {_MEND}")
    if name == "function":
        return _checked_function(value, place)
    name = name.removeprefix("qkeras>")  # as Keras 3 writes registered classes into .h5 files
    config = value.get("config")
    layer_like = is_layer or name in KERAS_LAYERS | QKERAS_LAYERS | MODELS or "inbound_nodes" in value
    if layer_like:
        place = _Place(place.file, _layer_name(value, place), place.depth, place.v3)
    if name in UNSAFE:
        raise ModelFileError(
            f"{place.at()} is a {name.strip('_')}, which runs code stored in the file when it is loaded and is "
            f"therefore refused; {_MEND}"
        )
    if name not in MARKERS:
        if name not in CLASSES:
            _refuse_class(name, place, layer_like)
        _check_origin(value, name, place)
    if name == "Sequential" and isinstance(config, list):
        value = {**value, "config": {"name": "sequential", "layers": config}}
    keep = {key: item for key, item in value.items() if key not in ("compile_config", "class_name")}
    return {"class_name": name, **{key: _checked(item, key, place) for key, item in keep.items()}}


def _layer_name(value: dict[str, Any], place: _Place) -> str:
    config = value.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    if name is None:
        name = value.get("name")
    if name is None:
        return ascii(value["class_name"])
    quoted = ascii(str(name)[:_LONGEST_NAME])
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME or "/" in name or not name.isprintable():
        raise ModelFileError(
            f"{place.file}: layer name {quoted} is illegal; a name has 1..{_LONGEST_NAME} printable characters and "
            "no '/': rename the layer and save the model again"
        )
    return quoted


def _check_origin(value: dict[str, Any], name: str, place: _Place) -> None:
    """Refuse a class that the file places outside Keras and QKeras, or registers under another's name."""
    module, registered = value.get("module"), value.get("registered_name")
    known = module is None or (isinstance(module, str) and (module in MODULES or _is_qkeras(module)))
    if not known:
        raise ModelFileError(
            f"{place.at()}: {name!a} comes from module {module!a}; only keras and qkeras are loaded; {_MEND}"
        )
    if registered is None:
        return
    package, _, last = str(registered).rpartition(">")
    if last != name or package not in ("", "keras", "qkeras", "Custom"):
        raise ModelFileError(
            f"{place.at()}: {name!a} is registered as {registered!a}; only names of keras and qkeras are "
            f"loaded; {_MEND}"
        )


def _is_qkeras(module: str) -> bool:
    return module == "qkeras" or (module.startswith("qkeras.") and module.replace(".", "").isidentifier())


def _refuse_class(name: str, place: _Place, layer_like: bool) -> None:
    quoted = ascii(name[:80])
    if layer_like:
        legal = sorted(KERAS_LAYERS | QKERAS_LAYERS)
        raise UnsupportedLayerError(
            f"{place.at()} is a {quoted}, which is not a layer of Keras or QKeras that codesign loads"
            f"{suggest(name, legal)}; {_MEND}"
        )
    raise ModelFileError(
        f"{place.at()} uses {quoted}, which is not an object of Keras or QKeras that codesign loads"
        f"{suggest(name, sorted(CLASSES))}; {_MEND}"
    )


def _checked_function(value: dict[str, Any], place: _Place) -> Any:
    name = value.get("config")
    _check_origin({"module": value.get("module")}, str(name), place)
    if not isinstance(name, str) or name not in ACTIVATIONS or value.get("registered_name") not in (None, name):
        raise ModelFileError(
            f"{place.at()} calls the function {name!a}, which is not an activation of Keras or QKeras; the "
            f"functions are {', '.join(sorted(ACTIVATIONS))}"
        )
    return dict(value)


def _checked_text(text: str, key: str, place: _Place) -> Any:
    try:
        if key.endswith("quantizer"):
            return _as_config(parse_quantizer(text), place)
        if key == "activation" or key.endswith("_activation"):
            activation = parse_activation(text)
            return activation if isinstance(activation, str) else _as_config(activation, place)
    except QuantizerTextError as error:
        raise ModelFileError(f"{place.at()}: {key} is not loaded: {error}") from None
    return text


def _as_config(quantizer: Quantizer, place: _Place) -> dict[str, Any]:
    config: dict[str, Any] = {"class_name": quantizer.name, "config": quantizer.keywords()}
    if place.v3:
        config |= {"module": "qkeras.quantizers", "registered_name": f"qkeras>{quantizer.name}"}
    return config


def _check_shape(shape: list[Any], key: str, place: _Place) -> None:
    sizes = [size for size in shape if isinstance(size, (int, float))]
    if any(not abs(size) <= _LARGEST_DIMENSION for size in sizes) or math.prod(map(abs, sizes)) > _LARGEST_TENSOR:
        raise ModelFileError(
            f"{place.at()}: {key} is {str(shape)[:80]}; a dimension is at most {_LARGEST_DIMENSION} and all of them "
            f"together at most {_LARGEST_TENSOR}; {_MEND}"
        )
