"""What a training leaves behind, and reading it back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
MODEL_FILE = "model.keras"
DATA_FILE = "data.npz"
RECORD_FILE = "training.json"


@dataclass(frozen=True)
class Epoch:
    """The means over one pass through the training samples; the validation ones are None without such samples."""

    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None


@dataclass(frozen=True)
class Counts:
    """How many samples were used for what, and what snapping them to the input type did.

    Attributes:
        total: samples in all.
        train: trained on.
        validation: that decided on early stopping.
        test: never seen in training.
        values_rounded: input values that were not on the input type's grid.
        values_saturated: input values outside the input type's range.
    """

    total: int
    train: int
    validation: int
    test: int
    values_rounded: int
    values_saturated: int


@dataclass(frozen=True)
class Trained:
    """A finished training.

    Attributes:
        folder: holds `model.keras`, `data.npz` (float32 x_all on the input grid, int64 y_all, train_index,
            validation_index, test_index) and `training.json`.
        test_correct: test samples whose largest output is at their class.
        history: one `Epoch` per epoch trained.
        counts: of samples.
        weights_digest: SHA-256 of all weights in order; equal for equal recipe, seed and versions on one machine.
        seconds: the training took, imports included.
        reused: an earlier training from the same recipe, data and versions was still there, and nothing was trained.
    """

    folder: Path
    test_correct: int
    history: tuple[Epoch, ...]
    counts: Counts
    weights_digest: str
    seconds: float
    reused: bool

    @property
    def model_path(self) -> Path:
        """The trained model."""
        return self.folder / MODEL_FILE

    @property
    def data_path(self) -> Path:
        """The samples."""
        return self.folder / DATA_FILE

    @property
    def test_accuracy(self) -> float:
        """Share of the test samples that the model classifies right, in 0..1."""
        return self.test_correct / self.counts.test


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def to_json(trained: Trained, recipe: dict[str, Any], versions: dict[str, str], folder: Path) -> str:
    """The text of `training.json`.

    Args:
        trained: what to record.
        recipe: the recipe with its defaults filled in.
        versions: of the packages that decide the result.
        folder: holds the model and the data, whose digests are recorded.
    """
    record = {
        "format": FORMAT,
        "recipe": recipe,
        "seed": recipe["seed"],
        "test_accuracy": trained.test_accuracy,
        "test_correct": trained.test_correct,
        "history": [asdict(epoch) for epoch in trained.history],
        "counts": asdict(trained.counts),
        "weights_sha256": trained.weights_digest,
        "seconds": trained.seconds,
        "versions": versions,
        "sha256": {name: file_digest(folder / name) for name in (MODEL_FILE, DATA_FILE)},
    }
    return json.dumps(record, indent=1) + "\n"


def read_trained(folder: Path) -> Trained | None:
    """A finished training as it was recorded; None where it is absent, damaged, or of another format."""
    try:
        record = json.loads((folder / RECORD_FILE).read_text())
        if record["format"] != FORMAT:
            return None
        if any(file_digest(folder / name) != digest for name, digest in record["sha256"].items()):
            return None
        return Trained(
            folder=folder,
            test_correct=record["test_correct"],
            history=tuple(Epoch(**epoch) for epoch in record["history"]),
            counts=Counts(**record["counts"]),
            weights_digest=record["weights_sha256"],
            seconds=record["seconds"],
            reused=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
