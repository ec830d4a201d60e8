"""An estimate as tables: each figure with its interval, what is exact without, what is not known as "unknown"."""

from __future__ import annotations

import math
from collections.abc import Callable

from rich.table import Table
from rich.text import Text

from codesign.board import Resource
from codesign.board.board import BRAM_UNIT_KBITS
from codesign.board.cost_table import TITLES, UNKNOWN
from codesign.board.rtl_family import board_family
from codesign.estimate import RESOURCES, Estimate, Figure, Flow, LayerEstimate, Use

_TO = "\N{EN DASH}"
PLACED = "LUT, placed and routed"

OVERSTATED = (
    "These are C synthesis' own figures, as its report would state them. C synthesis overstates LUTs: it counts each "
    "module alone, before logic synthesis merges and trims them."
)


def shown(figure: Figure | None, form: Callable[[float], str], unit: str = "") -> str:
    """A figure with its interval in brackets; without it where it is exact, "unknown" where it is not known.

    Args:
        figure: the figure.
        form: of a number.
        unit: that follows the value.
    """
    if figure is None:
        return UNKNOWN
    value = form(figure.value) + unit
    return value if figure.is_exact else f"{value} ({form(figure.low)}{_TO}{form(figure.high)})"


def _whole(value: float) -> str:
    return f"{round(value):,}"


def count(figure: Figure | None, unit: str = "") -> str:
    """A figure that counts things: whole numbers, the interval rounded outwards."""
    if figure is None or figure.is_exact:
        return shown(figure, _whole, unit)
    value, low, high = round(figure.value), math.floor(figure.low), math.ceil(figure.high)
    return f"{value:,}{unit} ({low:,}{_TO}{high:,})"


def _share(value: float) -> str:
    return f"{value:.1%}"


def number(value: float) -> str:
    """A number with four digits, or whole."""
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def fits(answer: bool | None, *, known: bool) -> Text:
    """Whether it fits: yes, NO, maybe where the interval leaves it open, unknown where there is no figure."""
    if answer is None:
        return Text("maybe" if known else UNKNOWN, style="yellow")
    return Text("yes", style="green") if answer else Text("NO", style="bold red")


def _title(estimate: Estimate, resource: Resource) -> str:
    if resource is not Resource.BRAM:
        return TITLES[resource]
    return f"BRAM ({BRAM_UNIT_KBITS[board_family(estimate.conditions.target.family)]} Kb)"


def _row(title: str, use: Use, *, decides: bool = True) -> tuple[str | Text, ...]:
    if use.limit is None:
        return title, count(use.used)
    share = "-" if use.limit == 0 else shown(use.share, _share)
    answer = fits(use.fits, known=use.used is not None) if decides else Text("see below")
    return title, count(use.used), f"{use.limit:,}", share, answer


def title(estimate: Estimate) -> str:
    """What is estimated, for what."""
    target, clock = estimate.conditions.target, estimate.conditions.clock_ns
    where = target.part if target.board is None else f"{target.board.name} ({target.part})"
    return f"Estimate of {estimate.graph!r} on {where}, {estimate.flow.value} flow, {clock:g} ns"


def total_table(estimate: Estimate) -> Table:
    """Resource by resource: the figure, and where a board limits it the limit, the share and whether it fits."""
    target = estimate.conditions.target
    table = Table(title="whole", title_justify="left")
    table.add_column("resource")
    for name in ("estimate", *(("limit", "share", "fits") if target.board is not None else ())):
        table.add_column(name, justify="right")
    placed = estimate.placed_use
    for use in estimate.uses:
        told = placed is not None and use.resource is Resource.LUT
        table.add_row(*_row(_title(estimate, use.resource), use, decides=not told))
    if placed is not None:
        table.add_row(*_row(PLACED, placed))
    return table


def _cells(layer: LayerEstimate) -> tuple[str, ...]:
    figures = (*(getattr(layer, resource.value) for resource in RESOURCES), layer.latency_cycles, layer.interval)
    return tuple(count(figure) for figure in figures)


def layer_table(estimate: Estimate) -> Table:
    """Layer by layer, what stands between them, and the whole."""
    table = Table(title="layer by layer", title_justify="left")
    table.add_column("layer", overflow="fold")
    table.add_column("operation", overflow="fold")
    for name in (*(_title(estimate, resource) for resource in RESOURCES), "cycles", "interval"):
        table.add_column(name, justify="right", min_width=5)
    for layer in estimate.layers:
        named = layer.name if layer.source in ("", layer.name) else f"{layer.name} of {layer.source}"
        table.add_row(Text(named), Text(layer.operation), *_cells(layer))
    if estimate.rest is not None:
        figures = tuple(count(getattr(estimate.rest, resource.value)) for resource in RESOURCES)
        table.add_row(Text(estimate.rest.name), Text(estimate.rest.operation), *figures, "", "")
    table.add_section()
    whole = (*(getattr(estimate, resource.value) for resource in RESOURCES), estimate.latency_cycles, estimate.interval)
    table.add_row("total", "", *(count(figure) for figure in whole))
    return table


def lines(estimate: Estimate) -> list[str]:
    """What the tables do not hold: times, frequency, power, and what it all rests on."""
    clock = estimate.conditions.clock_ns
    said = [
        f"Latency {count(estimate.latency_cycles)} cycles, {shown(estimate.latency_ns, number)} ns; interval "
        f"{count(estimate.interval)} cycles, {shown(estimate.interval_ns, number)} ns, at a period of {clock:g} ns.",
        f"Fmax {shown(estimate.fmax_mhz, number, ' MHz')}; power {shown(estimate.power_w, number, ' W')}.",
    ]
    if estimate.flow is Flow.VITIS:
        decides = "" if estimate.lut_implemented is None else "; these have to fit"
        said.append(f"{OVERSTATED} After place and route: {count(estimate.lut_implemented, ' LUTs')}{decides}.")
    if not estimate.conditions.target.calibrated:
        said.append(
            f"Nothing was calibrated for part {estimate.conditions.target.part}: this is "
            f"{estimate.conditions.target.family.value}, with wider intervals."
        )
    said += [f"Based on: {line}" for line in estimate.basis]
    if any(figure is not None and not figure.is_exact for figure in _figures(estimate)):
        said.append("In brackets: where the truth is expected nine times out of ten. Figures without are exact.")
    return said


def _figures(estimate: Estimate) -> list[Figure | None]:
    own = [getattr(estimate, resource.value) for resource in RESOURCES]
    return [*own, estimate.latency_cycles, estimate.interval, estimate.fmax_mhz, estimate.lut_implemented]


def verdict(estimate: Estimate) -> str:
    """Whether it fits the board, in a sentence; '' where no board was named."""
    board = estimate.conditions.target.board
    if board is None:
        return ""
    uses = estimate.decisive_uses
    over = [TITLES[use.resource] for use in uses if use.fits is False]
    if over:
        return f"It does NOT fit {board.name}: too many {', '.join(over)}."
    unknown = [TITLES[use.resource] for use in uses if use.used is None]
    if unknown:
        return f"Whether it fits {board.name} is unknown: so is {', '.join(unknown)}."
    open_ = [TITLES[use.resource] for use in uses if use.fits is None]
    if open_:
        return f"It may or may not fit {board.name}: its limit lies within the interval of {', '.join(open_)}."
    return f"It fits {board.name}."


def show(estimate: Estimate, say: Callable[..., None]) -> None:
    """Print an estimate for people."""
    say(title(estimate))
    say(layer_table(estimate))
    say(total_table(estimate))
    for line in lines(estimate):
        say(line)
    if verdict(estimate):
        say(verdict(estimate))
