"""What is said of how far to trust a family of layers."""

from __future__ import annotations

import pytest

from codesign.estimate.vitis.families import FAMILY_OF, LayerFamily, basis, figure, fits

FIGURES = ("lut", "ff", "dsp", "bram18", "latency", "interval")


def test_a_family_without_reports_is_trusted_half_as_far_as_the_worst() -> None:
    found = fits()
    measured = [fit for fit in found.values() if fit.reports]
    assert measured
    assert found[LayerFamily.RECURRENT].reports == 0
    for name in FIGURES:
        assert found[LayerFamily.RECURRENT].errors[name] == 2 * max(fit.errors[name] for fit in measured)


@pytest.mark.parametrize("family", LayerFamily)
def test_every_family_says_where_it_comes_from(family: LayerFamily) -> None:
    text = basis(family)
    assert text.startswith(family.value)
    assert ("no published report" in text) == (fits()[family].reports == 0)
    assert set(fits()[family].errors) == set(FIGURES)


@pytest.mark.parametrize("family", LayerFamily)
def test_a_figure_lies_inside_its_interval(family: LayerFamily) -> None:
    for name in FIGURES:
        error = fits()[family].errors[name]
        found = figure(family, name, 100.0)
        assert found.low == pytest.approx(100 / (1 + error))
        assert found.high == pytest.approx(100 * (1 + error))


def test_every_family_has_a_layer() -> None:
    assert set(FAMILY_OF.values()) == set(LayerFamily)


def test_errors_are_never_taken_as_nothing() -> None:
    for fit in fits().values():
        assert fit.errors["lut"] >= 0.1
        assert fit.errors["dsp"] >= 0.05


def test_an_interval_of_a_clock_is_what_a_pragma_says() -> None:
    assert figure(LayerFamily.RECURRENT, "interval", 1).is_exact
    assert not figure(LayerFamily.RECURRENT, "interval", 2).is_exact
