"""What every test shares: quiet and repeatable libraries, and the designs that real hardware answered for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before anything imports them: the same numbers everywhere, no log lines, no search for a GPU.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("repeatable")

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """What a test registers with hls4ml is gone after it."""
    module = sys.modules.get("hls4ml.converters.keras_v3._base")
    before = dict(module.registry) if module is not None else {}
    yield
    if before and module is not None:
        module.registry.clear()
        module.registry.update(before)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of real hardware answers; its tests run where it is at hand."""
    folder = Path(os.environ.get("CODESIGN_VITIS_GOLDEN", CHECKOUT.parent / "shared" / "vitis_golden"))
    if not folder.is_dir():
        pytest.skip(f"no hardware answers at {folder}; point CODESIGN_VITIS_GOLDEN at them")
    return folder


@pytest.fixture(scope="session")
def example_models() -> Path:
    """The folder of models as users bring them; its tests run where it is at hand."""
    folder = Path(os.environ.get("CODESIGN_EXAMPLE_MODELS", CHECKOUT.parent / "shared" / "example_models"))
    if not folder.is_dir():
        pytest.skip(f"no example models at {folder}; point CODESIGN_EXAMPLE_MODELS at them")
    return folder
