"""Names that clash in hls4ml's C++: it writes layers' names as they are, and some clashes compile to other numbers."""

from __future__ import annotations

import re
from typing import Any

from codesign.errors import UnsupportedLayerError

_KEYWORDS = re.compile(
    r"""(?x)
    alignas|alignof|and|and_eq|asm|auto|bitand|bitor|bool|break|case|catch|char|char8_t|char16_t|char32_t|class|
    co_await|co_return|co_yield|compl|concept|const|const_cast|consteval|constexpr|constinit|continue|decltype|
    default|delete|do|double|dynamic_cast|else|enum|explicit|export|extern|false|float|for|friend|goto|if|inline|int|
    long|mutable|namespace|new|noexcept|not|not_eq|nullptr|operator|or|or_eq|private|protected|public|register|
    reinterpret_cast|requires|return|short|signed|sizeof|static|static_assert|static_cast|struct|switch|template|
    this|thread_local|throw|true|try|typedef|typeid|typename|union|unsigned|using|virtual|void|volatile|wchar_t|
    while|xor|xor_eq
    """
)
_STRUCT = re.compile(r"\bstruct\s+(\w+)")


def is_keyword(name: str) -> bool:
    """Whether C++ has the word for itself."""
    return _KEYWORDS.fullmatch(name) is not None


def check_names(model_graph: Any) -> None:
    """Refuse layers whose names, or the names hls4ml makes of them, mean something else in its C++ too.

    An input is a parameter that carries its layer's name: called like a weight array, it would be read in its place.
    Types are named `<layer>_<what>_t`: where two layers give the same name, the second would get the first's type.

    Raises:
        UnsupportedLayerError: naming the layers.
    """
    _check_types(model_graph)
    taken = _taken(model_graph)
    for variable in model_graph.get_input_variables():
        use = "a keyword" if is_keyword(variable.name) else taken.get(variable.name)
        if use is not None:
            raise UnsupportedLayerError(
                f"input layer {variable.name!r} has the name of {use} in hls4ml's C++; "
                f"rename it, for example to {variable.name + '_in'!r}"
            )


def _check_types(model_graph: Any) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for layer in model_graph.get_layers():
        for name, type_ in layer.get_layer_precision().items():
            # A copy of a stream has the type of the original by name alone, and with it the size of its packs.
            text = str(type_.precision.definition_cpp() if layer.class_name == "Clone" else type_.definition_cpp())
            first, known = seen.setdefault(name, (layer.name, text))
            if known != text and not (layer.class_name == "Clone" and text in known):
                raise UnsupportedLayerError(
                    f"layers {first!r} and {layer.name!r} both have a type that hls4ml's C++ calls {name!r}; rename one"
                )


def _taken(model_graph: Any) -> dict[str, str]:
    """The names that the top function reads or declares, and what each is."""
    taken = {"loaded_weights": "a flag"}
    taken[model_graph.config.get_project_name()] = "the top function"
    inputs = model_graph.get_input_variables()
    for layer in model_graph.get_layers():
        taken.update(dict.fromkeys(layer.get_layer_precision(), "a type"))
        taken.update(dict.fromkeys(_STRUCT.findall(str(layer.get_attr("config_cpp") or "")), "a layer's settings"))
        taken.update({weight.name: "an array of weights" for weight in layer.get_weights()})
        taken.update({var.name: "a layer's result" for var in layer.get_variables() if var not in inputs})
    return taken
