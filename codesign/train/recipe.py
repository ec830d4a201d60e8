"""Recipes: the YAML file that says what is trained, on what, and what is then made of it."""

# `key` makes a dataclass field, as dataclasses.field does.
# ruff: noqa: RUF009

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from codesign.errors import RecipeError
from codesign.frontend.options import LARGEST_REUSE, Head, IoType, Strategy
from codesign.frontend.quantizer_text import suggest
from codesign.graph import FixedPoint
from codesign.resources import resource
from codesign.rtl import Interface
from codesign.strict_yaml import read_yaml
from codesign.train import section
from codesign.train.layers import TYPE_OF, Layer, Softmax, read_layer
from codesign.train.section import Where, key, read_section


class Scaling(str, Enum):
    """How raw inputs are brought near the input type's range; statistics come from the training samples alone."""

    NONE = "none"
    DIVIDE = "divide"  # by `divide_by`
    MINMAX = "minmax"  # each feature to 0..1
    STANDARD = "standard"  # each feature to mean 0, deviation 1


class Optimizer(str, Enum):
    """Keras's optimizers that a recipe may name."""

    ADAM = "adam"
    SGD = "sgd"
    RMSPROP = "rmsprop"


class Schedule(str, Enum):
    """What the learning rate does over the epochs."""

    CONSTANT = "constant"
    COSINE = "cosine"  # falls to zero along half a cosine


SKLEARN_SOURCES = ("digits", "breast-cancer", "wine")


def _source(value: Any, where: Where) -> str:
    if isinstance(value, str) and (value in SKLEARN_SOURCES or value.endswith(".npz")):
        return section.text(value, where)
    hint = suggest(value, list(SKLEARN_SOURCES)) if isinstance(value, str) else ""
    raise where.refuse(
        f"{str(value)[:80]!r} is no data set{hint}; give one of {', '.join(SKLEARN_SOURCES)} or the path of an .npz "
        "with arrays x and y"
    )


def _input_precision(value: Any, where: Where) -> FixedPoint:
    kind = section.fixed_point(value, where)
    if kind.width > 24:
        raise where.refuse(f"{kind} is {kind.width} bits wide; give at most 24, what a float32 input holds exactly")
    return kind


_BOARD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def _board(value: Any, where: Where) -> str:
    legal = sorted(file.stem for file in resource("boards").glob("*.yaml"))
    if not isinstance(value, str) or not _BOARD.fullmatch(value) or value not in legal:
        hint = suggest(value, legal) if isinstance(value, str) else ""
        raise where.refuse(f"{str(value)[:80]!r} is no board{hint}; give one of {', '.join(legal)}")
    return value


@dataclass(frozen=True)
class DataRecipe:
    """What is learnt from.

    Attributes:
        source: `digits`, `breast-cancer`, `wine`, or the path of an `.npz` with x and y, as given.
        input_precision: the type whose grid every input lies on.
        scaling: applied before snapping to that grid.
        divide_by: for `divide`.
        test_fraction: share of the samples held out and never trained on.
        validation_fraction: share of the samples held out for early stopping; may be 0.
    """

    source: str = key(_source)
    input_precision: FixedPoint = key(_input_precision)
    scaling: Scaling = key(section.choice(Scaling), Scaling.NONE)
    divide_by: float | None = key(section.number(0, 1e9, above=True), None)
    test_fraction: float = key(section.number(0, 0.9, above=True), 0.2)
    validation_fraction: float = key(section.number(0, 0.9), 0.1)


@dataclass(frozen=True)
class TrainingRecipe:
    """How it is learnt. Loss: cross-entropy, on logits unless the model ends in softmax.

    Attributes:
        epochs: at most.
        early_stopping: epochs without a better validation loss after which training stops and the best epoch's weights
            come back; None trains all epochs and keeps the last.
    """

    epochs: int = key(section.integer(1, 100_000))
    batch_size: int = key(section.integer(1, 1_000_000), 64)
    optimizer: Optimizer = key(section.choice(Optimizer), Optimizer.ADAM)
    learning_rate: float = key(section.number(0, 10, above=True), 1e-3)
    schedule: Schedule = key(section.choice(Schedule), Schedule.CONSTANT)
    early_stopping: int | None = key(section.integer(1, 100_000), None)


@dataclass(frozen=True)
class LayerRecipe:
    """What one layer is built with where that differs from the whole; see `codesign.frontend.options.LayerOptions`."""

    name: str = key(section.name)
    strategy: Strategy | None = key(section.choice(Strategy), None)
    reuse_factor: int | None = key(section.integer(1, LARGEST_REUSE), None)


