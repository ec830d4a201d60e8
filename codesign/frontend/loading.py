"""Loading a trained model file that may come from anyone: `.keras`, legacy `.h5`, or `.json` with its weights."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from codesign.errors import CodesignError, ModelFileError, WeightError
from codesign.frontend.keras_import import import_keras, no_warnings
from codesign.frontend.known_classes import QKERAS_LAYERS, QKERAS_PARTS
from codesign.frontend.model_config import checked_config
from codesign.frontend.model_container import (
    SAVE_AGAIN,
    FileKind,
    Parts,
    check_hdf5,
    decode_json,
    file_kind,
    read_hdf5_model,
    read_keras_zip,
    read_model_bytes,
)
from codesign.frontend.quantizer_text import SIGNATURES


def load_model(path: str | Path, weights: str | Path | None = None) -> Any:
    """Load a Keras or QKeras model for inference, running nothing that the file brings.

    The file is read once; its architecture is checked against the classes and functions of Keras and QKeras
    (`codesign.frontend.model_config`) before anything is built from it.

    Args:
        path: a `.keras` archive, a legacy `.h5` model of Keras 2 or old QKeras, or an architecture in `.json`.
        weights: for a `.json` only: its HDF5 weights; without it `<name>_weights.h5` or `<name>.weights.h5` beside it.

    Returns:
        The `keras.Model`, not compiled.

    Raises:
        ModelFileError: the file is missing, damaged, of another kind, or unsafe to load.
        UnsupportedLayerError: it holds a layer class outside Keras and QKeras.
        WeightError: a weight is NaN or infinite.
        ToolMissingError: Keras or QKeras is not installed.
    """
    path = Path(path)
    parts = _read_parts(path, None if weights is None else Path(weights))
    check_hdf5(parts.weights, path)
    config = checked_config(parts.config, str(path), legacy=parts.legacy)
    model = _build(config, parts, path)
    check_weights(model, str(path))
    return model


def check_weights(model: Any, name: str) -> None:
    """Refuse a model with a weight that is not a finite number.

    Args:
        model: a `keras.Model`.
        name: what to call it in a refusal.

    Raises:
        WeightError: names the first layer and weight with NaN or infinite values, and how many.
    """
    for layer in model._flatten_layers(include_self=False, recursive=True):
        for weight in layer.weights:
            values = np.asarray(weight)
            if values.dtype.kind != "f" or np.isfinite(values).all():
                continue
            nans, infinities = int(np.isnan(values).sum()), int(np.isinf(values).sum())
            raise WeightError(
                f"{name}: layer {layer.name!r}, weight {weight.name!r} of {values.size} values holds {nans} NaN and "
                f"{infinities} infinite ones; weights must be "
                "finite: train again with a smaller learning rate"
            )


def _read_parts(path: Path, weights: Path | None) -> Parts:
    content = read_model_bytes(path)
    kind = file_kind(content, path)
    if kind is FileKind.JSON:
        return _read_json(content, path, weights)
    if weights is not None:
        raise ModelFileError(f"{path} is {kind.value} and brings its own weights; leave {weights} out")
    return read_keras_zip(content, path) if kind is FileKind.KERAS_ZIP else read_hdf5_model(content, path)


def _read_json(content: bytes, path: Path, weights: Path | None) -> Parts:
    config = decode_json(content, path, "the architecture")
    if weights is None:
        beside = [path.with_name(path.stem + ending) for ending in ("_weights.h5", ".weights.h5")]
        present = [candidate for candidate in beside if candidate.exists()]
        if not present:
            raise ModelFileError(
                f"{path} is an architecture without weights, and neither {beside[0].name} nor {beside[1].name}"
                " lies beside it; put its weights there or name them"
            )
        weights = present[0]
    weight_bytes = read_model_bytes(weights)
    if file_kind(weight_bytes, weights) is not FileKind.HDF5:
        raise ModelFileError(f"{weights} is not an HDF5 file of weights; save them with model.save_weights()")
    check_hdf5(weight_bytes, weights)
    return Parts(config, weight_bytes, legacy=isinstance(config, dict) and "module" not in config)


def _custom_objects(qkeras: Any) -> dict[str, Any]:
    names = [*QKERAS_LAYERS, *QKERAS_PARTS, *SIGNATURES]
    return {name: getattr(qkeras, name) for name in names if hasattr(qkeras, name)}


def _build(config: Any, parts: Parts, path: Path) -> Any:
    keras, qkeras = import_keras()
    custom = _custom_objects(qkeras)
    try:
        with no_warnings(), tempfile.TemporaryDirectory(prefix="codesign-") as folder:
            if parts.legacy:
                file = Path(folder) / "model.h5"
                _write_legacy(config, parts.weights, file, path)
                return keras.models.load_model(file, custom_objects=custom, compile=False, safe_mode=True)
            model = keras.saving.deserialize_keras_object(config, custom_objects=custom, safe_mode=True)
            is_legacy_weights = _is_legacy_weights(parts.weights)
            file = Path(folder) / ("weights.h5" if is_legacy_weights else "model.weights.h5")
            file.write_bytes(parts.weights)
            model.load_weights(file)
            return model
    except CodesignError:
        raise
    except Exception as error:  # Keras raises whatever an ill-fitting architecture or weight led to
        lines = str(error).strip().splitlines()
        reason = (lines[0] if lines else type(error).__name__)[:200]
        raise ModelFileError(f"{path} cannot be rebuilt by Keras ({reason}); {SAVE_AGAIN}") from error


def _is_legacy_weights(weights: bytes) -> bool:
    import h5py

    with h5py.File(io.BytesIO(weights), "r") as file:
        return "layer_names" in file.attrs or "model_weights" in file


def _write_legacy(config: Any, weights: bytes, target: Path, path: Path) -> None:
    """Write the checked architecture and the weights as one legacy file, which is the only form Keras 3 takes."""
    import h5py

    with h5py.File(io.BytesIO(weights), "r") as source, h5py.File(target, "w") as file:
        group = source.get("model_weights", source)
        if "layer_names" not in group.attrs:
            raise ModelFileError(
                f"{path} is in the layout of Keras 2, its weights are not (no layer_names); "
                f"{SAVE_AGAIN} where it was made"
            )
        file.attrs["model_config"] = json.dumps(config)
        source.copy(group, file, "model_weights")
