"""The fast engine with and without machine code, however little work a test is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codesign.simulate.engine.worthwhile import machine_code


@pytest.fixture(scope="module", params=["numpy", "numba"])
def either_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Once all by NumPy; once what can be by numba, where it is installed."""
    before = machine_code.done, machine_code.tried, machine_code.code
    machine_code.tried, machine_code.code = True, None
    if request.param == "numba":
        pytest.importorskip("numba")
        from codesign.simulate.engine import compiled

        machine_code.code = compiled
    yield
    machine_code.done, machine_code.tried, machine_code.code = before
