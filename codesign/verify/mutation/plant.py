"""Planting faults: each behind a guard, so that one simulator holds hundreds, and a number at run time chooses."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from codesign.verify.mutation.faults import Edit, FaultKind, instance_edits, slot_edits
from codesign.verify.mutation.verilog import Instance, Module, Slot, VerilogError, read_modules

SELECT = "cs_mutant"
ARGUMENT = f"+{SELECT}="
# Numbers that hardware hardly has, so that they are found in what a tool makes of it.
FIRST_NUMBER = 0x4B000000
_RANGE = re.compile(r".*\[(\d+):(\d+)\]")


@dataclass(frozen=True)
class Fault:
    """A fault at its place.

    Attributes:
        number: chooses it at run time.
        kind: of fault.
        file: name of the source.
        line: in it, from 1.
        module: that it is in.
        before: the code as it stands, shortened.
        after: the code with the fault, shortened.
        text: the whole file with the fault in it and nothing else.
    """

    number: int
    kind: FaultKind
    file: str
    line: int
    module: str
    before: str
    after: str
    text: str


@dataclass(frozen=True)
class Site:
    """Where a fault goes: in an expression, or in place of an instance."""

    kind: FaultKind
    file: str
    module: Module
    place: Slot | Instance
    replaced: str  # the expression with the fault, or the instance's statement


def _edited(text: str, slot: Slot, edit: Edit) -> str:
    return text[slot.start : edit.start] + edit.text + text[edit.end : slot.end]


def _statement(instance: Instance, name: str, parameters: Sequence[int], ports: Sequence[str]) -> str:
    return f"{instance.module} #({','.join(map(str, parameters))}) {name} ({','.join(ports)});"


def _modules(text: str) -> list[Module]:
    """The modules of a file; none where it is not read, so that it is left as it is."""
    try:
        return read_modules(text)
    except VerilogError:
        return []


def _sites(sources: Mapping[str, str], rng: np.random.Generator) -> list[Site]:
    """Every fault that can be planted.

    Args:
        sources: by file name, the Verilog.
        rng: chooses the bits of constants.
    """
    read = {file: _modules(text) for file, text in sources.items()}
    known = {module.name: module for modules in read.values() for module in modules}
    sites = []
    for file, modules in read.items():
        text = sources[file]
        for module in modules:
            for slot in module.slots:
                edits = slot_edits(text, slot, rng)
                sites += [Site(edit.kind, file, module, slot, _edited(text, slot, edit)) for edit in edits]
            for instance in module.instances:
                if _RANGE.fullmatch(instance.ports[-1]) is None:
                    continue
                for kind, parameters, ports in instance_edits(instance, known.get(instance.module), rng):
                    replaced = _statement(instance, instance.name, parameters, ports)
                    sites.append(Site(kind, file, module, instance, replaced))
    return sites


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}…"


def _fault(site: Site, number: int, text: str) -> Fault:
    place = site.place
    before, after = text[place.start : place.end], site.replaced
    return Fault(
        number=number,
        kind=site.kind,
        file=site.file,
        line=text.count("\n", 0, place.start) + 1,
        module=site.module.name,
        before=_short(before),
        after=_short(after),
        text=text[: place.start] + after + text[place.end :],
    )


def choose(sources: Mapping[str, str], count: int, rng: np.random.Generator) -> list[tuple[Fault, Site]]:
    """So many faults, of all kinds in turn.

    Args:
        sources: by file name, the Verilog.
        count: how many; fewer where there are not so many.
        rng: chooses.
    """
    by_kind: dict[FaultKind, list[Site]] = defaultdict(list)
    for site in _sites(sources, rng):
        by_kind[site.kind].append(site)
    for sites in by_kind.values():
        rng.shuffle(sites)
    turns = zip_longest(*(by_kind[kind] for kind in FaultKind if kind in by_kind))
    chosen = [site for turn in turns for site in turn if site is not None][:count]
    return [(_fault(site, FIRST_NUMBER + index, sources[site.file]), site) for index, site in enumerate(chosen)]


def _guarded(text: str, slot: Slot, faults: Sequence[tuple[Fault, Site]]) -> str:
    result = f"({text[slot.start : slot.end]})"
    for fault, site in reversed(faults):
        result = f"({SELECT} == 32'd{fault.number} ? ({site.replaced}) : {result})"
    return result


def _doubled(instance: Instance, faults: Sequence[tuple[Fault, Site]]) -> str:
    """The instance and its faulty twins, with a choice between what they give."""
    output = instance.ports[-1]
    match = _RANGE.fullmatch(output)
    assert match is not None
    span = f"[{int(match[1]) - int(match[2])}:0]"
    stem = f"{SELECT}_{instance.name}"
    lines = [f"wire {span} {stem};"]
    lines.append(_statement(instance, instance.name, instance.parameters, (*instance.ports[:-1], stem)))
    value = stem
    for fault, site in faults:
        twin = f"{stem}_{fault.number}"
        body = site.replaced.replace(f" {instance.name} (", f" {twin}_i (", 1)
        body = f"{body[: body.rindex(',')]},{twin});"
        lines += [f"wire {span} {twin};", body]
        value = f"{SELECT} == 32'd{fault.number} ? {twin} : ({value})"
    lines.append(f"assign {output} = {value};")
    return " ".join(lines)


def plant(sources: Mapping[str, str], faults: Sequence[tuple[Fault, Site]]) -> dict[str, str]:
    """The sources with all faults in them, none of which shows until its number is chosen.

    Args:
        sources: by file name, the Verilog.
        faults: as `choose` gives them.
    """
    changes: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    grouped: dict[tuple[str, int], list[tuple[Fault, Site]]] = defaultdict(list)
    touched: dict[tuple[str, str], Module] = {}
    for fault, site in faults:
        grouped[site.file, site.place.start].append((fault, site))
        touched[site.file, site.module.name] = site.module
    for (file, _), group in grouped.items():
        place = group[0][1].place
        new = _guarded(sources[file], place, group) if isinstance(place, Slot) else _doubled(place, group)
        changes[file].append((place.start, place.end, new))
    read = f'if (!$value$plusargs("{SELECT}=%d", {SELECT})) {SELECT} = 32\'d0;'
    for (file, _), module in touched.items():
        changes[file].append((module.body, module.body, f" reg [31:0] {SELECT}; initial {read}"))
        # What fills a memory may run before the module's own first `initial`.
        changes[file] += [(place, place, f" {read}") for place in module.initials]
    planted = dict(sources)
    for file, parts in changes.items():
        text = sources[file]
        for start, end, new in sorted(parts, reverse=True):
            text = text[:start] + new + text[end:]
        planted[file] = text
    return planted
