"""The samples: on the grid, split without overlap, and refused by name where they are not what they should be."""

from __future__ import annotations

import dataclasses
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import InputDataError
from codesign.graph import FixedPoint
from codesign.train.data import load_samples, snap, source_digest
from codesign.train.recipe import DataRecipe, Recipe, Scaling, read_recipe

DIGITS = """
name: digits
data: {source: digits, scaling: divide, divide_by: 16, input_precision: "ufixed<5,1>", validation_fraction: 0}
model: [{type: Dense, units: 10}]
training: {epochs: 1}
"""


@pytest.fixture
def digits(tmp_path):
    (tmp_path / "digits.yml").write_text(DIGITS)
    return read_recipe(tmp_path / "digits.yml")


def with_data(recipe: Recipe, **change) -> Recipe:
    return dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, **change))


@pytest.fixture
def npz(tmp_path, digits):
    """A recipe on an .npz of the given arrays."""

    def build(**arrays):
        np.savez(tmp_path / "data.npz", **arrays)
        data = DataRecipe(source="data.npz", input_precision=FixedPoint(True, 8, 4), validation_fraction=0.0)
        return dataclasses.replace(digits, path=tmp_path / "recipe.yml", data=data)

    return build


def test_the_digits_lie_on_their_grid_as_they_are(digits):
    samples = load_samples(digits)
    assert samples.x.shape == (1797, 64)
    assert samples.x.dtype == np.float32
    assert samples.classes == 10
    assert (samples.rounded, samples.saturated) == (0, 0)
    assert np.array_equal(samples.x * 16, np.rint(samples.x * 16))
    assert (samples.x.min(), samples.x.max()) == (0, 1)


@pytest.mark.parametrize("source", ["digits", "breast-cancer", "wine"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_split_is_a_partition_with_every_class_in_each_part(digits, source, seed):
    recipe = with_data(digits, source=source, scaling=Scaling.MINMAX, divide_by=None, validation_fraction=0.1)
    samples = load_samples(dataclasses.replace(recipe, seed=seed))
    parts = (samples.train, samples.validation, samples.test)
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(samples.y)))
    for part, share in zip(parts, (0.7, 0.1, 0.2), strict=True):
        counts = np.bincount(samples.y[part], minlength=samples.classes)
        wanted = np.bincount(samples.y) * share
        assert (np.abs(counts - wanted) <= 1.5).all()


def test_the_split_follows_the_seed(digits):
    first, again, other = (load_samples(dataclasses.replace(digits, seed=seed)) for seed in (0, 0, 1))
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


@pytest.mark.parametrize("scaling", [Scaling.MINMAX, Scaling.STANDARD])
def test_scaling_looks_at_the_training_samples_alone(npz, scaling):
    random = np.random.default_rng(0)
    x, y = random.normal(5, 2, (50, 3)), np.arange(50) % 2
    recipe = with_data(npz(x=x, y=y), scaling=scaling, input_precision=FixedPoint(True, 24, 8))
    samples = load_samples(recipe)
    seen = samples.x[samples.train]
    if scaling is Scaling.MINMAX:
        assert np.allclose(seen.min(axis=0), 0, atol=2**-16)
        assert np.allclose(seen.max(axis=0), 1, atol=2**-16)
    else:
        assert np.allclose(seen.mean(axis=0), 0, atol=2**-14)
        assert np.allclose(seen.std(axis=0), 1, atol=2**-14)
    test = x.copy()
    test[samples.test] *= 100
    assert np.array_equal(load_samples(with_data(npz(x=test, y=y), **recipe_change(recipe))).x[samples.train], seen)


def recipe_change(recipe):
    return {"scaling": recipe.data.scaling, "input_precision": recipe.data.input_precision}


_TYPES = st.builds(FixedPoint, st.booleans(), st.integers(1, 24), st.integers(-4, 12))


