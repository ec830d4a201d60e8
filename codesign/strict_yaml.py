"""YAML read without surprises: plain values only, no key twice, no aliases that unfold, `1e-3` is a number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from codesign.errors import CodesignError

_MAX_BYTES = 1 << 20
_DEEPEST = 20


class _StrictLoader(yaml.SafeLoader):
    """The safe loader, which knows only plain types, with duplicate keys and unfolding aliases refused."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            if not isinstance(self.anchors.get(event.anchor), yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"alias *{event.anchor} repeats a whole section; write the section out",
                    event.start_mark,
                )
        self.depth += 1
        if self.depth > _DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, f"nested more than {_DEEPEST} deep", mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                raise yaml.constructor.ConstructorError(None, None, "a key must be a word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key.value!r} is given twice; keep one", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


# YAML 1.1 reads 1e-3 as text, for want of a dot, and 1:30 as 90.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":float", ":int", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$"),
    list("-+0123456789."),
)
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(0|[1-9]\d*)$"), list("-+0123456789"))


def read_yaml(path: Path, *, what: str, error: type[CodesignError]) -> Any:
    """The plain value of a YAML file.

    Args:
        path: the file.
        what: what it is, for messages: "recipe", "board", …
        error: raised where it is refused.

    Raises:
        CodesignError: of class `error`: it is missing, unreadable, too large, or not plain YAML; names the file
            and the line.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise error(f"{what} {path} does not exist; give the path of a YAML {what}") from None
    except IsADirectoryError:
        raise error(f"{path} is a folder, not a {what}; give the path of a YAML {what}") from None
    except OSError as failed:
        raise error(f"{what} {path} cannot be read ({failed.strerror}); check the path") from failed
    if len(content) > _MAX_BYTES:
        raise error(f"{what} {path} is larger than {_MAX_BYTES >> 20} MiB; a {what} is a page of YAML")
    try:
        return yaml.load(content, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader, made stricter)
    except yaml.MarkedYAMLError as failed:
        mark = failed.problem_mark or failed.context_mark
        line = f" at line {mark.line + 1}" if mark is not None else ""
        raise error(f"{what} {path}{line}: {failed.problem or failed.context}; mend the YAML") from None
    except (yaml.YAMLError, ValueError, RecursionError) as failed:
        reason = (str(failed).strip().splitlines() or [type(failed).__name__])[0]
        raise error(f"{what} {path} is not readable YAML ({reason}); mend the YAML") from None
