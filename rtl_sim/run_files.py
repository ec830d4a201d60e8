"""What one run is to do, as files that a testbench reads, and what it saw, as files that it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.interface import Control, Dut, Protocol, Stream
from rtl_sim.observed import Flow, Observed, Violation
from rtl_sim.packing import Bytes
from rtl_sim.scenario import Plan, Segment

ORDER = "order.json"
STIMULUS = "stimulus.npz"
SEEN = "seen.json"
BEATS = "beats.npz"

# The testbench finds the run's folder here.
VARIABLE = "RTL_SIM_RUN"

_ORDERS = "order-*"

Words = Mapping[str, Mapping[str, Bytes]]


@dataclass(frozen=True, eq=False)
class Order:
    """One run.

    Attributes:
        design: what is tested.
        plan: the cycles.
        words: by input and data signal, the words of each beat.
        seed: of the noise on the inputs while they pause.
        probes: watch the points inside too.
        patience: cycles without a handshake after which the design is given up.
        quiet: cycles after the last answer in which no other may come.
    """

    design: Dut
    plan: Plan
    words: Words
    seed: int = 0
    probes: bool = False
    patience: int = 1000
    quiet: int = 64

    def save(self, folder: Path) -> None:
        """Write it into a run's folder."""
        plan = self.plan
        document = {
            "design": asdict(self.design),
            "frames": plan.frames,
            "segments": [asdict(segment) for segment in plan.segments],
            "reset_cycles": plan.reset_cycles,
            "misframed": plan.misframed,
            "after_valid": plan.after_valid,
            "seed": self.seed,
            "probes": self.probes,
            "patience": self.patience,
            "quiet": self.quiet,
        }
        arrays: dict[str, npt.NDArray[Any]] = {}
        for part, columns in (("gaps", plan.gaps), ("ready", plan.ready), ("last", plan.last)):
            arrays.update({f"{part}:{name}": values for name, values in columns.items()})
        for stream, signals in self.words.items():
            arrays.update({f"word:{stream}:{signal}": rows for signal, rows in signals.items()})
        np.savez(folder / STIMULUS, allow_pickle=False, **arrays)
        (folder / ORDER).write_text(json.dumps(document, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Order:
        """Read it back."""
        document = json.loads((folder / ORDER).read_text())
        columns: dict[str, dict[str, Any]] = {"gaps": {}, "ready": {}, "last": {}}
        words: dict[str, dict[str, Bytes]] = {}
        with np.load(folder / STIMULUS, allow_pickle=False) as archive:
            for key in archive.files:
                part, _, name = key.partition(":")
                if part == "word":
                    stream, _, signal = name.partition(":")
                    words.setdefault(stream, {})[signal] = archive[key]
                else:
                    columns[part][name] = archive[key]
        segments = tuple(Segment(**item) for item in document["segments"])
        how = {key: document[key] for key in ("misframed", "after_valid", "reset_cycles")}
        plan = replace(Plan(document["frames"], segments, columns["gaps"], columns["ready"], columns["last"]), **how)
        more = {key: document[key] for key in ("seed", "probes", "patience", "quiet")}
        return cls(_design(document["design"]), plan, words, **more)


def order_folder(folder: Path, number: int) -> Path:
    """Where a run keeps one of its orders."""
    return folder / _ORDERS.replace("*", f"{number:03d}")


def order_folders(folder: Path) -> list[Path]:
    """The orders of a run, in order."""
    return sorted(folder.glob(_ORDERS))


def _design(document: dict[str, Any]) -> Dut:
    streams = {
        key: tuple(
            Stream(**{**item, "data": tuple(item["data"]), "valid": tuple(item["valid"])}) for item in document[key]
        )
        for key in ("inputs", "outputs", "probes")
    }
    control = Control(**document["control"]) if document["control"] else None
    return Dut(
        **{
            **document,
            **streams,
            "protocol": Protocol(document["protocol"]),
            "control": control,
            "tied": tuple(document["tied"]),
        }
    )


def save_observed(observed: Observed, folder: Path) -> None:
    """Write what was seen into a run's folder; `SEEN` appears last, whole."""
    arrays: dict[str, npt.NDArray[Any]] = {"starts": observed.starts}
    for name, flow in observed.flows.items():
        arrays[f"cycle:{name}"] = flow.cycle
        arrays[f"segment:{name}"] = flow.segment
        arrays.update({f"word:{name}:{signal}": rows for signal, rows in flow.words.items()})
    np.savez(folder / BEATS, allow_pickle=False, **arrays)
    document = {"cycles": observed.cycles, "violations": [asdict(item) for item in observed.violations]}
    (folder / "seen.part").write_text(json.dumps(document, indent=1))
    (folder / "seen.part").replace(folder / SEEN)


def load_observed(folder: Path) -> Observed:
    """Read what was seen.

    Raises:
        OSError: the testbench wrote nothing.
    """
    document = json.loads((folder / SEEN).read_text())
    flows: dict[str, Flow] = {}
    with np.load(folder / BEATS, allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    for name in (key[6:] for key in arrays if key.startswith("cycle:")):
        start = f"word:{name}:"
        words = {key[len(start) :]: rows for key, rows in arrays.items() if key.startswith(start)}
        flows[name] = Flow(arrays[f"cycle:{name}"], arrays[f"segment:{name}"], words)
    violations = tuple(Violation(**item) for item in document["violations"])
    return Observed(arrays["starts"], document["cycles"], flows, violations)