@given(_TYPES, st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=20))
def test_snapping_takes_the_nearest_value_of_the_type(kind, values):
    x = np.array(values)
    snapped, rounded, saturated = snap(x, kind)
    moved_by_rounding = moved_by_range = 0
    for value, got in zip(x, snapped, strict=True):
        exact, result = Fraction(value), Fraction(float(got))
        units = result / kind.step
        assert units.denominator == 1
        assert kind.low <= result <= kind.high
        nearest = round(exact / kind.step)  # ties to even
        if not kind.min_int <= nearest <= kind.max_int:
            assert result in (kind.low, kind.high)
            moved_by_range += 1
        else:
            assert units == nearest
            moved_by_rounding += exact != result
    assert (rounded, saturated) == (moved_by_rounding, moved_by_range)


def test_rounding_and_clipping_are_counted(npz):
    x = np.array([[0.5, 0.53], [100.0, -100.0], [1.0, 2.0], [0.0, 0.0], [1.0, 1.0]] * 2)
    samples = load_samples(npz(x=x, y=np.arange(10) % 2))
    assert (samples.rounded, samples.saturated) == (2, 4)


def test_one_hot_classes_and_images_are_taken(npz):
    x = np.zeros((20, 4, 4, 1), np.uint8)
    y = np.arange(20) % 3
    samples = load_samples(npz(x=x, y=np.eye(3)[y]))
    assert samples.x.shape == (20, 4, 4, 1)
    assert np.array_equal(samples.y, y)


X, Y = np.ones((10, 3)), np.arange(10) % 2


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "no array 'y' (it has x)"),
        ({"x": X[:0], "y": Y[:0]}, "x has shape (0, 3); give at least one sample"),
        ({"x": X[:, 0], "y": Y}, "x has shape (10,)"),
        ({"x": X, "y": Y[:9]}, "y has shape (9,) for 10 samples"),
        ({"x": X * np.nan, "y": Y}, "30 NaN or infinite"),
        ({"x": X, "y": Y - 1}, "spans -1..0"),
        ({"x": X, "y": Y + 0.5}, "class numbers"),
        ({"x": X, "y": Y + np.inf}, "class numbers"),
        ({"x": X, "y": Y * 0}, "every sample is of class 0"),
        ({"x": X, "y": np.ones((10, 2))}, "not one-hot"),
        ({"x": X.astype(str), "y": Y}, "give numbers"),
        ({"x": X.astype(complex), "y": Y}, "give numbers"),
        ({"x": X[:2], "y": Y[:2]}, "leave none for test"),
    ],
)
def test_unfit_arrays_are_refused(npz, arrays, message):
    with pytest.raises(InputDataError) as refusal, np.errstate(all="ignore"):
        load_samples(npz(**arrays))
    assert message in str(refusal.value)
    assert "data.npz" in str(refusal.value)


def test_damaged_and_hostile_files_are_refused(npz, tmp_path):
    recipe = npz(x=X, y=Y)
    content = (tmp_path / "data.npz").read_bytes()
    np.savez(tmp_path / "objects.npz", x=np.array([[{}]], object), y=Y)
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 4), }"
        archive.writestr("x.npy", header.ljust(127) + b"\n")
    for data in (b"", b"PK\x03\x04", content[: len(content) // 2], (tmp_path / "objects.npz").read_bytes(),
                 (tmp_path / "lie.npz").read_bytes(), b"\x80\x04N."):  # fmt: skip
        (tmp_path / "data.npz").write_bytes(data)
        with pytest.raises(InputDataError, match=r"data\.npz"):
            load_samples(recipe)
    (tmp_path / "data.npz").unlink()
    with pytest.raises(InputDataError, match="does not exist"):
        load_samples(recipe)
    with pytest.raises(InputDataError, match="cannot be read"):
        source_digest(recipe)


def test_the_source_digest_follows_the_file(npz):
    assert source_digest(npz(x=X, y=Y)) == source_digest(npz(x=X, y=Y))
    assert source_digest(npz(x=X, y=Y)) != source_digest(npz(x=X + 1, y=Y))
