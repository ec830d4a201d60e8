"""The samples that a recipe names: read, scaled, snapped to the input type's grid, and split."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codesign.errors import InputDataError, ToolMissingError
from codesign.graph import FixedPoint
from codesign.train.recipe import DataRecipe, Recipe, Scaling

_MAX_BYTES = 4 << 30


@dataclass(frozen=True)
class Samples:
    """A data set on the input grid, with its split.

    Attributes:
        x: inputs (n, *shape), float32; each is exactly a value of the input type.
        y: classes (n,), int64, from 0.
        classes: how many.
        train: indices of the training samples, (n_train,), int64; likewise `validation` and `test`.
            Disjoint, together all.
        rounded: input values that were not on the grid and were rounded to it.
        saturated: input values outside the type's range that were clipped to it.
    """

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    classes: int
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    rounded: int
    saturated: int


def source_digest(recipe: Recipe) -> str:
    """SHA-256 of the recipe's `.npz`; the data set's name where scikit-learn ships it.

    Raises:
        InputDataError: the file is missing or unreadable.
    """
    path = recipe.source_path
    if path is None:
        return recipe.data.source
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InputDataError(f"data file {path} cannot be read ({error.strerror}); check data.source") from error
    return digest.hexdigest()


def load_samples(recipe: Recipe) -> Samples:
    """Everything that a recipe's `data` section describes.

    Raises:
        InputDataError: the file is missing, damaged, empty, or its arrays do not fit together.
        ToolMissingError: scikit-learn is not installed.
    """
    path = recipe.source_path
    raw, labels = _from_sklearn(recipe.data.source) if path is None else _from_npz(path)
    where = recipe.data.source if path is None else str(path)
    x, y = _checked(raw, labels, where)
    train, validation, test = _split(y, recipe, where)
    scaled = _scaled(x, train, recipe.data)
    snapped, rounded, saturated = snap(scaled, recipe.data.input_precision)
    return Samples(snapped, y, int(y.max()) + 1, train, validation, test, rounded, saturated)


def snap(x: NDArray[np.float64], kind: FixedPoint) -> tuple[NDArray[np.float32], int, int]:
    """Bring values onto a type's grid: to the nearest (ties to even), clipped to its range.

    Args:
        x: any shape, finite.
        kind: at most 24 bits wide, so that float32 holds its values exactly.

    Returns:
        The values as float32, how many were rounded, and how many were clipped.
    """
    units = np.ldexp(x, kind.fraction)
    whole = np.rint(units)
    clipped = np.clip(whole, kind.min_int, kind.max_int)
    saturated = int(np.count_nonzero(clipped != whole))
    rounded = int(np.count_nonzero((whole != units) & (clipped == whole)))
    return np.ldexp(clipped, -kind.fraction).astype(np.float32), rounded, saturated


def _from_sklearn(source: str) -> tuple[Any, Any]:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ToolMissingError(
            f"scikit-learn cannot be imported ({error}); run: pip install 'codesign[train]'"
        ) from error
    load = {"digits": datasets.load_digits, "breast-cancer": datasets.load_breast_cancer, "wine": datasets.load_wine}
    x, y = load[source](return_X_y=True)
    return x, y


def _from_npz(path: Path) -> tuple[Any, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            declared = sum(info.file_size for info in archive.infolist())
        if declared > _MAX_BYTES:
            raise InputDataError(
                f"data file {path} would unpack to {declared} bytes; the most is {_MAX_BYTES}: give fewer samples"
            )
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in ("x", "y") if name not in arrays]
            if missing:
                raise InputDataError(
                    f"data file {path} has no array {missing[0]!r} (it has {', '.join(sorted(arrays)) or 'none'}); "
                    "save it with numpy.savez(path, x=..., y=...)"
                )
            return arrays["x"], arrays["y"]
    except FileNotFoundError:
        raise InputDataError(f"data file {path} does not exist; check data.source") from None
    except OSError as error:
        raise InputDataError(
            f"data file {path} cannot be read ({error.strerror or error}); check data.source"
        ) from error
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, MemoryError, NotImplementedError) as error:
        raise InputDataError(
            f"data file {path} is not a sound .npz of plain arrays ({error}); "
            "save it with numpy.savez(path, x=..., y=...)"
        ) from error


def _checked(x: Any, y: Any, where: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if x.ndim < 2 or x.size == 0:
        raise InputDataError(f"{where}: x has shape {x.shape}; give at least one sample as (n, features...)")
    if x.dtype.kind not in "fiub" or y.dtype.kind not in "fiub":
        raise InputDataError(f"{where}: x is {x.dtype} and y is {y.dtype}; give numbers")
    if y.ndim == 2 and y.shape[0] == x.shape[0] and y.shape[1] > 1:
        if not (np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()):
            raise InputDataError(
                f"{where}: y of shape {y.shape} is not one-hot; give class numbers (n,) or one-hot rows"
            )
        y = y.argmax(axis=1)
    if y.shape != (x.shape[0],):
        raise InputDataError(f"{where}: y has shape {y.shape} for {x.shape[0]} samples; give class numbers (n,)")
    values = x.astype(np.float64)
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise InputDataError(f"{where}: x holds {bad} NaN or infinite values; remove those samples")
    if not (np.isfinite(y.astype(np.float64)).all() and (y == np.floor(y)).all() and y.min() >= 0 and y.max() < 65536):
        raise InputDataError(f"{where}: y must be class numbers from 0 to 65535; it spans {y.min()}..{y.max()}")
    classes = y.astype(np.int64)
    if classes.max() == 0:
        raise InputDataError(f"{where}: every sample is of class 0; give at least two classes")
    return values, classes


def _split(y: NDArray[np.int64], recipe: Recipe, where: str) -> tuple[NDArray[np.int64], ...]:
    """Indices for training, validation and test: each class shuffled and shared out in the same proportions."""
    random = np.random.default_rng(recipe.seed)
    parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
    for label in np.unique(y):
        members = random.permutation(np.flatnonzero(y == label))
        test = round(len(members) * recipe.data.test_fraction)
        validation = round(len(members) * recipe.data.validation_fraction)
        for part, chosen in zip(
            parts, (members[test + validation :], members[test : test + validation], members[:test]), strict=True
        ):
            part.append(chosen)
    train, validation_index, test_index = (np.sort(np.concatenate(part)) for part in parts)
    empty = [
        name
        for name, index, wanted in (
            ("training", train, 1.0),
            ("validation", validation_index, recipe.data.validation_fraction),
            ("test", test_index, 1.0),
        )
        if wanted and not index.size
    ]
    if empty:
        raise InputDataError(
            f"{where}: {len(y)} samples leave none for {empty[0]} at test_fraction {recipe.data.test_fraction:g} and "
            f"validation_fraction {recipe.data.validation_fraction:g}; give more samples or other fractions"
        )
    return train, validation_index, test_index


def _scaled(x: NDArray[np.float64], train: NDArray[np.int64], data: DataRecipe) -> NDArray[Any]:
    seen = x[train]
    if data.scaling is Scaling.DIVIDE and data.divide_by is not None:
        return np.asarray(x / data.divide_by)
    if data.scaling is Scaling.MINMAX:
        low, high = seen.min(axis=0), seen.max(axis=0)
        return np.asarray((x - low) / np.where(high > low, high - low, 1))
    if data.scaling is Scaling.STANDARD:
        deviation = seen.std(axis=0)
        return np.asarray((x - seen.mean(axis=0)) / np.where(deviation > 0, deviation, 1))
    return x
