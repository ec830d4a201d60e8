"""Asks rule4ml what designs cost; run by the Python of rule4ml's own environment.

Standard input: JSON `{"designs": [{"name", "input": [...], "layers": [{"class", "units" or "activation", "reuse"}],
"precision", "board", "strategy", "hls4ml", "vivado"}]}`. Standard output: JSON of what it predicts of each, the seconds
that its start and each prediction took, and its version.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from importlib import metadata
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

FIGURES = {"LUT": "lut", "FF": "ff", "DSP": "dsp", "BRAM": "bram18", "CYCLES": "cycles", "INTERVAL": "interval"}


def _model(design: dict[str, Any]) -> Any:
    """The plain Keras model of a design, as rule4ml's README gives it one."""
    import keras

    x = given = keras.layers.Input(shape=tuple(design["input"]))
    for number, layer in enumerate(design["layers"]):
        if layer["class"] == "Dense":
            x = keras.layers.Dense(layer["units"], name=f"layer{number}")(x)
        elif layer["class"] == "BatchNormalization":
            x = keras.layers.BatchNormalization(name=f"layer{number}")(x)
        else:
            x = keras.layers.Activation(layer["activation"], name=f"layer{number}")(x)
    model = keras.Model(inputs=given, outputs=x, name=design["name"])
    model.build((None, *design["input"]))
    return model


def _config(design: dict[str, Any]) -> dict[str, Any]:
    reuses = [layer["reuse"] for layer in design["layers"]]
    return {
        "board": design["board"],
        "model": {"strategy": design["strategy"], "precision": design["precision"], "reuse_factor": max(reuses)},
        "layer_name": {f"layer{number}": {"reuse_factor": reuse} for number, reuse in enumerate(reuses)},
    }


def main() -> None:
    """Answer one request."""
    asked = json.load(sys.stdin)
    logging.disable(logging.WARNING)
    started = time.perf_counter()
    from rule4ml.models.wrappers import MultiModelWrapper

    wrapper = MultiModelWrapper()
    wrapper.load_default_models()
    start_seconds = time.perf_counter() - started
    answers = []
    for design in asked["designs"]:
        model, config = _model(design), _config(design)
        versions = {"hls4ml_versions": design["hls4ml"], "vivado_versions": design["vivado"]}
        began = time.perf_counter()
        try:
            frame = wrapper.predict(model, hls_configs=config, **versions)
        except Exception as error:  # noqa: BLE001  whatever it raises is its answer
            answers.append({"name": design["name"], "error": f"{type(error).__name__}: {error}"[:300]})
            continue
        seconds = time.perf_counter() - began
        row = frame.iloc[0].to_dict()
        found = {ours: float(row[theirs]) for theirs, ours in FIGURES.items() if theirs in row}
        answers.append({"name": design["name"], "figures": found, "seconds": seconds})
    version = metadata.version("rule4ml")
    json.dump({"version": version, "start_seconds": start_seconds, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
