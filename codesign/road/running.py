"""`run`: a recipe from data to verified, costed design."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.artifact import make_folder, write_atomic
from codesign.board import Board, load_board
from codesign.errors import OutputError
from codesign.frontend.options import ConvertOptions, LayerOptions
from codesign.graph import Graph
from codesign.road.accuracy import Accuracy, measure
from codesign.road.building import Built, build
from codesign.road.conversion import Converted, convert
from codesign.road.verification import RUNGS, Verified, verify
from codesign.road.watch import Stopwatch
from codesign.rtl import Facing
from codesign.train import Recipe, Trained, read_recipe, train
from codesign.verify.record import record

Progress = Callable[[str], None]

SAMPLES = "samples.npy"
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Outcome:
    """A finished run.

    Attributes:
        recipe: that was run.
        folder: holds train/, design/ and summary.json.
        trained: the training.
        converted: the conversion.
        verified: the ladder.
        accuracy: of the exact integers on the held-out samples; None where the design has several outputs.
        built: the cost on each board.
        seconds: each stage took, by name.
    """

    recipe: Recipe
    folder: Path
    trained: Trained
    converted: Converted
    verified: Verified
    accuracy: Accuracy | None
    built: tuple[Built, ...]
    seconds: dict[str, float]

    @property
    def passed(self) -> bool:
        """Every rung was climbed and equal, and the design fits every board."""
        return self.verified.passed and self.verified.complete and all(item.fits for item in self.built)


def _samples(trained: Trained, folder: Path) -> Path:
    """All samples of the training data as a file that `convert` takes."""
    with np.load(trained.data_path, allow_pickle=False) as archive:
        x = archive["x_all"]
    stream = io.BytesIO()
    np.save(stream, x, allow_pickle=False)
    write_atomic(folder / SAMPLES, stream.getvalue())
    return folder / SAMPLES


def run(recipe_path: Path, folder: Path, *, progress: Progress = lambda text: None) -> Outcome:
    """Train, convert, verify and cost as a recipe says; stages that are up to date are kept.

    Args:
        recipe_path: the YAML recipe.
        folder: for all results.
        progress: told what is being done.

    Raises:
        CodesignError: the recipe, a board, the folder or a tool is refused.
    """
    recipe = read_recipe(recipe_path)
    asked = recipe.convert
    facing = Facing(asked.interface, asked.axis_width, asked.axi_lite)
    boards: list[Board] = [load_board(name) for name in recipe.boards]
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file, not a folder; give another --out")
    make_folder(folder)
    watch = Stopwatch()
    with watch.stage("train"):
        progress("train: starting TensorFlow")
        trained = train(recipe, folder / "train", lambda state: progress(_training(state)))
    with watch.stage("convert"):
        options = ConvertOptions(
            input_type=recipe.data.input_precision,
            io_type=asked.io_type,
            strategy=asked.strategy,
            reuse_factor=asked.reuse_factor,
            layers={item.name: LayerOptions(item.strategy, item.reuse_factor) for item in asked.layers},
            head=asked.head,
            clock_ns=asked.clock_ns,
        )
        converted = convert(
            trained.model_path,
            folder / "design",
            options,
            board=boards[0] if boards else None,
            data=_samples(trained, folder),
            facing=facing,
            progress=lambda text: progress(f"convert: {text}"),
        )
    with watch.stage("verify"):
        verified = verify(
            folder / "design",
            names=RUNGS,
            random_samples=recipe.verify.random_samples,
            seed=recipe.verify.seed,
            progress=lambda text: progress(f"verify: {text}"),
        )
    accuracy = _accuracy(converted.graph, trained)
    built: list[Built] = []
    for board in boards:
        # One synthesis serves every board of a family.
        alike = [item.cost.utilisation for item in built if item.board.family is board.family]
        known = alike[0] if alike else None
        with watch.stage(f"cost {board.name}"):
            progress(f"cost: {board.name}")
            built.append(build(folder / "design", str(board.path), known=known))
    outcome = Outcome(recipe, folder, trained, converted, verified, accuracy, tuple(built), watch.seconds)
    write_atomic(folder / SUMMARY, json.dumps(summary(outcome), indent=1, default=str) + "\n")
    return outcome


def summary(outcome: Outcome) -> dict[str, Any]:
    """A finished run for machines: the shape of `summary.json`."""
    manifest, design = outcome.converted.manifest, outcome.converted.design
    return {
        "recipe": outcome.recipe.name,
        "folder": str(outcome.folder),
        "passed": outcome.passed,
        "test_accuracy": outcome.trained.test_accuracy,
        "hardware_accuracy": None if outcome.accuracy is None else outcome.accuracy.share,
        "latency_cycles": None if manifest is None else manifest.latency_cycles,
        "interval": None if manifest is None else manifest.interval,
        "clock_ns": design.clock_ns,
        "verification": record(outcome.verified.results, {}),
        "cost": [built.document() for built in outcome.built],
        "seconds": outcome.seconds,
    }


def _training(state: Any) -> str:
    if state.last is None:
        return "train: starting TensorFlow"
    share = state.last.accuracy if state.last.validation_accuracy is None else state.last.validation_accuracy
    return f"train: epoch {state.done} of {state.total}, accuracy {share:.1%}"


def _accuracy(graph: Graph, trained: Trained) -> Accuracy | None:
    if len(graph.outputs) != 1 or len(graph.input_nodes) != 1:
        return None
    with np.load(trained.data_path, allow_pickle=False) as archive:
        test = archive["test_index"]
        return measure(graph, archive["x_all"][test], archive["y_all"][test])
