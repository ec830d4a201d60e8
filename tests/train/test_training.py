"""Training: repeatable to the bit, written in one piece, reused when nothing changed."""

from __future__ import annotations

import dataclasses
import json
import resource
import subprocess
import sys

import numpy as np
import pytest

from codesign.errors import OutputError, RecipeError, WeightError
from codesign.frontend.loading import load_model
from codesign.train import read_recipe, read_trained, train
from codesign.train.progress import progress_bar

RECIPE = """
name: tiny
seed: 5
data: {source: wine, scaling: minmax, input_precision: "ufixed<6,0>", validation_fraction: 0.2}
model:
  - {type: Flatten}
  - {type: QDense, units: 3, kernel_quantizer: "quantized_bits(4,0,alpha=1)"}
training: {epochs: 2, batch_size: 16, learning_rate: 0.02}
"""

# Everything that draws random numbers: first weights, order of samples, dropout; and what keeps a state.
RANDOM = """
name: random
seed: 5
data: {source: wine, scaling: minmax, input_precision: "ufixed<6,0>", validation_fraction: 0.2}
model:
  - {type: QDense, name: d, units: 4, kernel_quantizer: "quantized_bits(4,0,alpha=1)", kernel_l2: 1e-4}
  - {type: BatchNormalization}
  - {type: QActivation, activation: "quantized_relu(4,1)"}
  - {type: Dropout, rate: 0.1}
  - {type: QDense, units: 3, kernel_quantizer: "quantized_bits(4,0,alpha=1)", bias_quantizer: "quantized_bits(4,0)"}
training: {epochs: 2, batch_size: 16, learning_rate: 0.02, early_stopping: 5}
"""


@pytest.fixture
def recipe(tmp_path):
    return read_text(tmp_path, RECIPE)


def read_text(folder, text):
    (folder / "tiny.yml").write_text(text)
    return read_recipe(folder / "tiny.yml")


def weights(trained):
    return load_model(trained.model_path).get_weights()


def test_the_same_seed_gives_the_same_model_bit_for_bit(tmp_path):
    recipe = read_text(tmp_path, RANDOM)
    first, again = train(recipe, tmp_path / "a"), train(recipe, tmp_path / "b")
    assert not again.reused
    assert first.weights_digest == again.weights_digest
    assert first.history == again.history
    for one, two in zip(weights(first), weights(again), strict=True):
        assert one.tobytes() == two.tobytes()
    assert first.data_path.read_bytes() == again.data_path.read_bytes()
    other = train(dataclasses.replace(recipe, seed=6), tmp_path / "c")
    assert other.weights_digest != first.weights_digest


def test_another_process_trains_the_same_model_and_says_nothing(tmp_path):
    recipe = read_text(tmp_path, RANDOM)
    code = (
        "import sys, pathlib\n"
        "from codesign.train import train, read_recipe\n"
        "train(read_recipe(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(recipe.path), str(tmp_path / "a")], check=True, capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("", "")
    theirs = read_trained(tmp_path / "a")
    assert theirs.weights_digest == train(recipe, tmp_path / "b").weights_digest


def test_what_is_written(recipe, tmp_path):
    seen = []
    trained = train(recipe, tmp_path / "out", seen.append)
    assert [progress.done for progress in seen] == [0, 1, 2]
    assert seen[-1].last == trained.history[-1]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        ".codesign.json", "data.npz", "model.keras", "training.json",
    ]  # fmt: skip
    with np.load(trained.data_path, allow_pickle=False) as data:
        x, y, test = data["x_all"], data["y_all"], data["test_index"]
        assert sum(data[name].size for name in ("train_index", "validation_index", "test_index")) == len(y) == 178
    assert x.dtype == np.float32
    assert np.array_equal(x * 64, np.rint(x * 64))
    answers = load_model(trained.model_path).predict(x[test], verbose=0).argmax(axis=1)
    assert np.count_nonzero(answers == y[test]) == trained.test_correct
    record = json.loads((tmp_path / "out" / "training.json").read_text())
    assert record["recipe"] == recipe.to_dict()
    assert record["seed"] == 5
    assert record["test_accuracy"] == trained.test_correct / len(test)
    assert record["counts"]["values_rounded"] > 0
    assert len(record["history"]) == 2
    assert {"tensorflow", "keras", "qkeras-v3", "numpy"} <= record["versions"].keys()
    assert not load_model(trained.model_path).compiled


