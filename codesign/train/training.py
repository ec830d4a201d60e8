"""Quantization-aware training from a recipe."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from codesign.artifact import is_current, stage, write_atomic
from codesign.errors import OutputError
from codesign.frontend.keras_import import import_keras, no_warnings
from codesign.frontend.loading import check_weights
from codesign.train.data import Samples, load_samples, source_digest
from codesign.train.layers import ends_in_softmax, output_width
from codesign.train.recipe import Optimizer, Recipe, Schedule
from codesign.train.record import (
    DATA_FILE,
    FORMAT,
    MODEL_FILE,
    RECORD_FILE,
    Counts,
    Epoch,
    Trained,
    read_trained,
    to_json,
)
from codesign.train.section import Where

_PACKAGES = ("codesign", "tensorflow", "keras", "qkeras-v3", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        done: epochs finished; 0 while Keras is still being imported.
        total: epochs at most.
        last: the epoch just finished; None before the first.
    """

    done: int
    total: int
    last: Epoch | None


def train(recipe: Recipe, folder: Path, progress: Callable[[Progress], None] | None = None) -> Trained:
    """Train the recipe's model, or find it already trained there.

    The same recipe, seed, data and package versions on the same machine give the same weights, bit for bit.

    Args:
        recipe: what to train.
        folder: gets `model.keras`, `data.npz` and `training.json`; written in one piece when all is done.
        progress: called when training starts and after every epoch.

    Raises:
        RecipeError: the model does not fit the data, or its layers each other.
        InputDataError: the data are missing, damaged or empty.
        WeightError: training diverged to NaN or infinite weights.
        OutputError: `folder` cannot be written, or holds something that is not ours.
        ToolMissingError: Keras, QKeras or scikit-learn is not installed.
    """
    versions = _versions()
    key = hashlib.sha256(
        json.dumps([FORMAT, recipe.training_digest(), source_digest(recipe), versions], sort_keys=True).encode()
    ).hexdigest()
    if is_current(folder, key):
        earlier = read_trained(folder)
        if earlier is not None:
            return earlier
    started = time.monotonic()
    samples = load_samples(recipe)
    _check_fit(recipe, samples)
    with stage(folder, key) as temporary:
        if progress is not None:
            progress(Progress(0, recipe.training.epochs, None))
        model, history = _fit(recipe, samples, progress)
        check_weights(model, f"training {recipe.name!r} diverged")
        trained = Trained(
            folder=folder,
            test_correct=_correct(model, samples),
            history=history,
            counts=_counts(samples),
            weights_digest=_weights_digest(model),
            seconds=round(time.monotonic() - started, 3),
            reused=False,
        )
        _save(model, samples, temporary)
        write_atomic(temporary / RECORD_FILE, to_json(trained, recipe.to_dict(), versions, temporary))
    return trained


def _versions() -> dict[str, str]:
    return {package: version for package in _PACKAGES if (version := _version(package)) is not None}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _check_fit(recipe: Recipe, samples: Samples) -> None:
    width = output_width(recipe.model, samples.x.shape[1:])
    if width != samples.classes:
        raise (
            Where(str(recipe.path))
            .key("model")
            .item(len(recipe.model) - 1)
            .refuse(
                f"the model ends {width} wide, the data have {samples.classes} classes; give the last dense "
                f"layer units: {samples.classes}"
            )
        )


def _fit(
    recipe: Recipe, samples: Samples, progress: Callable[[Progress], None] | None
) -> tuple[Any, tuple[Epoch, ...]]:
    """Train, and return an uncompiled copy of the model (no optimizer state) with the history."""
    from codesign.train.build import build_model

    keras, _ = import_keras()
    import tensorflow as tf

    where = Where(str(recipe.path))
    training = recipe.training
    with no_warnings():
        keras.utils.set_random_seed(recipe.seed)
        tf.config.experimental.enable_op_determinism()
        model = build_model(recipe.model, samples.x.shape[1:], recipe.name, where)
        if model.output_shape[1:] != (samples.classes,):
            raise where.key("model").refuse(
                f"the model's output has shape {model.output_shape[1:]}, a classifier's is ({samples.classes},); put a "
                "Flatten before the last dense layer"
            )
        model.compile(
            optimizer=_optimizer(keras, recipe, len(samples.train)),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=not ends_in_softmax(recipe.model)),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )
        epochs: list[Epoch] = []
        validation = (samples.x[samples.validation], samples.y[samples.validation]) if samples.validation.size else None
        model.fit(
            samples.x[samples.train],
            samples.y[samples.train],
            validation_data=validation,
            epochs=training.epochs,
            batch_size=training.batch_size,
            callbacks=_callbacks(keras, recipe, epochs, progress),
            verbose=0,
        )
        finished = build_model(recipe.model, samples.x.shape[1:], recipe.name, where)
        finished.set_weights(model.get_weights())
    return finished, tuple(epochs)


def _optimizer(keras: Any, recipe: Recipe, samples: int) -> Any:
    training = recipe.training
    rate: Any = training.learning_rate
    if training.schedule is Schedule.COSINE:
        steps = training.epochs * -(-samples // training.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    make = {
        Optimizer.ADAM: keras.optimizers.Adam,
        Optimizer.SGD: keras.optimizers.SGD,
        Optimizer.RMSPROP: keras.optimizers.RMSprop,
    }
    return make[training.optimizer](rate)


def _callbacks(
    keras: Any, recipe: Recipe, epochs: list[Epoch], progress: Callable[[Progress], None] | None
) -> list[Any]:
    def finished(epoch: int, logs: dict[str, float]) -> None:
        epochs.append(Epoch(logs["loss"], logs["accuracy"], logs.get("val_loss"), logs.get("val_accuracy")))
        if progress is not None:
            progress(Progress(epoch + 1, recipe.training.epochs, epochs[-1]))

    callbacks = [keras.callbacks.TerminateOnNaN(), keras.callbacks.LambdaCallback(on_epoch_end=finished)]
    if recipe.training.early_stopping is not None:
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=recipe.training.early_stopping, restore_best_weights=True
            )
        )
    return callbacks


def _correct(model: Any, samples: Samples) -> int:
    with no_warnings():
        outputs = np.asarray(model.predict(samples.x[samples.test], batch_size=1024, verbose=0))
    return int(np.count_nonzero(outputs.argmax(axis=1) == samples.y[samples.test]))


def _counts(samples: Samples) -> Counts:
    return Counts(
        total=len(samples.y),
        train=len(samples.train),
        validation=len(samples.validation),
        test=len(samples.test),
        values_rounded=samples.rounded,
        values_saturated=samples.saturated,
    )


def _weights_digest(model: Any) -> str:
    digest = hashlib.sha256()
    for weight in model.get_weights():
        array = np.ascontiguousarray(weight)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _save(model: Any, samples: Samples, folder: Path) -> None:
    try:
        with no_warnings():
            model.save(folder / MODEL_FILE)
    except RuntimeError as error:  # what h5py makes of a full disk
        raise OutputError(f"cannot write {MODEL_FILE} ({error}); free space or give another --out") from error
    arrays = io.BytesIO()
    np.savez_compressed(
        arrays,
        x_all=samples.x,
        y_all=samples.y,
        train_index=samples.train,
        validation_index=samples.validation,
        test_index=samples.test,
    )
    write_atomic(folder / DATA_FILE, arrays.getvalue())
