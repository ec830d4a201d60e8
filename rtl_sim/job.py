"""What one simulation is to do, as a file that the testbench reads, and what it answered, as a file that it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtl_sim.packing import Bytes

JOB = "job.json"
STIMULUS = "stimulus.npz"
ANSWERS = "answers.npz"
FAILURE = "failure.txt"

# The testbench finds its job's folder here.
VARIABLE = "RTL_SIM_JOB"


def _save(path: Path, words: Mapping[str, Bytes], **others: npt.NDArray[np.int64]) -> None:
    arrays: dict[str, Any] = {**others, **{f"word_{name}": rows for name, rows in words.items()}}
    np.savez(path, **arrays)


@dataclass(frozen=True)
class Signal:
    """A bus of the top module.

    Attributes:
        name: as the simulator knows it.
        width: bits.
        offset: for a wire inside, cycles from a sample taken in to this wire holding its numbers.
    """

    name: str
    width: int
    offset: int = 0


@dataclass(frozen=True)
class Job:
    """One simulation.

    Attributes:
        clock: port, rising edge.
        reset: port, active high, synchronous.
        in_valid: port that says that the inputs hold a sample.
        out_valid: port that says that the outputs hold one.
        inputs: buses to drive.
        outputs: buses to read where `out_valid` is high.
        layers: wires to read as well, at their offsets.
        seed: of what is driven between samples.
        patience: cycles without an answer after which the design is given up.
    """

    clock: str
    reset: str
    in_valid: str
    out_valid: str
    inputs: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
    layers: tuple[Signal, ...] = ()
    seed: int = 0
    patience: int = 1000

    def save(self, folder: Path) -> None:
        """Write the job into a folder."""
        (folder / JOB).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Path) -> Job:
        """Read a job back."""
        document = json.loads((folder / JOB).read_text())
        for name in ("inputs", "outputs", "layers"):
            document[name] = tuple(Signal(**item) for item in document[name])
        return cls(**document)


@dataclass(frozen=True)
class Stimulus:
    """What is driven.

    Attributes:
        words: by input signal, (n, bytes) words, little-endian.
        gaps: (n,) idle cycles before each sample.
    """

    words: Mapping[str, Bytes]
    gaps: npt.NDArray[np.int64]

    def save(self, folder: Path) -> None:
        """Write it into a job's folder."""
        _save(folder / STIMULUS, self.words, gaps=self.gaps)

    @classmethod
    def load(cls, folder: Path) -> Stimulus:
        """Read it back."""
        with np.load(folder / STIMULUS, allow_pickle=False) as archive:
            words = {name[5:]: archive[name] for name in archive.files if name.startswith("word_")}
            return cls(words, archive["gaps"])


@dataclass(frozen=True)
class Answers:
    """What came out.

    Attributes:
        words: by output or layer signal, (n, bytes) words, little-endian.
        taken: (n,) cycle in which each sample was taken in.
        given: (n,) cycle in which each answer was found.
    """

    words: Mapping[str, Bytes]
    taken: npt.NDArray[np.int64]
    given: npt.NDArray[np.int64]

    def save(self, folder: Path) -> None:
        """Write it into a job's folder, last of all."""
        _save(folder / "answers.part.npz", self.words, taken=self.taken, given=self.given)
        (folder / "answers.part.npz").replace(folder / ANSWERS)

    @classmethod
    def load(cls, folder: Path) -> Answers:
        """Read it back."""
        with np.load(folder / ANSWERS, allow_pickle=False) as archive:
            words = {name[5:]: archive[name] for name in archive.files if name.startswith("word_")}
            return cls(words, archive["taken"], archive["given"])
