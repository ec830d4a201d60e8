"""A sweep as a picture: what configurations keep against what they cost."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codesign.artifact import write_atomic
from codesign.errors import EstimateError, ToolMissingError
from codesign.estimate.sweep.pareto import Objective, default_objectives, front
from codesign.estimate.sweep.row import Row
from codesign.estimate.sweep.running import Swept

FORMATS = (".png", ".svg")
_LABELS = {
    "lut": "LUTs",
    "ff": "flip-flops",
    "dsp": "DSPs",
    "bram": "block RAMs",
    "latency_cycles": "latency (clocks)",
    "latency_ns": "latency (ns)",
    "interval": "initiation interval (clocks)",
    "interval_ns": "initiation interval (ns)",
    "fmax_mhz": "highest clock frequency (MHz)",
    "lut_implemented": "LUTs after place and route",
    "power_w": "power (W)",
    "weight_bits": "bits of weights",
    "activation_bits": "bits of activations",
    "bits_kept": "bits of the design kept",
}


def plot(swept: Swept, path: Path, objectives: Sequence[Objective] | None = None) -> None:
    """Draw the first objective over the second one, whole or not at all; the front of all objectives stands out.

    A third objective is told by colour.

    Args:
        swept: what to draw.
        path: a `.png` or `.svg`.
        objectives: as for `front`; at least two of which something is known.

    Raises:
        EstimateError: the path ends otherwise, or there is nothing to draw.
        ToolMissingError: matplotlib is not installed.
        OutputError: it cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise EstimateError(f"plot {path} ends in {path.suffix!r}; write it as {' or '.join(FORMATS)}")
    judged = tuple(objectives) if objectives is not None else default_objectives(swept.rows)
    points = [[item.value(row) for item in judged] for row in swept.built]
    if len(judged) < 2 or not any(None not in values[:2] for values in points):
        names = ", ".join(item.name for item in judged) or "nothing"
        raise EstimateError(
            f"no configuration of the sweep tells two things to draw over each other (it is judged by {names}); "
            "choose other objectives"
        )
    if importlib.util.find_spec("matplotlib") is None:
        raise ToolMissingError("a plot needs matplotlib, which is not installed; run: pip install 'codesign[plot]'")
    write_atomic(path, _drawn(swept, judged, path.suffix.lower().removeprefix(".")))


def _drawn(swept: Swept, judged: Sequence[Objective], kind: str) -> bytes:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    y, x = judged[:2]
    rows = [row for row in swept.built if x.value(row) is not None and y.value(row) is not None]
    best = front(rows, judged)
    # No display, no state that other plots share, and the same bytes for the same sweep.
    with mpl.rc_context({"svg.hashsalt": "codesign", "text.parse_math": False}):
        figure = Figure(figsize=(8, 5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        _scatter(figure, axes, rows, x, y, judged[2:])
        label = f"beaten by none ({len(best)})"
        axes.plot(_values(best, x), _values(best, y), "o", ms=7, mfc="none", mec="black", label=label)
        was = [swept.original]
        axes.plot(_values(was, x), _values(was, y), "*", ms=13, color="red", label="as it was")
        axes.set_xlabel(_label(x, swept))
        axes.set_ylabel(_label(y, swept))
        conditions = swept.conditions
        axes.set_title(
            f"{swept.graph}: {len(rows)} of {len(swept.rows)} configurations, {conditions.flow.value} flow, "
            f"{conditions.target.part}"
        )
        axes.grid(alpha=0.3)
        axes.legend()
        out = io.BytesIO()
        figure.savefig(out, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return out.getvalue()


def _values(rows: Sequence[Row], objective: Objective) -> list[float]:
    """NaN, which is not drawn, where a value is not known."""
    return [float("nan") if (value := objective.value(row)) is None else value for row in rows]


def _scatter(
    figure: Any, axes: Any, rows: Sequence[Row], x: Objective, y: Objective, more: Sequence[Objective]
) -> None:
    places = _values(rows, x), _values(rows, y)
    shade = next((item for item in more if len({item.value(row) for row in rows} - {None}) > 1), None)
    if shade is None:
        axes.scatter(*places, s=14, alpha=0.6, label="configurations")
        return
    shades = _values(rows, shade)
    drawn = axes.scatter(*places, s=14, c=shades, cmap="viridis", label="configurations", plotnonfinite=True)
    figure.colorbar(drawn, ax=axes, label=_LABELS.get(shade.name, shade.name))


def _label(objective: Objective, swept: Swept) -> str:
    if objective.name == "quality" and swept.quality:
        return swept.quality
    return _LABELS.get(objective.name, objective.name)
