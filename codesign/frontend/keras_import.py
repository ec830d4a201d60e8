"""Importing Keras on TensorFlow without the noise that TensorFlow prints while it starts."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from codesign.errors import ToolMissingError

# oneDNN picks its order of summation by the processor it finds; without it a training repeats on more machines.
_SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_CPP_MAX_VLOG_LEVEL": "0",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "KERAS_BACKEND": "tensorflow",
}


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Point file descriptor 2 at nothing: TensorFlow's C++ logs there before its log level is read."""
    sys.stderr.flush()
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@contextmanager
def no_warnings() -> Iterator[None]:
    """Keep what Keras, QKeras and TensorFlow warn about from the user; errors still come through."""
    loggers = [logging.getLogger(name) for name in ("absl", "tensorflow", "h5py")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def import_keras() -> tuple[ModuleType, ModuleType]:
    """Import Keras (TensorFlow backend) and QKeras, silently; the first call takes seconds.

    Returns:
        The modules `keras` and `qkeras`.

    Raises:
        ToolMissingError: they are not installed, or Keras already runs on another backend.
    """
    first = "keras" not in sys.modules
    if first:
        os.environ.update(_SETTINGS)
    try:
        if first:
            with _no_stderr(), no_warnings():
                import keras
                import qkeras
        else:
            with no_warnings():
                import keras
                import qkeras
    except ImportError as error:
        missing = error.name or "a package"
        raise ToolMissingError(f"{missing} cannot be imported ({error}); run: pip install 'codesign[train]'") from error
    if keras.backend.backend() != "tensorflow":
        raise ToolMissingError(
            f"Keras runs on the {keras.backend.backend()!r} backend, codesign needs 'tensorflow'; "
            "start again with KERAS_BACKEND=tensorflow"
        )
    return keras, qkeras