@dataclass(frozen=True)
class ConvertRecipe:
    """What the design is converted with; see `codesign.frontend.options`, and `codesign.rtl.Facing` for its ports."""

    clock_ns: float = key(section.number(0, 1e6, above=True), 10.0)
    io_type: IoType = key(section.choice(IoType), IoType.PARALLEL)
    strategy: Strategy = key(section.choice(Strategy), Strategy.LATENCY)
    reuse_factor: int = key(section.integer(1, LARGEST_REUSE), 1)
    layers: tuple[LayerRecipe, ...] = key(section.items(section.section(LayerRecipe)), ())
    head: Head = key(section.choice(Head), Head.MODEL)
    interface: Interface = key(section.choice(Interface), Interface.VALID_READY)
    axis_width: int | None = key(section.integer(8, 1024), None)
    axi_lite: bool = key(section.flag, False)


@dataclass(frozen=True)
class VerifyRecipe:
    """What the design is verified on, besides every sample of the data.

    Attributes:
        random_samples: inputs drawn over the input type's full range.
        seed: of that drawing.
    """

    random_samples: int = key(section.integer(0, 10_000_000), 2000)
    seed: int = key(section.integer(0, 2**32 - 1), 0)


@dataclass(frozen=True)
class Recipe:
    """A whole recipe.

    Attributes:
        path: the file it was read from, which an `.npz` source is found relative to.
        boards: whose limits the cost is set against.
    """

    path: Path = dataclasses.field(compare=False)
    name: str = key(section.name)
    data: DataRecipe = key(section.section(DataRecipe))
    model: tuple[Layer, ...] = key(section.items(read_layer, least=1))
    training: TrainingRecipe = key(section.section(TrainingRecipe))
    seed: int = key(section.integer(0, 2**32 - 1), 0)
    convert: ConvertRecipe = key(section.section(ConvertRecipe), ConvertRecipe())
    verify: VerifyRecipe = key(section.section(VerifyRecipe), VerifyRecipe())
    boards: tuple[str, ...] = key(section.items(_board), ())

    @property
    def source_path(self) -> Path | None:
        """The `.npz` that the data come from; None for a data set of scikit-learn."""
        return None if self.data.source in SKLEARN_SOURCES else self.path.parent / self.data.source

    def to_dict(self) -> dict[str, Any]:
        """The recipe with every default filled in, as JSON holds it; reading it back gives an equal recipe."""
        plain = section.plain(self)
        plain["model"] = [
            {"type": TYPE_OF[type(layer)], **{k: v for k, v in section.plain(layer).items() if v is not None}}
            for layer in self.model
        ]
        return {name: _without_none(value) for name, value in plain.items()}

    def training_digest(self) -> str:
        """SHA-256 of all that decides the trained model: not the later sections, not where the file lies."""
        decides = {name: self.to_dict()[name] for name in ("name", "seed", "data", "model", "training")}
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def _without_none(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe.

    Args:
        path: a YAML file.

    Raises:
        RecipeError: names the file, the key, the value and the legal values.
    """
    path = Path(path)
    where = Where(str(path))
    recipe = read_section(Recipe, read_yaml(path, what="recipe", error=RecipeError), where, {"path": path})
    _check_together(recipe, where)
    return recipe


def _check_together(recipe: Recipe, where: Where) -> None:
    data, training = recipe.data, recipe.training
    if (data.scaling is Scaling.DIVIDE) != (data.divide_by is not None):
        raise where.key("data").refuse("divide_by belongs to scaling: divide; give both or neither")
    if data.test_fraction + data.validation_fraction >= 1:
        raise where.key("data").refuse(
            f"test_fraction {data.test_fraction:g} and validation_fraction {data.validation_fraction:g} leave nothing "
            "to train on; their sum must be below 1"
        )
    if training.early_stopping is not None and data.validation_fraction == 0:
        raise (
            where.key("training")
            .key("early_stopping")
            .refuse(
                "early stopping needs validation samples; give data.validation_fraction above 0 "
                "or leave early_stopping out"
            )
        )
    names: dict[str, int] = {}
    for index, layer in enumerate(recipe.model):
        place = where.key("model").item(index)
        if layer.name and layer.name in names:
            raise place.key("name").refuse(
                f"{layer.name!r} is the name of model[{names[layer.name]}] too; give each layer its own"
            )
        names[layer.name] = index
        softmax = isinstance(layer, Softmax) or getattr(layer, "activation", None) == "softmax"
        if softmax and index != len(recipe.model) - 1:
            raise place.refuse("softmax is the end of a classifier; move it to the last layer")
