"""Our C++ program around an hls4ml top function: raw bits in, raw bits out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import Template

from codesign.errors import GraphError
from codesign.hls.manifest import IDENTIFIER
from codesign.resources import resource

SOURCE = "csim.cpp"


@dataclass(frozen=True)
class Variable:
    """A parameter of the top function.

    Attributes:
        cpp_type: name of its type in `defines.h`.
        size: numbers in it.
    """

    cpp_type: str
    size: int


@dataclass(frozen=True)
class Watched:
    """A layer whose result hls4ml's C++ can save.

    Attributes:
        name: under which it is saved.
        size: numbers in its result.
        exact: whether a double holds each of them; only then is it given out.
    """

    name: str
    size: int
    exact: bool


@dataclass(frozen=True)
class Top:
    """What must be known of a top function to call it.

    Attributes:
        project: its name.
        stream: its parameters are `hls::stream`s of packs, not arrays.
        inputs: its first parameters.
        outputs: the ones after them.
        memories: weights that are parameters too, the last ones.
        watched: layers that it saves.
        namespace: that it is in; '' for none.
    """

    project: str
    stream: bool
    inputs: Sequence[Variable]
    outputs: Sequence[Variable]
    memories: Sequence[str]
    watched: Sequence[Watched]
    namespace: str = ""

    def _names(self) -> list[str]:
        types = [variable.cpp_type for variable in (*self.inputs, *self.outputs)]
        names = [self.project, *types, *self.memories, *(layer.name for layer in self.watched)]
        return [*names, self.namespace] if self.namespace else names


def render(top: Top) -> str:
    """The program's C++ text, from the template `hls_templates/vitis/csim.cpp`.

    Raises:
        GraphError: a name is no C++ identifier.
    """
    for name in top._names():
        if not IDENTIFIER.fullmatch(name):
            raise GraphError(f"{name!r} cannot be written into C++; rename the layer to letters, digits and _")
    lines = [f"using namespace {top.namespace};"] if top.namespace else []
    arguments = []
    for kind, variables in (("input", top.inputs), ("output", top.outputs)):
        for index, variable in enumerate(variables):
            name = f"{kind}_{index}"
            arguments.append(name)
            lines.append(_declaration(name, variable, top.stream))
            if kind == "input":
                lines.append(f"get_port({name}, {variable.size});")
    lines.append(f"{top.namespace}::{top.project}({', '.join([*arguments, *top.memories])});")
    lines += [f"put_port(output_{index}, {variable.size});" for index, variable in enumerate(top.outputs)]
    exact = [layer for layer in top.watched if layer.exact]
    if exact:
        lines += ["if (!trace)", "    return;"]
        lines += [f'put_layer("{layer.name}", {layer.size});' for layer in exact]
    template = Template((resource("hls_templates") / "vitis" / SOURCE).read_text(encoding="utf-8"))
    return template.substitute(
        project=top.project,
        memories="".join(f'#include "firmware/weights/{name}.h"\n' for name in top.memories),
        watched=_indented(f'watch("{layer.name}", {layer.size});' for layer in top.watched),
        body=_indented(lines),
    )


def _declaration(name: str, variable: Variable, stream: bool) -> str:
    if stream:
        return f'hls::stream<{variable.cpp_type}> {name}("{name}");'
    return f"{variable.cpp_type} {name}[{variable.size}];"


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)
