"""One folder for all simulators here: what they share is compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where checks are written, one after another; with a blank in its name, which make does not bear."""
    return tmp_path_factory.mktemp("vendor") / "out put"