def test_a_finished_training_is_reused_until_something_changes(recipe, tmp_path):
    first = train(recipe, tmp_path / "out")
    again = train(recipe, tmp_path / "out")
    assert again == dataclasses.replace(first, reused=True)
    (tmp_path / "out" / "model.keras").write_bytes(b"damaged")
    mended = train(recipe, tmp_path / "out")
    assert not mended.reused
    assert mended.weights_digest == first.weights_digest
    more = dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, epochs=3))
    assert len(train(more, tmp_path / "out").history) == 3


def test_an_interrupted_training_leaves_nothing(recipe, tmp_path):
    def interrupt(progress):
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "out", interrupt)
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.yml"]


@pytest.mark.parametrize("limit", [1 << 10, 1 << 12])
def test_a_disk_that_fills_leaves_nothing(recipe, tmp_path, limit):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(progress):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))

    try:
        with pytest.raises(OutputError, match="cannot write"):
            train(recipe, tmp_path / "out", fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.yml"]


def test_a_folder_of_someone_else_is_left_alone(recipe, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="not written by codesign"):
        train(recipe, tmp_path / "out")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError):
        train(recipe, tmp_path / "file")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


def test_a_model_that_does_not_fit_the_data_is_refused(tmp_path):
    text = RECIPE.replace("units: 3", "units: 4")
    with pytest.raises(RecipeError, match=r"tiny\.yml: model\[1\]: the model ends 4 wide, the data have 3 classes"):
        train(read_text(tmp_path, text), tmp_path / "out")
    text = RECIPE.replace("{type: Flatten}", "{type: Reshape, shape: [5]}")
    with pytest.raises(RecipeError, match=r"model\[0\]: Reshape cannot be added after an output of shape \(13,\)"):
        train(read_text(tmp_path, text), tmp_path / "out")
    text = RECIPE.replace("{type: Flatten}", "{type: Reshape, shape: [13, 1]}")
    with pytest.raises(RecipeError, match="put a Flatten before"):
        train(read_text(tmp_path, text), tmp_path / "out")
    assert [entry.name for entry in tmp_path.iterdir()] == ["tiny.yml"]


def test_a_training_that_diverges_is_refused(tmp_path):
    text = """
name: wild
data: {source: wine, input_precision: "ufixed<12,11>"}
model: [{type: Dense, units: 8}, {type: Dense, units: 3}]
training: {epochs: 20, optimizer: sgd, learning_rate: 10}
"""
    with pytest.raises(WeightError, match="training 'wild' diverged"):
        train(read_text(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_layer_type_trains_and_loads_again(tmp_path):
    text = """
name: every
data: {source: digits, scaling: divide, divide_by: 16, input_precision: "ufixed<5,1>"}
model:
  - {type: Reshape, shape: [8, 8]}
  - {type: Flatten}
  - {type: Dense, units: 8, activation: "quantized_relu(6,2)", kernel_l1: 1e-5}
  - {type: QBatchNormalization, gamma_quantizer: "quantized_bits(8,2,alpha=1)"}
  - {type: Activation, activation: tanh}
  - {type: QActivation, activation: "quantized_tanh(6)"}
  - {type: Dropout, rate: 0.1}
  - {type: QDense, units: 8, kernel_quantizer: ternary, activation: "quantized_bits(6,2,alpha=1)", use_bias: false}
  - {type: BatchNormalization, momentum: 0.5}
  - {type: Dense, units: 10}
  - {type: Softmax}
training: {epochs: 1, optimizer: rmsprop, schedule: cosine}
"""
    trained = train(read_text(tmp_path, text), tmp_path / "out")
    model = load_model(trained.model_path)
    assert [type(layer).__name__ for layer in model.layers] == [
        "Reshape", "Flatten", "Dense", "QBatchNormalization", "Activation", "QActivation", "Dropout", "QDense",
        "BatchNormalization", "Dense", "Softmax",
    ]  # fmt: skip
    outputs = model.predict(np.zeros((1, 64), np.float32), verbose=0)
    assert outputs.sum() == pytest.approx(1)


def test_the_bar_takes_what_training_reports(recipe, tmp_path, capsys):
    with progress_bar() as show:
        trained = train(recipe, tmp_path / "out", show)
    assert len(trained.history) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_digits_recipe_reaches_its_accuracy(checkout, tmp_path, seed):
    recipe = dataclasses.replace(read_recipe(checkout / "examples" / "digits.yml"), seed=seed)
    trained = train(recipe, tmp_path / "out")
    assert trained.test_accuracy >= 0.95
    assert (trained.counts.values_rounded, trained.counts.values_saturated) == (0, 0)
